"""Tables as files that a spreadsheet opens, without anything that it would run. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from gateway.errors import ExplainedError

CSV_TYPE: Final = "text/csv; charset=utf-8"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS: Final = 1_048_575
"""Rows of a sheet below its headings. Source: ECMA-376, as Excel limits it."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the start of a formula. Source: OWASP, CSV Injection."""
_TEXT: Final = "@"
"""The number format of text: what is typed into such a cell later is no formula either."""
_MOST_SIGNS: Final = 32_767
_NOT_IN_TITLES: Final = re.compile(r"[:\\/?*\[\]]")
_MOST_OF_TITLE: Final = 31
_WIDEST: Final = 60


class TooManyRowsError(ExplainedError):
    """A sheet holds fewer rows, or a cell fewer signs."""

    def __init__(self) -> None:
        super().__init__(
            "Excel のシートに入りきりません。CSV（.csv）で書き出してください。",
            "it does not fit into a sheet: write a .csv file",
        )


def is_workbook(path: Path) -> bool:
    """Tell whether a file is to be a workbook, by its name."""
    return path.suffix.lower() == ".xlsx"


def csv_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as CSV (RFC 4180) in UTF-8 with a mark, as spreadsheets expect it.

    A cell that would be taken for a formula begins with an apostrophe.
    """
    head = csv_line(columns).decode().encode("utf-8-sig")
    return b"".join((head, *(csv_line(row) for row in rows)))


def csv_line(row: Sequence[str]) -> bytes:
    """Return one line of ``csv_of``, for a table that is written while it is made."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([harmless(cell) for cell in row])
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    """Return ``cell`` as a spreadsheet shows it and nothing more."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def workbook_of(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str) -> bytes:
    """Return a table as a workbook (.xlsx) of one sheet with its headings on every page.

    Every cell is text: what looks like a formula, a date or a number with leading zeros is shown as
    it is. Signs that a workbook cannot hold become U+FFFD.

    Raises:
        TooManyRowsError: more than ``MOST_ROWS`` rows, or a cell of more than 32,767 signs.

    """
    from openpyxl import Workbook  # slow to load, and only workbooks need it
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    kept = [list(row) for row in rows]
    if len(kept) > MOST_ROWS or any(len(cell) > _MOST_SIGNS for row in kept for cell in row):
        raise TooManyRowsError
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_NOT_IN_TITLES.sub(" ", title)[:_MOST_OF_TITLE])
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    for place in range(len(columns)):
        widest = max(len(row[place]) for row in chain([columns], kept))
        width = min(_WIDEST, max(8, 2 * widest))
        sheet.column_dimensions[get_column_letter(place + 1)].width = width
    for number, row in enumerate(chain([columns], kept)):
        cells = []
        for content in row:
            cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", content))
            cell.data_type = "s"
            cell.number_format = _TEXT
            if number == 0:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
