"""Layout sheets of vendors (Excel) become copybooks, or say in every row what is wrong."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from adapters.files.copybook import read_copybook
from adapters.files.layout import FieldKind
from adapters.files.layout_sheets import LayoutSheetError, copybook_of_sheet, names_of_sheet
from adapters.files.records import FileShapeError

HEADS = ["No", "項目名", "物理名", "型", "桁", "位置", "バイト"]


def sheet(folder: Path, *rows: list[object]) -> Path:
    """Write a layout sheet with a title above its heading row."""
    book = Workbook()
    book.worksheets[0].title = "L"
    for row in (["レイアウト"], *rows):
        book.worksheets[0].append(row)
    book.save(folder / "layout.xlsx")
    return folder / "layout.xlsx"


def test_kinds_in_words_of_the_field_become_pictures(tmp_path):
    """Places and bytes of the sheet agree with them."""
    path = sheet(
        tmp_path,
        HEADS,
        [1, "宛名番号", "ATENA_NO", "数字", 12, 1, 12],
        [2, "区分", "KBN", "Ｘ", 1, 13, 1],
        [3, "認定日", "NINTEI-YMD", "パック", 7, 14, 4],
        [4, "月額", "GAKU", "符号付パック", 7, 18, 4],
        [5, "氏名", "SHIMEI", "漢字", 10, 22, 20],
        [6, "率", "RITSU", "S9(3)V99 COMP-3", None, 42, 3],
    )
    layout = read_copybook(copybook_of_sheet(path, "TEATE"))
    assert [(name, place, f.kind, f.length) for name, place, f in layout.fields()] == [
        ("atena_no", 0, FieldKind.ZONED, 12),
        ("kbn", 12, FieldKind.TEXT, 1),
        ("nintei_ymd", 13, FieldKind.PACKED, 4),
        ("gaku", 17, FieldKind.PACKED, 4),
        ("shimei", 21, FieldKind.DOUBLE, 20),
        ("ritsu", 41, FieldKind.PACKED, 3),
    ]
    assert names_of_sheet(path)["atena_no"] == "宛名番号"


def test_a_sheet_whose_places_do_not_add_up_is_refused_row_by_row(tmp_path):
    """The place of one field, the bytes of another."""
    path = sheet(
        tmp_path,
        HEADS,
        [1, "宛名番号", "ATENA-NO", "数字", 12, 1, 15],
        [2, "区分", "KBN", "X", 1, 16, 1],
    )
    with pytest.raises(LayoutSheetError) as caught:
        copybook_of_sheet(path, "TEATE")
    assert caught.value.problems == (
        "L!3: bytes 15 of ATENA-NO; the rows come to 12",
        "L!4: place 16 of KBN; the rows come to 13",
    )


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ([1, "項", "A", "数値", 3], "the kind 数値 is not read"),
        ([1, "項", "A", "X", None], "the kind X needs its digits"),
        ([1, "項", "A", "X", "三"], "no whole number"),
        ([1, "項", "項目", "X", 3], "the field name 項目"),
    ],
)
def test_a_row_that_says_too_little_is_named(tmp_path, row, problem):
    """Never guessed: a kind of many meanings, digits that are missing or no number, a name."""
    with pytest.raises(LayoutSheetError) as caught:
        copybook_of_sheet(sheet(tmp_path, HEADS, row), "R")
    assert caught.value.problems[0].startswith("L!3: ")
    assert problem in caught.value.problems[0]


def test_a_workbook_without_a_heading_row_is_refused(tmp_path):
    """It may be the cover."""
    with pytest.raises(FileShapeError, match="heading row"):
        copybook_of_sheet(sheet(tmp_path, ["改版履歴"]), "R")
