"""Tables in a sheet: their headings, wherever they stand, and the rows below.

Headings of official workbooks span one or two rows (グループ over 名称, 主キー, 外部キー), cells
are merged, and marks of the layout (``e``, ``■``) stand around a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from standard_models.workbooks.sheets import Cell, Sheet, heading_key

FRAME_MARKS: Final = frozenset({"e", "■", "■■"})
"""Texts (as heading keys) that mark the border of a table and say nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table. ``cells`` are texts by column name, ``places`` where they stand."""

    number: int
    cells: Mapping[str, str]
    places: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def place(self, column: str) -> str:
        """Return the place of a cell, or of the row where the cell is empty."""
        return self.places.get(column) or f"row {self.number}"


@dataclass(frozen=True, slots=True)
class Table:
    """A table in a sheet: its columns by name, and its first row below the headings."""

    sheet: Sheet
    head: int
    first: int
    columns: Mapping[str, int]

    def rows(self, until: int | None = None) -> Iterator[Row]:
        """Yield the filled rows above row ``until``; rows of marks alone are passed over."""
        by_column = {column: name for name, column in self.columns.items()}
        for number, cells in self.sheet.rows(self.first):
            if until is not None and number >= until:
                return
            for cell in cells:
                if cell.key in FRAME_MARKS and cell.column not in by_column:
                    self.sheet.take(cell)
            if all(cell.key in FRAME_MARKS for cell in cells):
                for cell in cells:
                    self.sheet.take(cell)
                continue
            own = [cell for cell in cells if cell.column in by_column]
            if own:
                own += self._merged_from_above(number, {cell.column for cell in own})
                yield Row(
                    number,
                    {by_column[cell.column]: cell.text for cell in own},
                    {by_column[cell.column]: cell.place for cell in own},
                )

    def _merged_from_above(self, number: int, filled: set[int]) -> Iterator[Cell]:
        """Yield the cells above that reach down to this row: a merged cell says one thing for all.

        Cells merged sideways say something in their first column only.
        """
        for column in set(self.columns.values()) - filled:
            origin = self.sheet.merged.get((number, column))
            if origin is not None and self.first <= origin[0] < number and origin[1] == column:
                cell = self.sheet.cells.get(origin)
                if cell is not None:
                    yield cell

    def take(self, row: Row) -> None:
        """Mark the cells of ``row`` as read."""
        for column in row.cells:
            place = (row.number, self.columns[column])
            if place in self.sheet.cells:
                self.sheet.taken.add(place)


def find_table(sheet: Sheet, required: Sequence[str], names: Mapping[str, str]) -> Table | None:
    """Return the first table of ``sheet`` whose headings hold ``required``, None if there is none.

    ``names`` maps headings to our column names; two headings above each other are joined by ``_``.
    Cells of the headings count as read; headings that ``names`` does not know stay unread.
    """
    wanted = {heading_key(name) for name in required}
    for number, cells in sheet.rows(1):
        if wanted <= {cell.key for cell in cells}:
            return _table(sheet, number, cells, names)
    return None


def _table(sheet: Sheet, head: int, cells: list[Cell], names: Mapping[str, str]) -> Table:
    keys = {heading_key(name): column for name, column in names.items()}
    below = _second_head(sheet, head, cells, keys)
    columns: dict[str, int] = {}
    upper = {cell.column: cell for cell in cells}
    for column in sorted(upper.keys() | below.keys()):
        top = upper.get(column) or _above(upper, column)
        lower = below.get(column)
        for key in _candidates(top, lower):
            if key in keys and keys[key] not in columns:
                columns[keys[key]] = column
                for cell in (upper.get(column), lower, top if lower else None):
                    if cell is not None:
                        sheet.take(cell)
                break
    for cell in cells:
        if cell.key in FRAME_MARKS:
            sheet.take(cell)
    return Table(sheet, head, head + (2 if below else 1), columns)


def _second_head(
    sheet: Sheet, head: int, cells: list[Cell], keys: Mapping[str, str]
) -> dict[int, Cell]:
    """Return the cells of a second heading row: there is one if a heading reaches down to it."""
    reaches = any(
        sheet.merged.get((head + 1, cell.column)) == (head, cell.column) for cell in cells
    )
    below = {c.column: c for (row, _), c in sheet.cells.items() if row == head + 1}
    upper = {cell.column: cell for cell in cells}
    joined = any(
        f"{top.key}_{cell.key}" in keys
        for column, cell in below.items()
        if (top := upper.get(column) or _above(upper, column))
    )
    return below if reaches or joined else {}


def _above(upper: Mapping[int, Cell], column: int) -> Cell | None:
    return next((upper[c] for c in range(column, 0, -1) if c in upper), None)


def _candidates(top: Cell | None, lower: Cell | None) -> list[str]:
    if lower is None:
        return [top.key] if top else []
    joined = [f"{top.key}_{lower.key}"] if top else []
    return [*joined, *([top.key] if top and top.column == lower.column else [])]
