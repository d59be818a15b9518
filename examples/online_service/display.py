"""How values of the standard are written for people: dates, moments, amounts, years."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from standard_models.values.eras import GREGORIAN_SINCE, era_of
from standard_models.values.wareki import Calendar, display_date, wareki
from standard_models.values.wareki import western as western_date

TOKYO: Final = ZoneInfo("Asia/Tokyo")

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def show_date(day: dt.date, language: str, *, western: bool = False) -> str:
    """Return the day in words.

    ``western`` gives the Western calendar alone: the birth date of a foreign resident is never
    converted into an era. Source: resident specification, dates on certificates and screens.
    """
    plain = western or day < GREGORIAN_SINCE
    if language == "en":
        text = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        if plain:
            return text
        era = era_of(day)
        return f"{text} ({era.romaji} {era.year_of(day.year)})"
    shown = display_date(day, Calendar.WESTERN if western else Calendar.ERA)
    return f"{shown}（{western_date(day)}）" if language == "easy" and not plain else shown


def show_weekday(day: dt.date, language: str) -> str:
    """Return the day in words with its weekday."""
    if language == "en":
        return f"{day:%A}, {show_date(day, language, western=True)}"
    return f"{show_date(day, 'ja')}（{'月火水木金土日'[day.weekday()]}）"


def show_moment(text: str, language: str) -> str:
    """Return an RFC 3339 moment as day and time in Japan."""
    moment = dt.datetime.fromisoformat(text).astimezone(TOKYO)
    day = show_date(moment.date(), "ja" if language == "easy" else language, western=False)
    if language == "en":
        return f"{show_date(moment.date(), 'en', western=True)}, {moment:%H:%M}"
    return f"{day} {moment.hour}時{moment.minute:02d}分"


def show_yen(amount: int, language: str) -> str:
    """Return an amount in yen with its unit."""
    return f"{amount:,} yen" if language == "en" else f"{amount:,}円"


def show_year(year: int, language: str, *, fiscal: bool = True) -> str:
    """Return a (fiscal) year, given by its Western number, with its era."""
    if language == "en":
        return f"FY {year}" if fiscal else str(year)
    name = wareki(dt.date(year, 12, 31)).removesuffix("12月31日")
    return f"{name}度" if fiscal else name


def show_month(text: str, language: str) -> str:
    """Return a month given as ``YYYY-MM``; anything else comes back as it is."""
    try:
        first = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        return text
    if language == "en":
        return f"{_MONTHS[first.month - 1]} {first.year}"
    return show_date(first, "ja").removesuffix("1日")
