"""A mapping as the table that municipalities sign: there and back, and every slip by its cell."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import openpyxl
import pytest

from adapters.mapping.document import read_document
from adapters.mapping.model import ItemRule, Mapping
from adapters.mapping.workbook import (
    MappingWorkbookError,
    from_workbook,
    to_workbook,
)
from adapters.mapping.workbook_shape import ORIGINS, STEPS
from adapters.mapping.writing import to_yaml
from standard_models.builtin import load_builtin

GROUPS = load_builtin().groups
HOST = Path(__file__).parent / "host" / "mapping.yaml"


def text_of(system: str) -> str:
    if system == "host":
        return HOST.read_text("utf-8")
    return files(f"adapters.reference.{system}").joinpath("mapping.yaml").read_text("utf-8")


def mapping(system: str) -> Mapping:
    return read_document(text_of(system)).mapping


SYSTEMS = ["resident", "tax", "welfare", "host"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_mapping_goes_into_a_workbook_and_back_without_loss(system: str, tmp_path: Path) -> None:
    """Every rule, code, character and read."""
    path = tmp_path / "mapping.xlsx"
    to_workbook(mapping(system), GROUPS).save(path)
    assert from_workbook(path) == mapping(system)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_mapping_written_as_yaml_reads_back_as_the_same(system: str) -> None:
    """Codes such as 01 and words such as no stay text."""
    assert read_document(to_yaml(mapping(system))).mapping == mapping(system)


def test_every_key_of_an_item_rule_has_its_column() -> None:
    """A key without one would be lost on the way."""
    assert set(ItemRule.model_fields) == {*ORIGINS, *STEPS, "note"}


def test_the_table_shows_the_item_beside_its_source(tmp_path: Path) -> None:
    """Id and Japanese name from the standard, as the table is signed."""
    book = to_workbook(mapping("host"), GROUPS)
    rows = [[cell.value for cell in row] for row in book["項目マッピング"].iter_rows()]
    head = rows[0]
    own = next(dict(zip(head, row, strict=True)) for row in rows if row[1] == "kisonenkinbango")
    assert own["データ項目ID"] == "026P0003"
    assert own["データ項目"] == "基礎年金番号"
    assert (own["型"], own["桁数"], own["由来"], own["元"]) == ("X", "10", "欄", "kiso_no")


def test_no_text_becomes_a_formula(tmp_path: Path) -> None:
    """A note that begins with = stays a text, there and back."""
    text = text_of("host").replace("note: 任意加入", 'note: "=cmd|calc"')
    path = tmp_path / "mapping.xlsx"
    to_workbook(read_document(text).mapping, GROUPS).save(path)
    cells = [c for row in openpyxl.load_workbook(path)["コード変換"].iter_rows() for c in row]
    assert [c.data_type for c in cells if c.value == "=cmd|calc"] == ["s"]
    assert from_workbook(path) == read_document(text).mapping


def spoiled(tmp_path: Path, change: Callable[[openpyxl.Workbook], None]) -> list[tuple[str, str]]:
    path = tmp_path / "mapping.xlsx"
    book = to_workbook(mapping("host"), GROUPS)
    change(book)
    book.save(path)
    with pytest.raises(MappingWorkbookError) as caught:
        from_workbook(path)
    return [(problem.sheet, problem.cell) for problem in caught.value.problems]


def cell(sheet: str, place: str, content: str) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        book[sheet][place] = content

    return change


def without(sheet: str) -> Callable[[openpyxl.Workbook], None]:
    def change(book: openpyxl.Workbook) -> None:
        del book[sheet]

    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (cell("項目マッピング", "G3", "どこか"), [("項目マッピング", "G3")]),
        (cell("項目マッピング", "A3", "026.nashi"), [("項目マッピング", "A3")]),
        (cell("項目マッピング", "B3", "atenabango"), [("項目マッピング", "B3")]),
        (cell("項目マッピング", "L3", "はい"), [("項目マッピング", "L3")]),
        (cell("項目マッピング", "A1", "群"), [("項目マッピング", "A1")]),
        (cell("項目マッピング", "AC3", "メモ"), [("項目マッピング", "AC3")]),
        (cell("日付", "C2", "{field: [}"), [("日付", "C2")]),
        (cell("日付", "C2", "{field: a, format: seireki}"), [("日付", "C2")]),
        (cell("外字", "A2", "F1"), [("外字", "A2")]),
        (cell("表紙", "B4", "one"), [("表紙", "B4")]),
        (cell("コード変換", "A2", "nashi"), [("コード変換", "A2")]),
        (cell("元の欄", "A2", "nashi"), [("元の欄", "A2")]),
        (
            cell("コード表", "A3", "shubetsu"),
            [("コード表", "A3"), ("コード変換", "A5"), ("コード変換", "A6")],
        ),
        (without("コード変換"), [("コード変換", "A1")]),
    ],
)
def test_every_slip_is_told_by_sheet_and_cell(
    tmp_path: Path,
    change: Callable[[openpyxl.Workbook], None],
    expected: list[tuple[str, str]],
) -> None:
    """Nothing is read around a slip."""
    assert spoiled(tmp_path, change) == expected
