"""Fiscal years: April to March, named by the Western year they begin in.

Systems count a fiscal year on past the end of its era (``平成33年度`` is 2021); that converts and
says so.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.date_readings import overrun
from standard_models.values.dates import YEAR, half_width_key, year_parts
from standard_models.values.eras import Era, era_of

_FISCAL_YEAR = re.compile(rf"{YEAR}(?:年度?)?", re.ASCII)
FIRST: Final = 1886
"""Since 明治19年 the fiscal year begins in April."""


@dataclass(frozen=True, slots=True)
class FiscalYearReading:
    """A fiscal year, or None with the reason in ``quality``."""

    year: int | None
    quality: tuple[Quality, ...] = ()


def fiscal_year(day: dt.date) -> int:
    """Return the fiscal year that ``day`` belongs to."""
    return day.year if day.month >= 4 else day.year - 1


def first_day(year: int) -> dt.date:
    """Return 1 April of the fiscal year."""
    return dt.date(year, 4, 1)


def last_day(year: int) -> dt.date:
    """Return 31 March, the last day of the fiscal year."""
    return dt.date(year + 1, 3, 31)


def parse_fiscal_year(raw: str) -> FiscalYearReading:
    """Read ``R08``, ``令和8年度``, ``平成33`` or ``2026``; an era or four Western digits.

    A blank gives None without a finding; anything else that is no fiscal year gives None with
    ``FISCAL_YEAR_UNREADABLE`` (E). A year counted on past its era's end
    gives ``ERA_OVERRUN`` (W).
    """
    key = half_width_key(raw)
    if not key:
        return FiscalYearReading(None)
    found = _FISCAL_YEAR.fullmatch(key)
    if found is None:
        return _unreadable("FISCAL_YEAR_UNREADABLE")
    era, stated = year_parts(found)
    if stated < 1:
        return _unreadable("FISCAL_YEAR_UNREADABLE")
    year = era.western_year(stated) if era else stated
    if not FIRST <= year < 9999:
        return _unreadable("FISCAL_YEAR_UNREADABLE")
    return FiscalYearReading(year, _judged(era, year))


def _unreadable(code: str) -> FiscalYearReading:
    return FiscalYearReading(None, (Quality(code, Severity.ERROR),))


def _judged(era: Era | None, year: int) -> tuple[Quality, ...]:
    if era is None or era.last_day is None or first_day(year) <= era.last_day:
        return ()
    return (overrun(era),)


def era_fiscal_year(year: int) -> str:
    """Return a fiscal year for people, in the era of its first day: ``令和8年度``.

    Raises:
        ValueError: the fiscal year begins before 明治19年.

    """
    if year < FIRST:
        raise ValueError("fiscal years begin in April since 1886")
    era = era_of(first_day(year))
    stated = era.year_of(year)
    return f"{era.name}{'元' if stated == 1 else stated}年度"
