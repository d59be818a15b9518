"""Sheets of a workbook as texts that know their place, and that remember which were read.

A workbook is untrusted input: its parts are measured before they are opened, and parts that
declare entities are refused.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from standard_models.values.text import remove_controls

MAX_FILE_BYTES: Final = 50_000_000
MAX_UNPACKED_BYTES: Final = 500_000_000
MAX_CELLS: Final = 2_000_000

_BLANKS = re.compile(r"\s+")
_LINE_ENDS = re.compile(r"[\r\n\t]|_x000D_")


class WorkbookError(Exception):
    """The file as a whole cannot be read as a workbook; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A filled cell. ``text`` is its content as shown, without blanks at both ends."""

    row: int
    column: int
    text: str

    @property
    def place(self) -> str:
        """Return the place as spreadsheets name it: ``B7``."""
        from openpyxl.utils import get_column_letter  # slow to load, and only imports need it

        return f"{get_column_letter(self.column)}{self.row}"

    @property
    def key(self) -> str:
        """Return the text for comparing headings: width, case and blanks do not count."""
        return heading_key(self.text)


@dataclass
class Sheet:
    """A sheet: its filled cells, and which of them somebody has read.

    ``broken`` are cells without a content of their own; ``doubtful`` cells whose text may not be
    what it says (struck through, invisible characters); both with the rule. ``hidden_rows`` are
    numbers of rows that spreadsheets do not show.
    """

    name: str
    hidden: bool
    cells: dict[tuple[int, int], Cell]
    broken: dict[tuple[int, int], str]
    merged: dict[tuple[int, int], tuple[int, int]]
    drawings: int
    doubtful: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    taken: set[tuple[int, int]] = field(default_factory=set)

    def text(self, row: int, column: int) -> str:
        """Return the text of a cell, empty if it is not filled, and mark the cell as read."""
        cell = self.cells.get((row, column))
        if cell is None:
            return ""
        self.taken.add((row, column))
        return cell.text

    def rows(self, first: int) -> Iterator[tuple[int, list[Cell]]]:
        """Yield the filled rows from ``first`` on, each with its cells from left to right."""
        by_row: dict[int, list[Cell]] = {}
        for cell in self.cells.values():
            if cell.row >= first:
                by_row.setdefault(cell.row, []).append(cell)
        for row in sorted(by_row):
            yield row, sorted(by_row[row], key=lambda cell: cell.column)

    def take(self, cell: Cell) -> None:
        """Mark ``cell`` as read."""
        self.taken.add((cell.row, cell.column))

    def left(self) -> Iterator[Cell]:
        """Yield the filled cells that nobody has read, in reading order."""
        for place in sorted(self.cells.keys() - self.taken):
            yield self.cells[place]


def heading_key(text: str) -> str:
    """Return what headings are compared by: width, case, blanks and line ends do not count."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text)).casefold()


def read_sheets(path: Path) -> list[Sheet]:
    """Return the sheets of an .xlsx file in their order.

    Raises:
        WorkbookError: the file is missing, is no .xlsx, is too large or declares entities.
    """
    import openpyxl  # slow to load, and only imports need it

    _refuse_unsafe(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl tells of extensions that hold no content
        try:
            shown = openpyxl.load_workbook(path, data_only=True)
            written = openpyxl.load_workbook(path, rich_text=True)
        except Exception as error:  # noqa: BLE001 - a damaged part fails in any way whatever
            name = type(error).__name__
            raise WorkbookError(f"{path.name}: the workbook is damaged ({name})") from None
    drawings = _drawings(path)
    return [
        _sheet(sheet, written[sheet.title], drawings.get(index, 0))
        for index, sheet in enumerate(shown.worksheets, start=1)
    ]


def _refuse_unsafe(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise WorkbookError(f"{path.name}: larger than {MAX_FILE_BYTES} bytes")
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED_BYTES:
                raise WorkbookError(f"{path.name}: larger than {MAX_UNPACKED_BYTES} when unpacked")
            for name in archive.namelist():
                if name.endswith((".xml", ".rels")) and b"<!" in archive.open(name).read(2_048):
                    raise WorkbookError(f"{path.name}: {name} declares a document type")
    except FileNotFoundError:
        raise WorkbookError(f"{path.name}: the file does not exist") from None
    except (zipfile.BadZipFile, IsADirectoryError, OSError):
        rule = "not an .xlsx workbook; save an old .xls or a locked file as .xlsx first"
        raise WorkbookError(f"{path.name}: {rule}") from None


def _drawings(path: Path) -> dict[int, int]:
    """Return how many drawings each sheet (from 1) has: shapes and pictures hold no cells."""
    found: dict[int, int] = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if hit := re.fullmatch(r"xl/worksheets/_rels/sheet(\d+)\.xml\.rels", name):
                content = archive.read(name)
                found[int(hit[1])] = content.count(b"/relationships/drawing")
    return {sheet: count for sheet, count in found.items() if count}


def _sheet(shown: Any, written: Any, drawings: int) -> Sheet:
    cells: dict[tuple[int, int], Cell] = {}
    broken: dict[tuple[int, int], str] = {}
    doubtful: dict[tuple[int, int], str] = {}
    for row in shown.iter_rows():
        for cell in row:
            source = written.cell(cell.row, cell.column)
            formula = source.value
            place = (cell.row, cell.column)
            if cell.value is None:
                if isinstance(formula, str) and formula.startswith("="):
                    broken[place] = "a formula without a stored result"
                    cells[place] = Cell(*place, formula)
                continue
            if cell.data_type == "e":
                broken[place] = "a formula that ends in an error"
            if text := _text(cell.value):
                cells[place] = Cell(*place, text)
                if rule := _doubt(source, text):
                    doubtful[place] = rule
        if len(cells) > MAX_CELLS:
            raise WorkbookError(f"sheet {shown.title}: more than {MAX_CELLS} filled cells")
    merged = {
        (row, column): (area.min_row, area.min_col)
        for area in written.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    hidden = shown.sheet_state != "visible"
    rows = frozenset(row for row, shape in written.row_dimensions.items() if shape.hidden)
    return Sheet(shown.title, hidden, cells, broken, merged, drawings, doubtful, rows)


def _doubt(cell: Any, text: str) -> str | None:
    """Return why the text of a cell may not be what it says, None if nothing speaks against it."""
    pieces = cell.value if isinstance(cell.value, list) else []
    struck = cell.font is not None and cell.font.strike
    fonts = (getattr(piece, "font", None) for piece in pieces if str(piece).strip())
    if struck or any(getattr(font, "strike", None) for font in fonts):
        return "the text is struck through: delete it or the line, nobody can tell which holds"
    visible = _LINE_ENDS.sub("", text)
    codes = [str(q.params["code_point"]) for q in remove_controls(visible).quality]
    return f"holds invisible characters: {', '.join(codes)}" if codes else None


def _text(value: object) -> str:
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer():
            return str(int(value))
        case dt.datetime() if value.time() == dt.time():
            return value.date().isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value).strip()
