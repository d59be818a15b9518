"""Dates as a register holds them: a day, less than a day, or a sentence."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

ERAS = (
    ("R", "令和", dt.date(2019, 5, 1)),
    ("H", "平成", dt.date(1989, 1, 8)),
    ("S", "昭和", dt.date(1926, 12, 25)),
    ("T", "大正", dt.date(1912, 7, 30)),
    ("M", "明治", dt.date(1868, 10, 23)),
)
ERA_NAMES = {letter: name for letter, name, _ in ERAS}
_FIRST_YEARS = {letter: first.year for letter, _, first in ERAS}
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


def wide(text: str | int) -> str:
    """Return the text with full-width digits."""
    return str(text).translate(_WIDE)


@dataclass(frozen=True, slots=True)
class RecordedDate:
    """One date as recorded.

    ``precision`` is ``day`` when ``day`` is one real calendar day; otherwise ``text`` is what the
    register says and ``earliest``/``latest`` bound it. ``era``, ``year``, ``month`` and
    ``day_of_month`` are the parts in era form, 0 for an unknown part. ``stated`` means that the
    clerk wrote the sentence down because the parts cannot say it.
    """

    precision: str
    day: dt.date | None
    era: str
    year: int
    month: int
    day_of_month: int
    text: str = ""
    earliest: dt.date | None = None
    latest: dt.date | None = None
    stated: bool = False


def era_of(day: dt.date) -> tuple[str, int]:
    """Return the era letter and the year in that era of a day from 1873 on."""
    for letter, _, first in ERAS:
        if day >= first:
            return letter, day.year - first.year + 1
    raise ValueError("before the first era")


def western_year(era: str, year: int) -> int:
    """Return the Western year of a year in an era."""
    return _FIRST_YEARS[era] + year - 1


def _year_text(era: str, year: int) -> str:
    return f"{ERA_NAMES[era]}{'元' if year == 1 else wide(year)}年"


def on(day: dt.date) -> RecordedDate:
    """Return a date that is known to the day."""
    era, year = era_of(day)
    return RecordedDate("day", day, era, year, day.month, day.day)


def day_unknown(era: str, year: int, month: int) -> RecordedDate:
    """Return a date whose day is unknown (日不詳)."""
    western = western_year(era, year)
    last = calendar.monthrange(western, month)[1]
    text = f"{_year_text(era, year)}{wide(month)}月　日不詳"
    return RecordedDate(
        "month", None, era, year, month, 0, text,
        dt.date(western, month, 1), dt.date(western, month, last),
    )  # fmt: skip


def month_and_day_unknown(era: str, year: int) -> RecordedDate:
    """Return a date of which only the year is known (月日不詳)."""
    western = western_year(era, year)
    text = f"{_year_text(era, year)}　月日不詳"
    return RecordedDate(
        "year", None, era, year, 0, 0, text, dt.date(western, 1, 1), dt.date(western, 12, 31)
    )


def unknown() -> RecordedDate:
    """Return a wholly unknown date (年月日不詳)."""
    return RecordedDate("unknown", None, "", 0, 0, 0, "年月日不詳")


def about_year(era: str, year: int) -> RecordedDate:
    """Return ○年頃."""
    western = western_year(era, year)
    return RecordedDate(
        "approximate-year", None, era, year, 0, 0, f"{_year_text(era, year)}頃",
        dt.date(western, 1, 1), dt.date(western, 12, 31), stated=True,
    )  # fmt: skip


def first_third_of_month(era: str, year: int, month: int) -> RecordedDate:
    """Return ○年○月上旬."""
    western = western_year(era, year)
    return RecordedDate(
        "ten-day", None, era, year, month, 0, f"{_year_text(era, year)}{wide(month)}月上旬",
        dt.date(western, month, 1), dt.date(western, month, 10), stated=True,
    )  # fmt: skip


def estimated_month(era: str, year: int, month: int) -> RecordedDate:
    """Return 推定○年○月."""
    western = western_year(era, year)
    last = calendar.monthrange(western, month)[1]
    return RecordedDate(
        "estimated-month", None, era, year, month, 0, f"推定{_year_text(era, year)}{wide(month)}月",
        dt.date(western, month, 1), dt.date(western, month, last), stated=True,
    )  # fmt: skip


def not_in_the_calendar(era: str, year: int, month: int, day: int) -> RecordedDate:
    """Return a day that does not exist but is recorded, as 昭和34年2月29日 can be for a birth."""
    western = western_year(era, year)
    last = calendar.monthrange(western, month)[1]
    first_after = dt.date(western, month, last) + dt.timedelta(days=1)
    text = f"{_year_text(era, year)}{wide(month)}月{wide(day)}日"
    return RecordedDate(
        "non-calendar-day", None, era, year, month, day, text,
        dt.date(western, month, last), first_after,
    )  # fmt: skip
