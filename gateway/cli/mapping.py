"""``hitotsu mapping``: what a vendor looks at while writing a mapping."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, TypeAlias

import typer
from rich.progress import Progress

from adapters.files.columns import columns_of
from adapters.files.csv_files import CsvShapeError
from adapters.files.fixed import Record
from adapters.files.layout import Field, FieldGroup
from adapters.files.records import FileRecord, FileShapeError, layout_of, open_records
from adapters.mapping.changes import MappingChangeKind, mapping_changes
from adapters.mapping.coverage import Coverage, CoverageCounter, GroupCoverage
from adapters.mapping.document import Document, Finding, Level, MappingError, read_document
from adapters.mapping.lint import lint as find_errors
from adapters.mapping.model import FileRead
from adapters.mapping.own_steps import NO_STEPS, OwnSteps, StepsError
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError
from adapters.mapping.suggest import draft
from adapters.mapping.suggest import suggest as propose
from adapters.mapping.workbook import (
    MappingWorkbookError,
    WorkbookError,
    from_workbook,
    to_workbook,
)
from adapters.mapping.writing import to_yaml
from adapters.step_modules import steps_of_folder
from gateway.cli.session import (
    REFUSED,
    err,
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    say,
)
from standard_models.answers import Value
from standard_models.dictionary import Dictionary

app = typer.Typer(help="対応定義 / Mapping documents.", no_args_is_help=True)

MappingFile: TypeAlias = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="対応定義（YAML） / The mapping.")
]
DataFile: TypeAlias = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="データファイル / A file of data.")
]
ReadName: TypeAlias = Annotated[
    str | None, typer.Option("--read", help="読み方の名前（一つなら省略可） / The read.")
]

Target: TypeAlias = Annotated[
    Path, typer.Argument(dir_okay=False, help="書き先（新しいファイル） / The file to write.")
]

_RAW_SHOWN = 48


@app.command()
def lint(mapping: MappingFile) -> None:
    """誤りを行と列つきで全部示す / Show every finding with line and column."""
    dictionary = read_dictionary(read_settings())
    try:
        document = read_document(_text(mapping))
        own, told = _steps(document, mapping.parent)
        layouts = _layouts(document, mapping.parent)
        findings = sorted([*told, *find_errors(document, dictionary, layouts, own)])
    except MappingError as error:
        findings = list(error.findings)
    for finding in findings:
        out().print(f"{mapping.name}:{finding}", markup=False, highlight=False)
    errors = sum(finding.level is Level.ERROR for finding in findings)
    notes = len(findings) - errors
    say(f"誤り {errors}、お知らせ {notes}", f"{errors} errors, {notes} notes")
    if errors:
        raise typer.Exit(REFUSED)


@app.command()
def preview(
    mapping: MappingFile,
    data: DataFile,
    read: ReadName = None,
    first: Annotated[int, typer.Option("--from", min=1, help="何件目から / First record.")] = 1,
    count: Annotated[int, typer.Option(min=1, max=100, help="件数 / How many.")] = 1,
) -> None:
    """バイト・欄・標準の項目を並べる。個人の情報が出る / Raw, decoded, standard side by side."""
    document, dictionary, own = _usable(mapping)
    name, shape = _file_read(document, read)
    plans = RowPlans(document.mapping, dictionary.groups, own)
    groups = [ref for ref, rule in document.mapping.groups.items() if rule.read == name]
    shown = 0
    with data.open("rb") as file:
        for number, found in enumerate(_records(shape, mapping.parent, file), start=1):
            if number < first:
                continue
            _print_record(found, _places(shape, mapping.parent))
            for ref in groups if found.record is not None else ():
                _print_standard(plans, ref, found.record or {})
            shown += 1
            if shown == count:
                return
    if not shown:
        fail(f"{first} 件目はありません。", f"there is no record {first}")


@app.command()
def coverage(
    mapping: MappingFile,
    data: DataFile,
    read: ReadName = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="JSON の書き先 / Where to write.")
    ] = None,
) -> None:
    """項目・欄・コードごとに、何件がどうなったかを数える / Count what became of every record."""
    document, dictionary, own = _usable(mapping)
    name, shape = _file_read(document, read)
    counter = CoverageCounter(
        document.mapping, dictionary.groups, name, _columns(shape, mapping.parent), own
    )
    size = data.stat().st_size
    with (
        data.open("rb") as file,
        Progress(console=err(), transient=True, disable=not sys.stderr.isatty()) as progress,
    ):
        bar = progress.add_task("数えています / counting", total=size or None)
        for found in _records(shape, mapping.parent, file):
            codes = [finding.quality.code for finding in found.findings]
            try:
                counter.count(found.record, codes)
            except ShapeError as error:
                fail(f"{found.number} 件目：{error}", f"record {found.number}: {error}")
            progress.update(bar, advance=len(found.raw))
    _print_coverage(counter.report)
    if json_file is not None:
        text = json.dumps(counter.report.to_json(), ensure_ascii=False, indent=2)
        json_file.write_text(text + "\n", "utf-8")


@app.command()
def diff(
    old: MappingFile,
    new: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="新しい版 / New one.")],
) -> None:
    """二つの版の違い / What changed between two versions."""
    changes = mapping_changes(_document(old).mapping, _document(new).mapping)
    words = {
        MappingChangeKind.ADDED: "追加 / added",
        MappingChangeKind.REMOVED: "削除 / removed",
        MappingChangeKind.CHANGED: "変更 / changed",
    }
    if not changes:
        say("違いはありません。", "no difference")
        return
    table = new_table("", "場所 / Place", "前 / Before", "後 / After")
    for change in changes:
        table.add_row(words[change.kind], change.path, change.before, change.after)
    out().print(table)


@app.command()
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
) -> None:
    """レイアウトから対応定義の下書きを作る。候補には理由がつく / Draft a mapping, with reasons."""
    dictionary = read_dictionary(read_settings())
    _refuse_existing(target)
    unknown = [ref for ref in group if dictionary.find_group(ref) is None]
    if unknown:
        fail(f"グループ {unknown[0]} はありません。", f"there is no group {unknown[0]}")
    try:
        columns = columns_of(layout, data, encoding)
    except FileShapeError as error:
        fail(f"レイアウトを読めません：{error}", f"the layout cannot be read: {error}")
    found = {ref: propose(columns, dictionary.groups[ref]) for ref in group}
    target.write_text(draft(system, "read", found), "utf-8")
    for ref, items in found.items():
        table = new_table(ref, "候補 / Candidates", "理由 / Reasons")
        for item in dictionary.groups[ref].items:
            ranked = items.get(item.field_name, ())
            names = "\n".join(f"{s.score:.2f} {s.column.path} {s.column.name}" for s in ranked)
            reasons = "\n".join(", ".join(s.reasons) for s in ranked)
            table.add_row(f"{item.field_name} {item.name}", names or "なし / none", reasons)
        out().print(table)
    count = sum(map(len, found.values()))
    say(f"{target} に {count} 項目の下書きを書きました。", f"{count} items drafted in {target}")


@app.command("to-xlsx")
def to_xlsx(mapping: MappingFile, target: Target) -> None:
    """項目マッピング表（Excel）を作る / Write the mapping as a workbook."""
    document, dictionary = _document(mapping), read_dictionary(read_settings())
    _refuse_existing(target)
    to_workbook(document.mapping, dictionary.groups).save(target)
    items = sum(len(rule.items) for rule in document.mapping.groups.values())
    say(f"{target} に {items} 項目を書きました。", f"{items} items written to {target}")


@app.command("from-xlsx")
def from_xlsx(
    workbook: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="項目マッピング表 / The workbook.")
    ],
    target: Target,
) -> None:
    """項目マッピング表（Excel）から対応定義を作る / Write a mapping from a workbook."""
    _refuse_existing(target)
    try:
        mapping = from_workbook(workbook)
    except MappingWorkbookError as error:
        for problem in error.problems:
            out().print(f"{workbook.name}:{problem}", markup=False, highlight=False)
        count = len(error.problems)
        fail(f"{workbook.name} に誤りが {count} あります。", f"{workbook.name} has {count} errors")
    except WorkbookError as error:
        fail(f"読めません：{error}", f"cannot be read: {error}")
    target.write_text(to_yaml(mapping), "utf-8")
    items = sum(len(rule.items) for rule in mapping.groups.values())
    say(f"{target} に {items} 項目を書きました。", f"{items} items written to {target}")


def _refuse_existing(path: Path) -> None:
    if path.exists():
        fail(f"{path} はもうあります。", f"{path} exists already")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        fail(f"{path.name} は UTF-8 ではありません。", f"{path.name} is not UTF-8")


def _document(path: Path) -> Document:
    try:
        return read_document(_text(path))
    except MappingError as error:
        for finding in error.findings:
            out().print(f"{path.name}:{finding}", markup=False, highlight=False)
        fail(f"{path.name} に誤りがあります。", f"{path.name} has errors")


def _usable(path: Path) -> tuple[Document, Dictionary, OwnSteps]:
    document, dictionary = _document(path), read_dictionary(read_settings())
    own, told = _steps(document, path.parent)
    found = [*told, *find_errors(document, dictionary, _layouts(document, path.parent), own)]
    errors = [finding for finding in found if finding.level is Level.ERROR]
    for finding in errors:
        out().print(f"{path.name}:{finding}", markup=False, highlight=False)
    if errors:
        fail(f"{path.name} に誤りがあります。", f"{path.name} has errors")
    return document, dictionary, own or NO_STEPS


def _steps(document: Document, folder: Path) -> tuple[OwnSteps | None, list[Finding]]:
    """Return the vendor's steps beside the mapping; None and what is wrong if they are no good."""
    try:
        return steps_of_folder(document.mapping, folder), []
    except StepsError as error:
        place = ("steps_module",)
        return None, [document.finding(place, "bad-step", problem) for problem in error.problems]


def _layouts(document: Document, folder: Path) -> dict[str, list[str]]:
    """Return the fields of every read of fixed-length records, from its copybook."""
    return {
        name: _columns(read.file, folder)
        for name, read in document.mapping.reads.items()
        if read.file is not None and read.file.fixed is not None
    }


def _file_read(document: Document, name: str | None) -> tuple[str, FileRead]:
    reads = {n: r.file for n, r in document.mapping.reads.items() if r.file is not None}
    if name is None and len(reads) == 1:
        return next(iter(reads.items()))
    if name is None or name not in reads:
        known = "、".join(reads) or "なし / none"
        fail(
            f"ファイルの読み方を --read で選んでください（{known}）。",
            f"choose a read of files with --read: {', '.join(reads) or 'none'}",
        )
    return name, reads[name]


def _records(shape: FileRead, folder: Path, file: BinaryIO) -> Iterator[FileRecord]:
    try:
        yield from open_records(shape, folder, file)
    except (FileShapeError, CsvShapeError) as error:
        fail(f"ファイルを読めません：{error}", f"the file cannot be read: {error}")


def _columns(shape: FileRead, folder: Path) -> list[str]:
    if shape.csv is not None:
        return list(shape.csv.columns.values())
    return list(_paths("", _layout(shape, folder)))


def _layout(shape: FileRead, folder: Path) -> tuple[Field | FieldGroup, ...]:
    if shape.fixed is None:
        return ()
    try:
        return layout_of(shape.fixed, folder).members
    except FileShapeError as error:
        fail(f"レイアウトを読めません：{error}", f"the layout cannot be read: {error}")


def _paths(path: str, members: tuple[Field | FieldGroup, ...]) -> Iterator[str]:
    for member in members:
        if isinstance(member, FieldGroup):
            yield from _paths(f"{path}{member.name}.", member.members)
        else:
            yield f"{path}{member.name}"


def _places(shape: FileRead, folder: Path) -> dict[str, tuple[int, int]]:
    """Return place and length of every field of a fixed-length record, by its path."""
    if shape.fixed is None:
        return {}
    try:
        layout = layout_of(shape.fixed, folder)
    except FileShapeError as error:
        fail(f"レイアウトを読めません：{error}", f"the layout cannot be read: {error}")
    return {path: (place, member.length) for path, place, member in layout.fields()}


def _print_record(found: FileRecord, places: dict[str, tuple[int, int]]) -> None:
    say(f"―― {found.number}", f"record {found.number}, {len(found.raw)} bytes")
    if found.record is not None:
        table = new_table("欄 / Field", "バイト / Bytes", "内容 / Content")
        for path, content in _flat("", found.record):
            place = places.get(path)
            raw = found.raw[place[0] : place[0] + place[1]].hex(" ") if place else ""
            shown = raw if len(raw) <= _RAW_SHOWN else raw[:_RAW_SHOWN] + " …"
            table.add_row(path, shown, "" if content is None else str(content))
        out().print(table)
    for finding in found.findings:
        quality = finding.quality
        out().print(
            f"{quality.severity.value} {quality.code} {finding.path} "
            f"(byte {finding.byte}) {json.dumps(dict(quality.params))}",
            markup=False,
        )


def _flat(path: str, record: Record) -> Iterator[tuple[str, Any]]:
    for name, content in record.items():
        several = isinstance(content, list)
        for number, one in enumerate(content if several else [content], start=1):
            own = f"{path}{name}" + (f"[{number}]" if several else "")
            if isinstance(one, dict):
                yield from _flat(f"{own}.", one)
            else:
                yield own, one


def _print_standard(plans: RowPlans, ref: str, record: Record) -> None:
    try:
        converted = plans.plan(ref).convert(record)
    except ShapeError as error:
        fail(f"{ref}：{error}", f"{ref}: {error}")
    for standard in converted.records:
        table = new_table(ref, "値 / Value", "理由 / Absent", "品質 / Quality")
        for name, answer in standard.answers.items():
            quality = ", ".join(f"{q.code} {q.severity.value}" for q in answer.quality)
            if isinstance(answer, Value):
                label = f"（{answer.label}）" if answer.label else ""
                table.add_row(name, f"{answer.value}{label}", "", quality)
            else:
                text = answer.uncertain.text if answer.uncertain else ""
                table.add_row(name, text, answer.reason.value, quality)
        out().print(table)
    if converted.lost:
        say(f"{ref}：本人の番号が空の記録 {converted.lost}", f"{ref}: {converted.lost} name nobody")


def _print_coverage(report: Coverage) -> None:
    damaged = sum(report.damaged.values())
    say(
        f"読んだ記録 {report.read}、壊れた記録 {damaged}",
        f"{report.read} records read, {damaged} damaged",
    )
    for code, count in (report.damaged + report.findings).most_common():
        out().print(f"  {code}: {count}", markup=False)
    for ref, group in report.groups.items():
        _print_group(ref, group)
    table = new_table("元の欄 / Source field", "内容あり / Filled", "使う項目 / Used by")
    for path, filled in report.columns.items():
        table.add_row(path, str(filled), ", ".join(report.used.get(path, ())) or "―")
    out().print(table)


def _print_group(ref: str, group: GroupCoverage) -> None:
    say(
        f"{ref} {group.group.name}：{group.records} 件、本人の番号なし {group.nobody} 件",
        f"{ref}: {group.records} records, {group.nobody} name nobody",
    )
    table = new_table("項目 / Item", "由来 / Origin", "結果 / Outcomes", "品質 / Quality")
    for name, item in group.items.items():
        outcomes = ", ".join(f"{o} {n}" for o, n in item.outcomes.most_common())
        quality = ", ".join(f"{code} {n}" for code, n in item.quality.most_common())
        table.add_row(f"{name} {item.item.name}", item.origin, outcomes, quality)
    out().print(table)
    for name, counted in group.codes.items():
        codes = new_table(
            f"コード表 / Codes: {name}", "件数 / Count", "標準 / Standard", "根拠 / Clause"
        )
        clauses = group.clauses.get(name, {})
        for (value, mapped), count in counted.most_common():
            mark = "○" if mapped else "なし / none"
            codes.add_row(value, str(count), mark, clauses.get(value, ""))
        out().print(codes)
