"""What has been read of a workbook so far: rows that know their cell, notes, problems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from standard_models.api_specifications import ApiCall, ApiError, ResponseNode
from standard_models.workbooks.sheets import Sheet
from standard_models.workbooks.tables import Row

EXCERPT = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not read, or does not hold: sheet, cell, rule, and what stands there.

    ``refuses`` tells whether the edition must not be installed because of it.
    """

    sheet: str
    place: str
    rule: str
    excerpt: str = ""
    refuses: bool = True

    @property
    def is_of_cell(self) -> bool:
        """Tell whether the place is a cell, not a row or the drawings of a sheet."""
        return self.place != "drawing" and not self.place.startswith("row ")


@dataclass(frozen=True, slots=True)
class Note:
    """A text outside the tables: titles, remarks, the cover."""

    sheet: str
    place: str
    text: str


@dataclass(frozen=True, slots=True)
class NativeRow:
    """A row in the native columns, with the place of every cell in the workbook."""

    sheet: str
    row: Row
    cells: Mapping[str, str]


@dataclass
class Reading:
    """Collects what the readers of sheets find."""

    items: list[NativeRow] = field(default_factory=list)
    codes: list[NativeRow] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    responses: list[ResponseNode] = field(default_factory=list)
    errors: list[ApiError] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, sheet: Sheet, place: str, rule: str, excerpt: str = "") -> None:
        """Note a problem that keeps the edition from being installed."""
        self.problems.append(Problem(sheet.name, place, rule, excerpt[:EXCERPT]))

    def add_item(self, sheet: Sheet, row: Row, cells: Mapping[str, str]) -> None:
        """Keep a row of the item list."""
        self.items.append(NativeRow(sheet.name, row, cells))

    def add_code(self, sheet: Sheet, row: Row, cells: Mapping[str, str]) -> None:
        """Keep a row of the code list."""
        self.codes.append(NativeRow(sheet.name, row, cells))

    def close(self, sheet: Sheet, *, is_text: bool, head: int) -> None:
        """Account for the cells that no reader took.

        On a sheet of text, above the first table (``head``), and as titles in the first column
        between tables they are notes; elsewhere problems, which do not refuse the edition.
        """
        read_rows = {row for row, _ in sheet.taken}
        for cell in sheet.left():
            broken = sheet.broken.get((cell.row, cell.column))
            title = cell.column == 1 and cell.row not in read_rows
            if broken is None and (is_text or title or cell.row < head):
                self.notes.append(Note(sheet.name, cell.place, cell.text))
                continue
            rule = broken or "stands outside the known columns"
            self.problems.append(
                Problem(sheet.name, cell.place, rule, cell.text[:EXCERPT], refuses=False)
            )
        for row, column in sorted(sheet.doubtful.keys() & sheet.taken):
            found = sheet.cells[row, column]
            self.refuse(sheet, found.place, sheet.doubtful[row, column], found.text)
        for row in sorted(sheet.hidden_rows & read_rows):
            rule = "the row is hidden; it was read like the others"
            self.problems.append(Problem(sheet.name, f"row {row}", rule, refuses=False))
        if sheet.drawings:
            rule = "shapes and pictures hold no cells and are not read"
            self.problems.append(Problem(sheet.name, "drawing", rule, refuses=False))
