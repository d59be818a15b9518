"""Months of a year (年月), as benefits and levies count them: canonical ``2026-04``.

Source: our rule (D) for the form; era rules as for dates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.dates import YEAR, arabic_key, year_parts
from standard_models.values.eras import Era, era_by_letter, eras

_CANONICAL = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_DIGITS = re.compile(r"(?P<western>\d{4})(?P<month>\d\d)", re.ASCII)
_ERA_DIGITS = re.compile(r"(.)(\d\d)(\d\d)", re.ASCII)
_WRITTEN: Final = (
    re.compile(rf"{YEAR}年(?P<month>\d{{1,2}})月", re.ASCII),
    re.compile(rf"{YEAR}[./-](?P<month>\d{{1,2}})", re.ASCII),
)


@dataclass(frozen=True, slots=True, order=True)
class YearMonth:
    """One month. ``year`` is Western, 1 to 9999; ``month`` 1 to 12. Ordered in time."""

    year: int
    month: int

    def __post_init__(self) -> None:
        """Refuse what is no month.

        Raises:
            ValueError: year or month lies outside its range.
        """
        if not (1 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise ValueError("no such month")

    def __str__(self) -> str:
        """Return the canonical form, also that of JSON: ``2026-04``."""
        return f"{self.year:04d}-{self.month:02d}"

    @classmethod
    def from_json(cls, text: str) -> YearMonth:
        """Return the month of the canonical form.

        Raises:
            ValueError: ``text`` is not of that form.
        """
        found = _CANONICAL.fullmatch(text)
        if found is None:
            raise ValueError("a month is written 2026-04")
        return cls(int(found[1]), int(found[2]))

    def wareki(self) -> str:
        """Return the month in the era of its first day: ``令和8年4月``; before 1873 Western."""
        era = next((e for e in reversed(eras()) if self._in(e)), None)
        if era is None:
            return f"{self.year}年{self.month}月"
        year = era.year_of(self.year)
        return f"{era.name}{'元' if year == 1 else year}年{self.month}月"

    def _in(self, era: Era) -> bool:
        first = era.computed_from
        return (self.year, self.month, 1) >= (first.year, first.month, first.day)


@dataclass(frozen=True, slots=True)
class YearMonthReading:
    """A month, or None, and what was seen."""

    month: YearMonth | None
    quality: tuple[Quality, ...] = ()


def parse_year_month(raw: str) -> YearMonthReading:
    """Read ``202604``, ``2026-04``, ``2026/4``, ``R8.4``, ``令和８年４月``. Never raises.

    A blank is ``MISSING`` (I). Digits other than six are ambiguous without a profile:
    ``DATE_AMBIGUOUS`` (E). A month past the end of its era converts and says so
    (``ERA_OVERRUN``, W); one before its start does not (``ERA_BEFORE_START``, E).
    """
    key = arabic_key(raw)
    if not key:
        return YearMonthReading(None, (Quality("MISSING", Severity.INFORMATION),))
    if found := _DIGITS.fullmatch(key):
        return _read(None, int(found["western"]), int(found["month"]))
    if key.isdecimal():
        return _refused("DATE_AMBIGUOUS")
    for pattern in _WRITTEN:
        if found := pattern.fullmatch(key):
            return _read(*year_parts(found), int(found["month"]))
    return _refused("DATE_UNREADABLE")


def parse_era_year_month(raw: str, eras_by_code: dict[str, str]) -> YearMonthReading:
    """Read five characters ``GYYMM``: an era code of the profile (``{"4": "H"}``), year, month."""
    key = arabic_key(raw)
    if not key:
        return YearMonthReading(None, (Quality("MISSING", Severity.INFORMATION),))
    found = _ERA_DIGITS.fullmatch(key)
    if found is None:
        return _refused("DATE_UNREADABLE")
    letter = eras_by_code.get(found[1])
    if letter is None:
        return _refused("ERA_CODE_UNKNOWN")
    return _read(era_by_letter(letter), int(found[2]), int(found[3]))


def _refused(code: str, **params: str | int) -> YearMonthReading:
    return YearMonthReading(None, (Quality(code, Severity.ERROR, params),))


def _read(era: Era | None, year: int, month: int) -> YearMonthReading:
    try:
        found = YearMonth(era.western_year(year) if era else year, month)
    except ValueError:
        return _refused("DATE_UNREADABLE")
    if era is None:
        return YearMonthReading(found)
    first, last = era.first_day, era.last_day
    if (found.year, found.month) < (first.year, first.month):
        return _refused("ERA_BEFORE_START", stated_era=era.letter)
    if found.year < era.computed_from.year:
        return _refused("LUNAR_DATE", stated_era=era.letter)
    if last is not None and (found.year, found.month) > (last.year, last.month):
        params: dict[str, str | int] = {"stated_era": era.letter}
        return YearMonthReading(found, (Quality("ERA_OVERRUN", Severity.WARNING, params),))
    return YearMonthReading(found)
