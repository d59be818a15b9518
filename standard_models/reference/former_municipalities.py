"""Municipalities that are no more: what an old address or code meant, on which day.

History is never re-mapped: an address keeps the code and name of its time; successors are told, by
the codes that they have now. A code that one municipality left and another of its name took up on
the same day (静岡市, 2003) is in no row: it did not end.
The table that comes with the package is a small beginning; a town loads the one it needs.
"""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from standard_models.reference.check_digits import municipality_check
from standard_models.reference.municipalities import Municipality, find_municipality, municipalities

_CODE = re.compile(r"\d{6}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
COLUMNS: Final = (
    "code", "prefecture", "name", "abolished_on", "successors", "source", "mark",
)  # fmt: skip
MARKS: Final = ("V", "K")
"""V: verified in a publication. K: generally known."""


class MunicipalityState(StrEnum):
    """What a code or name means on a day."""

    IN_FORCE = "in-force"
    ABOLISHED = "abolished"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MunicipalityOn:
    """The answer for a day; ``former`` where the municipality is or was to end."""

    state: MunicipalityState
    former: FormerMunicipality | None = None


@dataclass(frozen=True, slots=True)
class FormerMunicipality:
    """A municipality until the day before ``abolished_on``; ``successors`` are 6-digit codes."""

    code: str
    prefecture: str
    name: str
    abolished_on: dt.date
    successors: tuple[str, ...]
    source: str
    mark: str

    def on(self, day: dt.date) -> MunicipalityOn:
        """Tell what it means on ``day``."""
        ended = day >= self.abolished_on
        state = MunicipalityState.ABOLISHED if ended else MunicipalityState.IN_FORCE
        return MunicipalityOn(state, self)


class FormerMunicipalities:
    """A table of abolished municipalities."""

    def __init__(self, rows: Iterable[FormerMunicipality]) -> None:
        """Keep the rows.

        Raises:
            ValueError: a code stands twice.
        """
        self.rows = tuple(rows)
        self._by_code: dict[str, FormerMunicipality] = {}
        self._by_name: dict[str, list[FormerMunicipality]] = {}
        for row in self.rows:
            if self._by_code.setdefault(row.code, row) is not row:
                raise ValueError(f"the code {row.code} stands twice")
            self._by_name.setdefault(row.name, []).append(row)

    @classmethod
    def read(cls, path: Path | Traversable) -> FormerMunicipalities:
        """Read a CSV file with the columns of ``COLUMNS``; several successors stand with blanks.

        Raises:
            ValueError: not UTF-8, no CSV, or naming row (the header is 1) and column of everything
                that is malformed.
        """
        text = path.read_text("utf-8").lstrip("\ufeff")
        try:
            header, *lines = csv.reader(text.splitlines(), strict=True) if text else [[]]
        except csv.Error as error:
            raise ValueError(f"{path.name}: no CSV: {error}") from None
        if tuple(header) != COLUMNS:
            raise ValueError(f"{path.name}: the columns must be {', '.join(COLUMNS)}")
        problems = [
            f"row {number}, column {problem}"
            for number, cells in enumerate(lines, start=2)
            if (problem := _problem(cells))
        ]
        if problems:
            raise ValueError(f"{path.name}: {'; '.join(problems)}")
        return cls(map(_row, lines))

    def find(self, code: str, day: dt.date) -> MunicipalityOn:
        """Tell what a 6-digit code means on ``day``.

        A code of the present list counts as in force: that list says nothing of its beginnings.
        """
        former = self._by_code.get(code)
        if former is not None:
            return former.on(day)
        known = find_municipality(code) is not None
        return MunicipalityOn(MunicipalityState.IN_FORCE if known else MunicipalityState.UNKNOWN)

    def find_named(self, prefecture: str, name: str, day: dt.date) -> MunicipalityOn:
        """Tell what a name of a prefecture means on ``day``; unknown if several bore it."""
        present = any((m.prefecture, m.name) == (prefecture, name) for m in _present())
        former = self.named(prefecture, name)
        if present and not former:
            return MunicipalityOn(MunicipalityState.IN_FORCE)
        if len(former) == 1 and not present:
            return former[0].on(day)
        return MunicipalityOn(MunicipalityState.UNKNOWN)

    def named(self, prefecture: str | None, name: str) -> tuple[FormerMunicipality, ...]:
        """Return the abolished municipalities of a name, in one prefecture or in all."""
        rows = self._by_name.get(name, ())
        return tuple(r for r in rows if prefecture is None or r.prefecture == prefecture)

    def at_start(self, prefecture: str | None, text: str) -> tuple[FormerMunicipality, ...]:
        """Return the abolished municipalities whose name the text begins with."""
        names = (text[:end] for end in range(2, len(text) + 1))
        return tuple(row for name in names for row in self.named(prefecture, name))


def _present() -> Iterable[Municipality]:
    return municipalities().values()


@cache
def former_municipalities() -> FormerMunicipalities:
    """Return the table of the package."""
    table = files("standard_models.reference").joinpath("former_municipalities.csv")
    return FormerMunicipalities.read(table)


def _row(cells: list[str]) -> FormerMunicipality:
    code, prefecture, name, abolished_on, successors, source, mark = cells
    day = dt.date.fromisoformat(abolished_on)
    return FormerMunicipality(code, prefecture, name, day, tuple(successors.split()), source, mark)


def _problem(cells: list[str]) -> str | None:
    """Return column and rule of what is wrong first in a row."""
    if len(cells) != len(COLUMNS):
        return f"{COLUMNS[0]}: the row has {len(cells)} cells, the header {len(COLUMNS)}"
    row = dict(zip(COLUMNS, cells, strict=True))
    if row["code"] in municipalities():
        return "code: is a code of the present list"
    for column in ("code", "successors"):
        codes = row[column].split() if column == "successors" else [row[column]]
        if not codes or not all(map(_is_code, codes)):
            return f"{column}: must be six digits with their check digit"
    for column in ("prefecture", "name", "source"):
        if not row[column]:
            return f"{column}: must not be empty"
    if row["mark"] not in MARKS:
        return f"mark: must be {' or '.join(MARKS)}"
    return None if _is_day(row["abolished_on"]) else "abolished_on: must be a day as 2026-04-01"


def _is_code(text: str) -> bool:
    return bool(_CODE.fullmatch(text)) and municipality_check(text[:5]) == text[5]


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(dt.date.fromisoformat(text))
    except ValueError:
        return False
