"""What is done in the examples of dates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from standard_models.answers import Quality, UncertainDate
from standard_models.values.date_readings import (
    CenturyWindow,
    DateOutcome,
    DateReading,
    DateRules,
    EraProfile,
)
from standard_models.values.dates import (
    parse_era_digits,
    parse_iso,
    parse_ordinal_digits,
    parse_short_western_digits,
    parse_western_digits,
    parse_written,
)
from standard_models.values.fiscal_years import fiscal_year, parse_fiscal_year
from standard_models.values.unknown_dates import parse_sentence
from standard_models.values.wareki import Calendar, display_date
from standard_models.values.year_months import (
    YearMonthReading,
    parse_era_year_month,
    parse_year_month,
)

Outcome = tuple[str, Sequence[Quality]]
ERAS = EraProfile({"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"})
BIRTH = DateRules(non_calendar_days=True)
FROM_1930 = DateRules(century=CenturyWindow(1930))


def told(reading: DateReading) -> Outcome:
    if reading.day is not None:
        return reading.day.isoformat(), reading.quality
    if reading.uncertain is not None:
        return bounds(reading.uncertain), reading.quality
    return "", reading.quality


def bounds(date: UncertainDate) -> str:
    first, last = (day.isoformat() if day else "?" for day in (date.earliest, date.latest))
    return f"{date.precision.value} {first} … {last}"


def written(raw: str) -> Outcome:
    reading = parse_written(raw)
    lunar = any(quality.code == "LUNAR_DATE" for quality in reading.quality)
    return ("lunar", reading.quality) if lunar else told(reading)


def sentence(raw: str) -> Outcome:
    reading = parse_sentence(raw)
    assert reading.outcome is DateOutcome.UNCERTAIN
    assert reading.uncertain is not None
    assert reading.uncertain.text == raw
    return told(reading)


def read_fiscal_year(raw: str) -> Outcome:
    reading = parse_fiscal_year(raw)
    return "" if reading.year is None else str(reading.year), reading.quality


def month(reading: YearMonthReading) -> Outcome:
    return str(reading.month or ""), reading.quality


def shown(calendar: Calendar, *, full_width: bool = False) -> Callable[[str], Outcome]:
    def show(raw: str) -> Outcome:
        return display_date(dt.date.fromisoformat(raw), calendar, full_width=full_width), ()

    return show


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "written": written,
    "birth": lambda raw: told(parse_written(raw, BIRTH)),
    "digits": lambda raw: told(parse_era_digits(raw, ERAS)),
    "western": lambda raw: told(parse_western_digits(raw)),
    "short": lambda raw: told(parse_short_western_digits(raw, DateRules())),
    "short_from_1930": lambda raw: told(parse_short_western_digits(raw, FROM_1930)),
    "written_from_1930": lambda raw: told(parse_written(raw, FROM_1930)),
    "ordinal": lambda raw: told(parse_ordinal_digits(raw)),
    "month": lambda raw: month(parse_year_month(raw)),
    "month_digits": lambda raw: month(parse_era_year_month(raw, dict(ERAS.eras))),
    "iso": lambda raw: told(parse_iso(raw)),
    "sentence": sentence,
    "era": shown(Calendar.ERA),
    "era_full": shown(Calendar.ERA, full_width=True),
    "gregorian": shown(Calendar.WESTERN),
    "fiscal_year": read_fiscal_year,
    "fiscal_year_of": lambda raw: (str(fiscal_year(dt.date.fromisoformat(raw))), ()),
}
