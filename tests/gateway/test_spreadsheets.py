"""API10: lists for staff are shown by a spreadsheet as they are, and run nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from gateway.spreadsheets import TooManyRowsError, is_workbook, workbook_of

CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r"), max_size=40
)  # a line feed alone is what a workbook holds


def opened(content: bytes) -> list[list[object]]:
    """Return what a spreadsheet reads, formulas as formulas."""
    sheet = load_workbook(io.BytesIO(content)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "=HYPERLINK(\"http://x\")", "+1", "-1", "@SUM(A1)", "000000000019", "2026-10-01",
     "1E5", "#N/A", "TRUE", "＝1", "\t=1", "𠮷野家", "'=1"],
)  # fmt: skip
def test_every_cell_is_the_text_that_it_was(cell: str) -> None:
    """No formula, number, date or error is made of it, and none when it is typed again."""
    sheet = load_workbook(io.BytesIO(workbook_of(["列"], [[cell]], "一覧"))).active
    assert (sheet["A2"].value, sheet["A2"].data_type) == (cell, "s")
    assert sheet["A2"].number_format == "@"


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_whatever_is_in_a_list_is_in_the_sheet(rows: list[tuple[str, str]]) -> None:
    """But signs that a workbook cannot hold, in whose place stands U+FFFD."""
    shown = opened(workbook_of(["一", "二"], rows, "一覧"))[1:]
    allowed = [
        ["".join(s if s >= " " or s in "\t\n" else "\ufffd" for s in cell) for cell in row]
        for row in rows
    ]
    assert [[cell or "" for cell in row] for row in shown] == allowed


def test_a_sheet_is_fit_for_an_office() -> None:
    """Headings stand out, stay in view and on every printed page; columns are wide enough."""
    book = load_workbook(
        io.BytesIO(workbook_of(["宛名番号", "氏名"], [["1", "架空　花子"]], "監査 / 一[覧]"))
    )
    sheet = book.active
    assert sheet.title == "監査   一 覧 "
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
    assert sheet["A1"].font.b
    assert not sheet["A2"].font.b
    assert sheet.column_dimensions["B"].width >= 10


def test_more_than_a_sheet_holds_is_refused() -> None:
    """Nothing is cut off without a word."""
    with pytest.raises(TooManyRowsError):
        workbook_of(["a"], [["x" * 32_768]], "t")
    with pytest.raises(TooManyRowsError):
        workbook_of(["a"], [["1"]] * 1_048_576, "t")


def test_a_workbook_is_told_by_its_name() -> None:
    """Whatever case."""
    assert is_workbook(Path("一覧.XLSX"))
    assert not is_workbook(Path("一覧.csv"))
    assert not is_workbook(Path("xlsx"))
