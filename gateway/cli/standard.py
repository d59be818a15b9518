"""``hitotsu standard``: the national standard as data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn, TypeAlias

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from gateway.cli.session import (
    REFUSED,
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    say,
)
from gateway.cli.standard_reports import print_changes, print_import
from standard_models.catalogue.search import search as find
from standard_models.dictionary import DataItem, Dictionary, Edition, Group
from standard_models.edition_changes import compare
from standard_models.reference.businesses import businesses
from standard_models.workbooks import (
    Import,
    ImportOptions,
    WorkbookError,
    import_workbook,
    write_edition,
)

app = typer.Typer(
    help="標準仕様（業務・版・グループ・項目・コード） / The national standard as data.",
    no_args_is_help=True,
)

AllLines: TypeAlias = Annotated[bool, typer.Option("--all", help="省略しない / Show every line.")]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="書き込まずに調べる / Look only, write nothing.")
]


def _kind(edition: Edition) -> str:
    return "暫定 / provisional" if edition.provisional else "公式 / official"


@app.command("list")
def list_() -> None:
    """業務と版の一覧 / Businesses and their editions."""
    dictionary = read_dictionary(read_settings())
    table = new_table(
        "業務ID", "業務 / Business", "版 / Edition", "区分 / Kind", "使用 / In force",
        "グループ / Groups", "項目 / Items",
    )  # fmt: skip
    for business in businesses().values():
        own = [e for e in dictionary.installed if e.business_id == business.business_id]
        label = f"{business.name} / {business.label_en}"
        if not own:
            table.add_row(business.business_id, label, "なし / none", "", "", "", "")
        for edition in own:
            in_force = dictionary.find_edition(edition.business_id) is edition
            counts = str(len(edition.groups)), str(sum(1 for _ in edition.items))
            mark = "○" if in_force else ""
            table.add_row(
                business.business_id, label, edition.edition_id, _kind(edition), mark, *counts
            )
    out().print(table)


@app.command()
def show(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="業務ID、グループや項目の参照名、データ項目ID / Business, group, item or id.",
        ),
    ],
    edition: Annotated[
        str | None, typer.Option(help="版（省略すると使用中の版） / Edition; the one in force.")
    ] = None,
) -> None:
    """業務・グループ・項目の内容 / Show a business, a group or an item."""
    dictionary = read_dictionary(read_settings())
    if item := dictionary.find_item_by_id(ref):
        _print_item(dictionary, item)
        return
    business_id, _, rest = ref.partition(".")
    found = dictionary.find_edition(business_id, edition)
    if found is None:
        _unknown(ref, edition)
    if not rest:
        _print_edition(found)
        return
    key, _, field = rest.partition(".")
    group = found.find_group(key)
    if group is None:
        _unknown(ref, edition)
    if not field:
        _print_group(found, group)
    elif field in group.by_field:
        _print_item(dictionary, group.item(field))
    else:
        _unknown(ref, edition)


def _unknown(ref: str, edition: str | None) -> NoReturn:
    where_ja, where_en = (f"版 {edition} に", f" in edition {edition}") if edition else ("", "")
    fail(
        f"{where_ja}「{ref}」はありません。hitotsu standard search で探せます。",
        f"there is no {ref!r}{where_en}; `hitotsu standard search` helps",
    )


def _print_edition(edition: Edition) -> None:
    out().print(f"{edition.business_id} {edition.name} / {edition.label_en}", markup=False)
    out().print(f"版 / Edition: {edition.edition_id}（{_kind(edition)}）", markup=False)
    out().print(f"出典 / Source: {edition.source}", markup=False)
    table = new_table(
        "グループ / Group", "名称 / Name", "English", "項目 / Items", "件数 / Records"
    )
    for group in edition.groups:
        table.add_row(
            group.ref, group.name, group.label_en, str(len(group.items)), group.cardinality.value
        )
    out().print(table)
    if edition.api is not None:
        for call in edition.api.calls:
            out().print(f"API: {call.name} ({call.operation})", markup=False)
        for error in edition.api.errors:
            out().print(f"  {error.code} {error.name}：{error.message}", markup=False)


def _print_group(edition: Edition, group: Group) -> None:
    out().print(f"{group.ref} {group.name} / {group.label_en}", markup=False)
    out().print(f"版 / Edition: {edition.edition_id}（{_kind(edition)}）", markup=False)
    if group.protection_register:
        out().print("提供できない保護の記録 / register of protection, never granted", markup=False)
    table = new_table(
        "ID", "項目 / Item", "ローマ字 / Field", "型 / Type", "桁 / Length", "コード / Code",
        "条件 / Condition", "キー / Key", "住所類 / Address",
    )  # fmt: skip
    for item in group.items:
        key = "主" * item.primary_key + "外" * item.foreign_key
        table.add_row(
            item.item_id, item.name, item.field_name, item.data_type.value, _length(item),
            item.code_id or "", item.condition.value, key, "○" * item.address_class,
        )  # fmt: skip
    out().print(table)


def _length(item: DataItem) -> str:
    return f"{item.length},{item.fraction}" if item.fraction else str(item.length)


def _print_item(dictionary: Dictionary, item: DataItem) -> None:
    group = dictionary.group_of(item)
    kind = "暫定 / provisional" if item.provisional else "公式 / official"
    table = new_table("", "")
    for name, value in (
        ("データ項目ID / Item id", f"{item.item_id}（{kind}）"),
        ("参照名 / Reference", item.ref),
        ("項目 / Name", f"{item.name} / {item.label_en}"),
        ("グループ / Group", f"{group.name} / {group.label_en}"),
        ("版 / Edition", group.edition_id),
        ("型・桁 / Type, length", f"{item.data_type.value} {_length(item)}"),
        ("繰り返し / Repeats", str(item.repeat or "")),
        ("出力条件 / Condition", item.condition.value),
        ("不詳日 / Unknown dates", "可 / allowed" if item.allows_unknown_date else ""),
        ("住所類 / Address class", "○" if item.address_class else ""),
        ("定義 / Definition", item.definition),
        ("例 / Sample", item.sample),
        ("コード / Code table", _code_table(item)),
    ):
        if value:
            table.add_row(name, value)
    out().print(table)


def _code_table(item: DataItem) -> str:
    if item.codes is None:
        return f"{item.code_id}（自治体が定める / municipality decides）" if item.code_id else ""
    rows = "\n".join(f"{value} {label}" for value, label in item.codes.labels.items())
    return f"{item.codes.code_id} {item.codes.name}\n{rows}"


@app.command()
def search(
    query: Annotated[
        str, typer.Argument(help="日本語・英語・ローマ字・ID / Japanese, English, romaji or id.")
    ],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="件数の上限 / At most.")] = 30,
) -> None:
    """項目とグループを探す / Find items and groups."""
    dictionary = read_dictionary(read_settings())
    hits = find(dictionary, query, limit)
    if not hits:
        fail(f"「{query}」に当たる項目はありません。", f"nothing matches {query!r}")
    table = new_table("ID", "参照名 / Reference", "名称 / Name", "English", "区分 / Kind")
    for hit in hits:
        kind = "暫定 / provisional" if hit.provisional else "公式 / official"
        table.add_row(hit.item_id or "", hit.ref, hit.name, hit.label_en, kind)
    out().print(table)


@app.command()
def diff(
    business: Annotated[str, typer.Argument(help="業務ID / Business.")],
    old: Annotated[str, typer.Argument(help="前の版 / Old edition.")],
    new: Annotated[str, typer.Argument(help="新しい版 / New edition.")],
    all_lines: AllLines = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """二つの版の違いと、対応表・許可への影響 / Changes of an edition and their effects."""
    settings = read_settings()
    dictionary = read_dictionary(settings)
    editions = []
    for edition_id in (old, new):
        edition = dictionary.find_edition(business, edition_id)
        if edition is None:
            _unknown(business, edition_id)
        editions.append(edition)
    print_changes(settings, compare(*editions), all_lines=all_lines)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="公表された様式（.xlsx） / Official workbook.")],
    edition: Annotated[
        str, typer.Option(help="版の名前（official-2.0 など） / Id of the edition.")
    ],
    business: Annotated[
        str | None,
        typer.Option(
            help="業務ID（API仕様書では必須） / Business; needed for an API specification."
        ),
    ] = None,
    published: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="公表日 / Day of publication.")
    ] = None,
    dry_run: DryRun = False,  # noqa: FBT002 - a flag of the command line
    all_lines: AllLines = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """公表された様式を版として取り込む / Import an official workbook as an edition."""
    settings = read_settings()
    dictionary = read_dictionary(settings)
    options = ImportOptions(edition, business, published)
    result = _read_workbook(file, options, dictionary)
    print_import(result)
    if result.edition is None:
        fail(
            "誤りがあるため取り込みませんでした。上のセルを直してから、もう一度実行してください。",
            "nothing was imported; mend the cells above and run the command again",
            REFUSED,
        )
    before = _predecessor(dictionary, result.edition)
    if before is not None:
        print_changes(settings, compare(before, result.edition), all_lines=all_lines)
    if dry_run:
        say("調べただけで、何も書き込んでいません。", "looked only, nothing was written")
        return
    try:
        folder = write_edition(result, settings.editions_dir)
    except (WorkbookError, OSError) as error:
        fail(f"書き込めませんでした（{error}）", str(error), REFUSED)
    say(
        f"取り込みました（{folder}）。使うには HITOTSU_EDITIONS_IN_FORCE に "
        f'{{"{result.edition.business_id}": "{edition}"}} を書き、再起動してください。',
        "imported; it is used once HITOTSU_EDITIONS_IN_FORCE names it",
    )


def _predecessor(dictionary: Dictionary, edition: Edition) -> Edition | None:
    """Return what the edition is compared with: lists with lists, API specifications with such."""
    alike = [
        installed
        for installed in dictionary.installed
        if installed.business_id == edition.business_id
        and (installed.api is None) == (edition.api is None)
    ]
    in_force = dictionary.find_edition(edition.business_id)
    return max(alike, key=lambda e: (e is in_force, e.published or ""), default=None)


def _read_workbook(file: Path, options: ImportOptions, dictionary: Dictionary) -> Import:
    columns = SpinnerColumn(), TextColumn("{task.description}")
    try:
        with Progress(*columns, console=out(), transient=True) as progress:
            progress.add_task("様式を読んでいます / reading the workbook", total=None)
            return import_workbook(file, options, dictionary)
    except WorkbookError as error:
        fail(f"様式を読めません（{error}）", str(error), REFUSED)
