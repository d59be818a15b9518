"""Dates for people: in era form, in Western form, half- or full-width.

Certificates and screens show era dates, except a foreign resident's birth date and end of stay,
which are Western and are never converted.

Source: resident specification 1.0, notation of dates.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from standard_models.answers import UncertainDate
from standard_models.values.eras import GREGORIAN_SINCE, era_by_letter, era_of
from standard_models.values.text import to_full_width


class Calendar(StrEnum):
    """In which years a date is shown."""

    ERA = "era"
    WESTERN = "western"


def wareki(day: dt.date, *, full_width: bool = False, stated_era: str | None = None) -> str:
    """Return ``day`` in its era: ``令和8年10月1日``, year 1 as 元年.

    ``stated_era`` (a letter) keeps the era that a source wrote if the day may be written in it, as
    on the last day of 明治. A day past that era's end is shown in its real era.

    Raises:
        ValueError: the day lies before 1873-01-01.

    """
    era = era_of(day)
    if stated_era is not None and era_by_letter(stated_era).holds(day):
        era = era_by_letter(stated_era)
    year = era.year_of(day.year)
    text = f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日"
    return to_full_width(text) if full_width else text


def western(day: dt.date, *, full_width: bool = False) -> str:
    """Return ``day`` as ``2026年10月1日``."""
    text = f"{day.year}年{day.month}月{day.day}日"
    return to_full_width(text) if full_width else text


def display_date(
    value: dt.date | UncertainDate, calendar: Calendar = Calendar.ERA, *, full_width: bool = False
) -> str:
    """Return a date for people; an uncertain date is shown as the register words it.

    A day before 1873 has no computed era year and is shown in Western form.
    """
    if isinstance(value, UncertainDate):
        return value.text
    if calendar is Calendar.ERA and value >= GREGORIAN_SINCE:
        return wareki(value, full_width=full_width)
    return western(value, full_width=full_width)
