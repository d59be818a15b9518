"""``hitotsu mapping copybook | suggest``: from what a vendor has to a mapping to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from adapters.files.columns import columns_of
from adapters.files.copybook import read_copybook
from adapters.files.csv_files import header_of
from adapters.files.layout_sheets import LayoutSheetError, copybook_of_sheet
from adapters.files.records import FileShapeError
from adapters.mapping.drafting import DraftRead, draft
from adapters.mapping.suggest import SourceColumn
from adapters.mapping.suggest import suggest as propose
from gateway.cli.session import (
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    refuse_existing,
    say,
)

Target: TypeAlias = Annotated[
    Path, typer.Argument(dir_okay=False, help="書き先（新しいファイル） / The file to write.")
]


def suggest(
    layout: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="コピー句、CSV、レイアウト表（Excel） / Copybook, CSV or a layout sheet.",
        ),
    ],
    group: Annotated[
        list[str], typer.Option("--group", help="標準のグループ（繰り返し可） / Group; repeat.")
    ],
    target: Annotated[Path, typer.Option("--out", dir_okay=False, help="下書きの書き先 / Draft.")],
    data: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="データの見本 / Sample data.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="文字コード / Encoding.")] = "utf-8",
    system: Annotated[str, typer.Option(help="システムの名前 / Name of the system.")] = "system",
    read: Annotated[str, typer.Option(help="読み方の名前 / Name of the read.")] = "read",
    names: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="コピー句の日本語名を取るレイアウト表（Excel） / Sheet with Japanese names.",
        ),
    ] = None,
) -> None:
    """レイアウトから対応定義の下書きを作る。候補には理由がつく / Draft a mapping, with reasons."""
    dictionary = read_dictionary(read_settings())
    refuse_existing(target)
    unknown = [ref for ref in group if dictionary.find_group(ref) is None]
    if unknown:
        fail(f"グループ {unknown[0]} はありません。", f"there is no group {unknown[0]}")
    try:
        columns = columns_of(layout, data, encoding, names)
        drafted = _draft_read(read, layout, columns, encoding)
    except FileShapeError as error:
        fail(f"レイアウトを読めません：{error}", f"the layout cannot be read: {error}")
    found = {ref: propose(columns, dictionary.groups[ref]) for ref in group}
    target.write_text(draft(system, drafted, columns, found), "utf-8")
    for ref, items in found.items():
        table = new_table(ref, "候補 / Candidates", "理由 / Reasons")
        for item in dictionary.groups[ref].items:
            ranked = items.get(item.field_name, ())
            shown = "\n".join(f"{s.score:.2f} {s.column.path} {s.column.name}" for s in ranked)
            reasons = "\n".join(", ".join(s.reasons) for s in ranked)
            table.add_row(f"{item.field_name} {item.name}", shown or "なし / none", reasons)
        out().print(table)
    count = sum(map(len, found.values()))
    say(f"{target} に {count} 項目の下書きを書きました。", f"{count} items drafted in {target}")


def _draft_read(name: str, layout: Path, columns: list[SourceColumn], encoding: str) -> DraftRead:
    match layout.suffix.lower():
        case ".csv":
            with layout.open("rb") as file:
                heads = header_of(file, encoding)
            return DraftRead.of_csv(name, heads, columns, encoding)
        case ".xlsx":
            return DraftRead.unknown(name)
        case _:
            return DraftRead.of_copybook(name, layout.name, encoding)


def copybook(
    layout: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="レイアウト表（Excel） / The sheet.")
    ],
    target: Target,
) -> None:
    """レイアウト表（Excel）からコピー句を作る / Write a copybook from a layout sheet."""
    refuse_existing(target)
    try:
        text = copybook_of_sheet(layout, target.stem.upper().replace("_", "-"))
    except LayoutSheetError as error:
        for problem in error.problems:
            out().print(f"{layout.name}:{problem}", markup=False, highlight=False, soft_wrap=True)
        count = len(error.problems)
        fail(f"{layout.name} に誤りが {count} あります。", f"{layout.name} has {count} errors")
    except FileShapeError as error:
        fail(f"レイアウトを読めません：{error}", f"the layout cannot be read: {error}")
    target.write_text(text, "utf-8")
    found = read_copybook(text)
    count = len(list(found.fields()))
    say(
        f"{target} に {count} 項目、{found.length} バイトの記録を書きました。",
        f"{count} fields, {found.length} bytes a record, written to {target}",
    )


def register(app: typer.Typer) -> None:
    """Add the commands to ``hitotsu mapping``."""
    app.command()(copybook)
    app.command()(suggest)
