"""Japanese eras: a table loaded as data, and the arithmetic between era years and Western years.

The last day of 明治 and of 大正 is also the first day of the next era; both writings are legal, so
a stated era is never "corrected" on such a day. Days of 明治 before 1873-01-01 were counted by the
lunar calendar and are not computed.

Source: laws and cabinet orders on each era name; cabinet decree 337 of 明治5年 (calendar reform).
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

GREGORIAN_SINCE = dt.date(1873, 1, 1)
"""First day of the Gregorian calendar in Japan, 明治6年1月1日."""


@dataclass(frozen=True, slots=True)
class Era:
    """One era.

    ``letter`` is the Latin initial (``R``), ``romaji`` the name (Reiwa), ``initial`` the one-kanji
    form (令), ``glyph`` the single character of the era name (㋿). ``first_day`` and ``last_day``
    are inclusive; the current era has no last day. ``computed_from`` is the first day that era
    dates convert from.
    """

    letter: str
    name: str
    romaji: str
    initial: str
    glyph: str
    first_year: int
    first_day: dt.date
    last_day: dt.date | None
    computed_from: dt.date

    def western_year(self, year: int) -> int:
        """Return the Western year of this era's ``year``, also past the era's end.

        Raises:
            ValueError: ``year`` is below 1.

        """
        if year < 1:
            raise ValueError("an era begins with its year 1")
        return self.first_year + year - 1

    def year_of(self, western_year: int) -> int:
        """Return the era year of a Western year, the inverse of ``western_year``."""
        return western_year - self.first_year + 1

    def holds(self, day: dt.date) -> bool:
        """Tell whether ``day`` may be written in this era."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@cache
def eras() -> tuple[Era, ...]:
    """Return every era, oldest first."""
    text = files("standard_models.reference").joinpath("eras.csv").read_text("utf-8")
    return tuple(
        Era(
            row["letter"],
            row["name"],
            row["romaji"],
            row["initial"],
            row["glyph"],
            int(row["first_year"]),
            dt.date.fromisoformat(row["first_day"]),
            dt.date.fromisoformat(row["last_day"]) if row["last_day"] else None,
            dt.date.fromisoformat(row["computed_from"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def era_names() -> dict[str, Era]:
    """Return every spelling of an era (name, one kanji, glyph, letter in both cases) → era."""
    spellings: dict[str, Era] = {}
    for era in eras():
        for spelling in (era.name, era.initial, era.glyph, era.letter, era.letter.lower()):
            spellings[spelling] = era
    return spellings


@cache
def era_by_letter(letter: str) -> Era:
    """Return the era of a Latin initial (``M T S H R``).

    Raises:
        KeyError: no era has this letter.

    """
    for era in eras():
        if era.letter == letter:
            return era
    raise KeyError(letter)


def era_of(day: dt.date) -> Era:
    """Return the era of a day; on a border day the new era.

    Raises:
        ValueError: the day lies before 1873-01-01, where eras are not computed.

    """
    if day >= GREGORIAN_SINCE:
        for era in reversed(eras()):
            if day >= era.first_day:
                return era
    raise ValueError("era years are not computed before 1873-01-01")
