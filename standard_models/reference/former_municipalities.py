"""Municipalities that are no more: what an old address or code meant, on which day.

History is never re-mapped: an address keeps the code and name of its time; successors are told.
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
from standard_models.reference.municipalities import find_municipality, municipalities

_CODE = re.compile(r"\d{6}", re.ASCII)
COLUMNS: Final = (
    "code", "prefecture", "name", "abolished_on", "successors", "source", "mark",
)  # fmt: skip


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


class FormerMunicipalities:
    """A table of abolished municipalities."""

    def __init__(self, rows: Iterable[FormerMunicipality]) -> None:
        """Keep the rows.

        Raises:
            ValueError: a code stands twice.
        """
        self.rows = tuple(rows)
        self._by_code = {row.code: row for row in self.rows}
        if len(self._by_code) != len(self.rows):
            raise ValueError("a code stands twice")

    @classmethod
    def read(cls, path: Path | Traversable) -> FormerMunicipalities:
        """Read a CSV file with the columns of ``COLUMNS``; several successors stand with blanks.

        Raises:
            ValueError: naming row (the header is 1) and column of what is malformed.
        """
        reader = csv.DictReader(path.read_text("utf-8").lstrip("\ufeff").splitlines())
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: the columns must be {', '.join(COLUMNS)}")
        return cls([_row(number, cells) for number, cells in enumerate(reader, start=2)])

    def find(self, code: str, day: dt.date) -> MunicipalityOn:
        """Tell what a 6-digit code means on ``day``.

        A code of the present list counts as in force: that list says nothing of its beginnings.
        """
        former = self._by_code.get(code)
        if former is not None:
            ended = day >= former.abolished_on
            state = MunicipalityState.ABOLISHED if ended else MunicipalityState.IN_FORCE
            return MunicipalityOn(state, former)
        known = find_municipality(code) is not None
        return MunicipalityOn(MunicipalityState.IN_FORCE if known else MunicipalityState.UNKNOWN)

    def named(self, prefecture: str, name: str) -> tuple[FormerMunicipality, ...]:
        """Return the abolished municipalities of a name in a prefecture, several if it had some."""
        return tuple(r for r in self.rows if (r.prefecture, r.name) == (prefecture, name))


@cache
def former_municipalities() -> FormerMunicipalities:
    """Return the table of the package."""
    table = files("standard_models.reference").joinpath("former_municipalities.csv")
    return FormerMunicipalities.read(table)


def _row(number: int, cells: dict[str, str]) -> FormerMunicipality:
    if problem := _problem(cells):
        raise ValueError(f"row {number}, column {problem}")
    return FormerMunicipality(
        cells["code"],
        cells["prefecture"],
        cells["name"],
        dt.date.fromisoformat(cells["abolished_on"]),
        tuple(cells["successors"].split()),
        cells["source"],
        cells["mark"],
    )


def _problem(cells: dict[str, str]) -> str | None:
    """Return column and rule of what is wrong in a row."""
    if cells["code"] in municipalities():
        return "code: is a code of the present list"
    for column in ("code", "successors"):
        for code in cells[column].split() or [""]:
            if not _CODE.fullmatch(code) or municipality_check(code[:5]) != code[5]:
                return f"{column}: must be six digits with their check digit"
    for column in ("prefecture", "name", "source"):
        if not cells[column]:
            return f"{column}: must not be empty"
    try:
        dt.date.fromisoformat(cells["abolished_on"])
    except ValueError:
        return "abolished_on: must be a day as 2026-04-01"
    return None
