"""``hitotsu mapping``: what a vendor looks at while writing a mapping."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, TypeAlias

import typer
from rich.progress import Progress

from adapters.files.csv_files import CsvShapeError
from adapters.files.records import (
    FileRecord,
    FileShapeError,
    field_paths,
    layouts_of,
    open_records,
)
from adapters.files.shape_findings import shape_findings
from adapters.mapping.changes import MappingChangeKind, mapping_changes
from adapters.mapping.coverage import CoverageCounter
from adapters.mapping.document import Document, Finding, Level, MappingError, read_document
from adapters.mapping.lint import lint as find_errors
from adapters.mapping.model import FileRead
from adapters.mapping.own_steps import NO_STEPS, OwnSteps, StepsError
from adapters.mapping.row_plan import RowPlans
from adapters.mapping.rows import ShapeError
from adapters.mapping.workbook import (
    MappingWorkbookError,
    WorkbookError,
    from_workbook,
    to_workbook,
)
from adapters.mapping.writing import to_yaml
from adapters.step_modules import steps_of_folder
from gateway.cli import mapping_drafts
from gateway.cli.mapping_tables import print_coverage, print_record, print_standard
from gateway.cli.session import (
    REFUSED,
    err,
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    refuse_existing,
    say,
)
from standard_models.dictionary import Dictionary

app = typer.Typer(help="対応定義 / Mapping documents.", no_args_is_help=True)
mapping_drafts.register(app)

MappingFile: TypeAlias = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="対応定義（YAML） / The mapping.")
]
DataFile: TypeAlias = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="データファイル / A file of data.")
]
ReadName: TypeAlias = Annotated[
    str | None, typer.Option("--read", help="読み方の名前（一つなら省略可） / The read.")
]


@app.command()
def lint(mapping: MappingFile) -> None:
    """誤りを行と列つきで全部示す / Show every finding with line and column."""
    dictionary = read_dictionary(read_settings())
    try:
        document = read_document(_text(mapping))
        findings = sorted(_findings(document, dictionary, mapping.parent)[0])
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
            print_record(found, _places(shape, mapping.parent))
            for ref in groups if found.record is not None else ():
                print_standard(plans, ref, found.record or {})
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
        document.mapping, dictionary.groups, name, field_paths(shape, mapping.parent), own
    )
    size = data.stat().st_size
    with (
        data.open("rb") as file,
        Progress(console=err(), transient=True, disable=not sys.stderr.isatty()) as progress,
    ):
        bar = progress.add_task("数えています / counting", total=size or None)
        for found in _records(shape, mapping.parent, file):
            try:
                _count(counter, found)
            except ShapeError as error:
                fail(f"{found.number} 件目：{error}", f"record {found.number}: {error}")
            progress.update(bar, advance=len(found.raw))
    print_coverage(counter.report)
    if json_file is not None:
        text = json.dumps(counter.report.to_json(), ensure_ascii=False, indent=2)
        json_file.write_text(text + "\n", "utf-8")


@app.command()
def convert(
    mapping: MappingFile,
    group: Annotated[str, typer.Argument(help="グループ（例 001.juminkihonjoho） / The group.")],
    data: DataFile,
    output: Annotated[
        Path, typer.Option("--out", dir_okay=False, help="標準の CSV の書き先 / Where to write.")
    ],
    findings: Annotated[
        Path,
        typer.Option("--findings", dir_okay=False, help="所見（一行 JSON）の書き先 / Findings."),
    ],
    threads: Annotated[
        int, typer.Option(min=0, help="スレッド数（0：コアの数） / Threads, 0 for all cores.")
    ] = 0,
    by_rows: Annotated[  # noqa: FBT002 - a flag of the command line
        bool, typer.Option("--by-rows", help="一件ずつ変換する / Use the row plan alone.")
    ] = False,
) -> None:
    """ファイルを標準の項目の CSV に変換する / Convert a file to standard items."""
    # Only here: to load the compiler of the bulk kernel takes longer than the other commands run.
    from adapters.bulk.conversion import Conversion
    from gateway.cli.mapping_convert import convert_file

    document, dictionary, own = _usable(mapping)
    if group not in document.mapping.groups:
        known = "、".join(document.mapping.groups)
        fail(f"{group} はこの対応定義にありません（{known}）。", f"{group} is not in the mapping")
    wanted = dictionary.groups[group]
    conversion = Conversion(
        document.mapping, mapping.parent, wanted, own, threads=threads, by_rows=by_rows
    )
    convert_file(conversion, data, output, findings)


def _count(counter: CoverageCounter, found: FileRecord) -> None:
    if found.control:
        counter.count_control([finding.quality for finding in found.findings], found.count)
        return
    codes = [finding.quality.code for finding in found.findings]
    counter.count(found.record, codes, found.count)


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


@app.command("to-xlsx")
def to_xlsx(mapping: MappingFile, target: mapping_drafts.Target) -> None:
    """項目マッピング表（Excel）を作る / Write the mapping as a workbook."""
    document, dictionary = _document(mapping), read_dictionary(read_settings())
    refuse_existing(target)
    to_workbook(document.mapping, dictionary.groups).save(target)
    items = sum(len(rule.items) for rule in document.mapping.groups.values())
    say(f"{target} に {items} 項目を書きました。", f"{items} items written to {target}")


@app.command("from-xlsx")
def from_xlsx(
    workbook: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="項目マッピング表 / The workbook.")
    ],
    target: mapping_drafts.Target,
) -> None:
    """項目マッピング表（Excel）から対応定義を作る / Write a mapping from a workbook."""
    refuse_existing(target)
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
    found, own = _findings(document, dictionary, path.parent)
    errors = [finding for finding in found if finding.level is Level.ERROR]
    for finding in errors:
        out().print(f"{path.name}:{finding}", markup=False, highlight=False)
    if errors:
        fail(f"{path.name} に誤りがあります。", f"{path.name} has errors")
    return document, dictionary, own


def _findings(
    document: Document, dictionary: Dictionary, folder: Path
) -> tuple[list[Finding], OwnSteps]:
    """Return everything that is wrong with a mapping and what stands beside it, and its steps."""
    own, told = _steps(document, folder)
    told += shape_findings(document, folder)
    layouts = _layouts(document, folder)
    return [*told, *find_errors(document, dictionary, layouts, own)], own or NO_STEPS


def _steps(document: Document, folder: Path) -> tuple[OwnSteps | None, list[Finding]]:
    """Return the vendor's steps beside the mapping; None and what is wrong if they are no good."""
    try:
        return steps_of_folder(document.mapping, folder), []
    except StepsError as error:
        place = ("steps_module",)
        return None, [document.finding(place, "bad-step", problem) for problem in error.problems]


def _layouts(document: Document, folder: Path) -> dict[str, list[str]]:
    """Return the fields of every read of files whose layout can be read."""
    found = {}
    for name, read in document.mapping.reads.items():
        if read.file is not None:
            with contextlib.suppress(FileShapeError):  # told by the findings of its shape
                found[name] = field_paths(read.file, folder)
    return found


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


def _places(shape: FileRead, folder: Path) -> dict[str, dict[str, tuple[int, int]]]:
    """Return place and length of every field of fixed-length records, by type and path."""
    if shape.fixed is None:
        return {}
    return {
        name: {path: (place, member.length) for path, place, member in layout.fields()}
        for name, layout in layouts_of(shape.fixed, folder).items()
    }
