"""Dates as registers hold them: a day, less than a day, or nothing.

Three notations are read: digits with an era code (``4120615``), Western digits (``20000615``) and
written dates (``H12.6.15``, ``平成１２年６月１５日``, ``2000-06-15``). What a column's zeros, nines
and blanks mean, and whether a part may be unknown, is declared; nothing is assumed.

Sentences such as ``令和３年９月下旬`` are read by ``standard_models.values.unknown_dates``.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Final

from standard_models.values.date_readings import (
    STRICT,
    WHOLLY_UNKNOWN,
    CenturyWindow,
    DateOutcome,
    DateParts,
    DateReading,
    DateRules,
    EraProfile,
    NullMeaning,
    read_null,
    read_parts,
    unreadable,
)
from standard_models.values.eras import Era, era_by_letter, era_names
from standard_models.values.text import trim_padding

__all__ = [
    "OPEN_END",
    "OPEN_START",
    "STRICT",
    "WHOLLY_UNKNOWN",
    "CenturyWindow",
    "DateOutcome",
    "DateParts",
    "DateReading",
    "DateRules",
    "EraProfile",
    "NullMeaning",
    "parse_era_digits",
    "parse_iso",
    "parse_ordinal_digits",
    "parse_short_western_digits",
    "parse_western_digits",
    "parse_written",
]

OPEN_START: Final = "0000-01-01"
OPEN_END: Final = "9999-12-31"
"""How the national format writes a period without start or end. Never a date."""

_TO_HALF: Final = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_ERA_DIGITS = re.compile(r"(.)(\d\d)(\d\d)(\d\d)", re.ASCII)
_WESTERN_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_SHORT_DIGITS = re.compile(r"(\d\d)(\d\d)(\d\d)", re.ASCII)
_ORDINAL = re.compile(r"(?!0000)(\d{4})(\d{3})", re.ASCII)
_SHORT_WRITTEN = re.compile(r"(\d\d)([./-])(\d{1,2})\2(\d{1,2})", re.ASCII)
_APART = re.compile(r"(?<=\d) +(?=\d)", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)


def half_width_key(text: str) -> str:
    """Return ``text`` with ASCII in half-width and without blanks: what the grammars read."""
    if not text.isascii():
        text = text.translate(_TO_HALF)
    return text.replace(" ", "")


_SEPARATORS: Final = "./-"
_OPEN_STARTS: Final = frozenset({OPEN_START, OPEN_START.replace("-", "")})
_OPEN_ENDS: Final = frozenset({OPEN_END, OPEN_END.replace("-", "")})


def _marker(key: str) -> str | None:
    if not key:
        return "blank"
    if (not key.strip("0" + _SEPARATORS) and "0" in key) or key in _OPEN_STARTS:
        return "zeros"
    if (not key.strip("9" + _SEPARATORS) and "9" in key) or key in _OPEN_ENDS:
        return "nines"
    return None


def _null(key: str, rules: DateRules) -> DateReading | None:
    match _marker(key):
        case "blank":
            return read_null(rules.blank, "blank")
        case "zeros":
            return read_null(rules.zeros, "zeros")
        case "nines":
            return read_null(rules.nines, "nines")
        case _:
            return None


def parse_era_digits(raw: str, profile: EraProfile) -> DateReading:
    """Read seven characters ``GYYMMDD``: an era code of the profile, year, month, day.

    Full-width digits and padding are accepted. A letter may stand for the era if the profile
    declares it. Never raises; see ``DateReading``.
    """
    key = half_width_key(raw)
    null = _null(key, profile.rules)
    if null is not None:
        return null
    found = _ERA_DIGITS.fullmatch(key)
    if found is None:
        return unreadable("DATE_UNREADABLE", rule="GYYMMDD")
    letter = profile.eras.get(found[1])
    if letter is None:
        return unreadable("ERA_CODE_UNKNOWN", rule="GYYMMDD")
    return _read_numbers(era_by_letter(letter), found[2], found[3], found[4], profile.rules)


def parse_western_digits(raw: str, rules: DateRules = STRICT) -> DateReading:
    """Read eight digits ``YYYYMMDD``. Never raises; see ``DateReading``."""
    key = half_width_key(raw)
    null = _null(key, rules)
    if null is not None:
        return null
    found = _WESTERN_DIGITS.fullmatch(key)
    if found is None:
        return unreadable("DATE_UNREADABLE", rule="YYYYMMDD")
    return _read_numbers(None, found[1], found[2], found[3], rules)


def parse_short_western_digits(raw: str, rules: DateRules) -> DateReading:
    """Read six digits ``YYMMDD`` in the century of the rules.

    Without a century the year is anybody's guess: ``DATE_AMBIGUOUS`` (E). Never raises.
    """
    key = half_width_key(raw)
    null = _null(key, rules)
    if null is not None:
        return null
    found = _SHORT_DIGITS.fullmatch(key)
    if found is None:
        return unreadable("DATE_UNREADABLE", rule="YYMMDD")
    if rules.century is None:
        return unreadable("DATE_AMBIGUOUS", rule="two-digit year without a century")
    year = rules.century.year(int(found[1]))
    return _read_numbers(None, str(year), found[2], found[3], rules)


def parse_ordinal_digits(raw: str, rules: DateRules = STRICT) -> DateReading:
    """Read seven digits ``YYYYDDD``: the year and the day counted in it, 001 to 365 or 366.

    Seven digits may as well be an era date, so a column must be declared to hold these. Day 000
    is an unknown day of the year where the rules allow unknown parts. Never raises.
    """
    key = half_width_key(raw)
    null = _null(key, rules)
    if null is not None:
        return null
    found = _ORDINAL.fullmatch(key)
    if found is None:
        return unreadable("DATE_UNREADABLE", rule="YYYYDDD")
    year, number = int(found[1]), int(found[2])
    if not number:
        return _read_numbers(None, found[1], "00", "00", rules)
    if number > 365 + calendar.isleap(year):
        return unreadable("NOT_CALENDAR_DAY")
    day = dt.date(year, 1, 1) + dt.timedelta(days=number - 1)
    if day.isoformat() == OPEN_END:
        return read_null(rules.nines, "nines")
    return DateReading(DateOutcome.DAY, day)


def parse_iso(raw: str, rules: DateRules = STRICT) -> DateReading:
    """Read ``YYYY-MM-DD``, the canonical form. Never raises; see ``DateReading``."""
    key = raw.strip()
    null = _null(key, rules)
    if null is not None:
        return null
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", key, re.ASCII)
    if found is None:
        return unreadable("DATE_UNREADABLE", rule="YYYY-MM-DD")
    return _read_numbers(None, found[1], found[2], found[3], rules)


def _read_numbers(era: Era | None, y: str, m: str, d: str, rules: DateRules) -> DateReading:
    try:
        parts = DateParts(era, int(y), int(m), int(d))
    except ValueError:
        return unreadable("DATE_UNREADABLE", rule="year")
    return read_parts(parts, rules)


_KANJI_DIGITS: Final = {c: n for n, c in enumerate("〇一二三四五六七八九")}
_FORMAL: Final = str.maketrans(
    {"壱": "一", "壹": "一", "弐": "二", "貳": "二", "参": "三", "參": "三", "拾": "十",
     "廿": "二十", "卅": "三十"}
)  # fmt: skip
"""Figures of old registers (大字) and the short forms of twenty and thirty."""
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十壱壹弐貳参參拾廿卅]+(?=[年月日])")


def _kanji_number(match: re.Match[str]) -> str:
    text = match.group().translate(_FORMAL)
    if "十" not in text:
        return "".join(str(_KANJI_DIGITS[c]) for c in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or "〇" in text:
        return text
    return str(10 * _KANJI_DIGITS.get(tens, 1) + _KANJI_DIGITS.get(ones, 0))


def arabic_key(text: str) -> str:
    """Return ``half_width_key`` with kanji numbers before 年, 月, 日 as digits.

    A blank between two figures separates them: 平成 12 6 15 is no number 12615.
    """
    if not text.isascii():
        text = text.translate(_TO_HALF)
    return _KANJI_NUMBER.sub(_kanji_number, half_width_key(_APART.sub(".", text)))


_SEPARATOR: Final = "[./・･·‐‑–−ー-]"
_ERA = "|".join(sorted(era_names(), key=len, reverse=True))
YEAR = rf"(?:(?P<era>{_ERA})(?P<era_year>\d{{1,3}}|元)|(?P<western>\d{{4}}))"


def _written(after_year: str, between: str, end: str = "") -> re.Pattern[str]:
    month_day = rf"(?P<month>\d{{1,2}}){between}(?P<day>\d{{1,2}}){end}"
    return re.compile(rf"(?:西暦(?=\d))?{YEAR}{after_year}{month_day}", re.ASCII)


_WRITTEN = (
    _written(f"(?:年|{_SEPARATOR})", "月", "日"),
    _written(f"(?P<sep>{_SEPARATOR})", "(?P=sep)"),
    re.compile(
        rf"(?P<era>{_ERA})(?P<era_year>\d\d)(?P<western>)(?P<month>\d\d)(?P<day>\d\d)", re.ASCII
    ),
)


def year_parts(found: re.Match[str]) -> tuple[Era | None, int]:
    """Return era and year of a match that used ``YEAR``."""
    if found["western"]:
        return None, int(found["western"])
    year = found["era_year"]
    return era_names()[found["era"]], 1 if year == "元" else int(year)


def parse_written(text: str, rules: DateRules = STRICT) -> DateReading:
    """Read a written date: era or Western year, with 年月日, separators, or a letter and digits.

    Digits alone are ambiguous without a profile and are never read: ``DATE_AMBIGUOUS`` (E).
    Nor is a year of two digits (``99/4/1``), unless the rules give its century. Month or day
    ``00`` is an unknown part where the rules allow it. Never raises.
    """
    key = arabic_key(text)
    null = _null(key, rules)
    if null is not None:
        return null
    if _DIGITS.fullmatch(key):
        return unreadable("DATE_AMBIGUOUS", rule="digits without a profile")
    for pattern in _WRITTEN:
        if found := pattern.fullmatch(key):
            return _read_match(found, rules, text)
    if found := _SHORT_WRITTEN.fullmatch(key):
        if rules.century is None:
            return unreadable("DATE_AMBIGUOUS", rule="two-digit year without a century")
        year = rules.century.year(int(found[1]))
        return _read_numbers(None, str(year), found[3], found[4], rules)
    return unreadable("DATE_UNREADABLE", rule="written date")


def _read_match(found: re.Match[str], rules: DateRules, text: str) -> DateReading:
    try:
        parts = DateParts(*year_parts(found), int(found["month"]), int(found["day"]))
    except ValueError:
        return unreadable("DATE_UNREADABLE", rule="year")
    in_words = "年" in text and parts.month and parts.day
    return read_parts(parts, rules, text=trim_padding(text) if in_words else None)
