"""What stands behind a mapping: the clauses of its code rows, and the description of its fields."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from adapters.files.records import open_records
from adapters.mapping.changes import mapping_changes
from adapters.mapping.coverage import CoverageCounter
from adapters.mapping.document import Document, read_document
from adapters.mapping.lint import lint
from adapters.mapping.workbook import from_workbook, to_workbook
from adapters.mapping.writing import to_yaml
from standard_models.builtin import load_builtin
from tests.adapters.host.writer import record
from tests.adapters.test_mapping_document import changed

DICTIONARY = load_builtin()
HOST = Path(__file__).parent / "host"
HOST_TEXT = (HOST / "mapping.yaml").read_text("utf-8")

CLAUSES = (
    "  shu:\n    rows:",
    "  shu:\n    source: 仕様書 1.2\n    clause: §3\n    note: 手帳の種別\n    rows:",
)
SQL = 'sql: {statement: "SELECT * FROM tehai WHERE no = :number"}'
LAYOUT = (
    f"    {SQL}\n",
    f"    {SQL}\n" + "    clause: §2\n"
    "    note: 日次で写したもの\n"
    "    layout:\n"
    "      no: {name: 台帳番号, clause: §2.1}\n"
    "      shu: {name: 種別}\n"
    "      bango: {name: 手帳番号, note: 右詰め}\n"
    "      kofu: {}\n",
)
RICH = changed(CLAUSES, LAYOUT, ('{from: R, to: "2"}', '{from: R, to: "2", clause: 別表 4}'))


def told(document: Document, layouts: dict[str, list[str]] | None = None) -> list[tuple[int, str]]:
    found = lint(document, DICTIONARY, layouts)
    return [(f.line, f.code) for f in found if f.code != "unused-column"]


def test_a_row_stands_on_its_own_clause_or_on_that_of_its_table() -> None:
    """The nearer one counts."""
    table = read_document(RICH).mapping.code_tables["shu"]
    assert [table.clause_of(row) for row in table.rows] == ["§3", "別表 4"]
    assert told(read_document(RICH)) == []


def test_a_row_without_a_clause_in_a_table_with_a_source_is_told() -> None:
    """Somebody has begun to name them."""
    text = RICH.replace("    clause: §3\n", "")
    assert told(read_document(text)) == [(19, "no-clause")]


def test_what_stands_behind_a_mapping_survives_the_workbook_and_yaml(tmp_path: Path) -> None:
    """Clauses, notes and the description of fields."""
    mapping = read_document(RICH).mapping
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping, DICTIONARY.groups).save(path)
    assert from_workbook(path) == mapping
    assert read_document(to_yaml(mapping)).mapping == mapping


def test_a_table_without_rows_survives_the_workbook(tmp_path: Path) -> None:
    """Every code is lost then, and that may be meant for a while."""
    rows = '    rows:\n      - {from: S, to: "1"}\n      - {from: R, to: "2"}\n'
    mapping = read_document(changed((rows, "    rows: []\n"))).mapping
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping, DICTIONARY.groups).save(path)
    assert from_workbook(path) == mapping


def test_the_table_shows_the_name_of_the_source_field_beside_the_item() -> None:
    """As the vendor's document has it."""
    book = to_workbook(read_document(RICH).mapping, DICTIONARY.groups)
    rows = [[cell.value for cell in row] for row in book["項目マッピング"].iter_rows()]
    named = {row[1]: dict(zip(rows[0], row, strict=True))["元の名称"] for row in rows[1:]}
    assert (named["atenabango"], named["techobango"], named["tokyu"]) == (
        "台帳番号",
        "手帳番号",
        None,
    )


def test_a_changed_clause_and_a_changed_description_are_changes() -> None:
    """Each at its place."""
    later = (
        RICH.replace("別表 4", "別表 5")
        .replace("clause: §3", "clause: §4")
        .replace("{name: 種別}", "{name: 手帳種別}")
    )
    changes = mapping_changes(read_document(RICH).mapping, read_document(later).mapping)
    assert [change.path for change in changes] == [
        "code_tables.shu.R",
        "code_tables.shu",
        "reads.tehai.layout.shu",
    ]


def test_a_field_that_the_described_layout_does_not_have_is_told() -> None:
    """Without a file, the description is all that is known of the fields."""
    text = RICH.replace("{field: bango}", "{field: bngo}").replace("      shu: {name: 種別}\n", "")
    assert {code for _, code in told(read_document(text))} >= {"unknown-field"}
    assert [code for _, code in told(read_document(text))].count("unknown-field") == 2


def test_a_description_of_a_field_that_the_file_does_not_have_is_told() -> None:
    """At its line; a description of some fields of a file is enough."""
    text = HOST_TEXT.replace(
        "  shikaku:\n", "  shikaku:\n    layout: {yobi: {name: 予備}, yobo: {name: 予備}}\n", 1
    )
    columns = ["atena_no", "rireki_no", "kiso_no", "shubetsu", "shutoku_ymd", "shutoku_jiyu"]
    columns += ["soshitsu_ymd", "fuka", "yobi", "menjo.menjo_kbn", "menjo.menjo_ym"]
    assert told(read_document(text), {"shikaku": columns}) == [(6, "unknown-field")]


@pytest.mark.parametrize(
    ("kind", "clause"), [("1", "§5.2"), ("5", "§5.3"), ("7", "")], ids=["table", "row", "none"]
)
def test_coverage_shows_the_clause_behind_each_code(kind: str, clause: str) -> None:
    """A code without one has no row."""
    text = HOST_TEXT.replace("  shubetsu:\n", "  shubetsu:\n    clause: §5.2\n", 1)
    text = text.replace("note: 任意加入", "note: 任意加入, clause: §5.3")
    mapping = read_document(text).mapping
    counter = CoverageCounter(mapping, DICTIONARY.groups, "shikaku", [])
    read = mapping.reads["shikaku"].file
    assert read is not None
    for found in open_records(read, HOST, io.BytesIO(record(kind=kind))):
        counter.count(found.record, [])
    codes = counter.report.to_json()["groups"]["026.shikakujoho"]["codes"]["shubetsu"]
    assert codes == [{"value": kind, "mapped": kind != "7", "count": 1, "clause": clause}]
