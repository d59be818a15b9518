"""How values of the standard are written for people: dates, moments, amounts, years."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

TOKYO: Final = ZoneInfo("Asia/Tokyo")

_ERAS: Final = (
    (dt.date(2019, 5, 1), "令和", "Reiwa"),
    (dt.date(1989, 1, 8), "平成", "Heisei"),
    (dt.date(1926, 12, 25), "昭和", "Showa"),
    (dt.date(1912, 7, 30), "大正", "Taisho"),
    (dt.date(1873, 1, 1), "明治", "Meiji"),
)
"""First day of each era; Meiji from the day on which Japan changed to the Gregorian calendar."""

_MEIJI_OFFSET = 1867
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


def era_year(day: dt.date) -> tuple[str, str, int] | None:
    """Return the era in Japanese and English and the year in it, or None before 1873."""
    for first, name, english in _ERAS:
        if day >= first:
            start = _MEIJI_OFFSET + 1 if name == "明治" else first.year
            return name, english, day.year - start + 1
    return None


def _western_ja(day: dt.date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def show_date(day: dt.date, language: str, *, western: bool = False) -> str:
    """Return the day in words.

    ``western`` gives the Western calendar alone: the birth date of a foreign resident is never
    converted into an era. Source: resident specification, dates on certificates and screens.
    """
    era = era_year(day)
    if language == "en":
        text = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        return text if western or era is None else f"{text} ({era[1]} {era[2]})"
    if western or era is None:
        return _western_ja(day)
    text = f"{era[0]}{'元' if era[2] == 1 else era[2]}年{day.month}月{day.day}日"
    return f"{text}（{_western_ja(day)}）" if language == "easy" else text


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
    era = era_year(dt.date(year, 12, 31))
    name = f"{era[0]}{'元' if era[2] == 1 else era[2]}年" if era else f"{year}年"
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
