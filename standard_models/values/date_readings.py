"""What a date field can say, and what year, month and day of an era amount to.

Source: resident specification 1.0 (unknown dates, days that no calendar has); column legend of the
national item lists (DATE, open periods).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from standard_models.answers import DatePrecision, Quality, Severity, UncertainDate
from standard_models.values.eras import GREGORIAN_SINCE, Era, eras
from standard_models.values.text import to_full_width

WHOLLY_UNKNOWN: Final = "年月日不詳"
SHORTEST_MONTH: Final = 28
"""Days that every month has."""


class DateOutcome(StrEnum):
    """What a reading of a date amounts to."""

    DAY = "day"
    UNCERTAIN = "uncertain"
    NOT_RECORDED = "not-recorded"
    NOT_SET = "not-set"
    OPEN_ENDED = "open-ended"
    UNREADABLE = "unreadable"


class NullMeaning(StrEnum):
    """What zeros, nines or blanks say in one column.

    ``unknown``: the date is unknown (年月日不詳). ``not-set``: the event has not happened.
    ``open-ended``: the period has no end. ``error``: they must not occur.
    """

    UNKNOWN = "unknown"
    NOT_RECORDED = "not-recorded"
    NOT_SET = "not-set"
    OPEN_ENDED = "open-ended"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class CenturyWindow:
    """The hundred years, from ``first_year`` on, in which a two-digit year of a column lies."""

    first_year: int

    def year(self, two_digits: int) -> int:
        """Return the one year of the window that ends in ``two_digits`` (0 to 99)."""
        return self.first_year + (two_digits - self.first_year) % 100


@dataclass(frozen=True, slots=True)
class DateRules:
    """What a column of dates may hold.

    ``parts_unknown`` allows month or day 00 (不詳). ``non_calendar_days`` allows a day that no
    calendar has, as registers keep it for births and deaths. ``century`` says in which hundred
    years Western years of two digits lie; without it they are not read.
    """

    blank: NullMeaning = NullMeaning.NOT_RECORDED
    zeros: NullMeaning = NullMeaning.ERROR
    nines: NullMeaning = NullMeaning.ERROR
    parts_unknown: bool = False
    non_calendar_days: bool = False
    century: CenturyWindow | None = None


STRICT: Final = DateRules()
"""Only calendar days; blank means not recorded, zeros and nines are errors."""


@dataclass(frozen=True, slots=True)
class EraProfile:
    """How one column writes eras as codes: ``eras`` maps its code to an era letter (``4`` → H)."""

    eras: Mapping[str, str]
    rules: DateRules = STRICT


@dataclass(frozen=True, slots=True)
class DateReading:
    """What a date field says.

    ``day`` is set for the outcome ``day`` and ``uncertain`` for ``uncertain``; for every other
    outcome both are None. ``stated_era`` is the letter of the era that the source wrote.
    """

    outcome: DateOutcome
    day: dt.date | None = None
    uncertain: UncertainDate | None = None
    quality: tuple[Quality, ...] = ()
    stated_era: str | None = None


@dataclass(frozen=True, slots=True)
class DateParts:
    """Year, month and day as written; 0 is an unknown part. ``era`` is None for Western years."""

    era: Era | None
    year: int
    month: int = 0
    day: int = 0
    western_year: int = field(init=False)

    def __post_init__(self) -> None:
        """Compute the Western year.

        Raises:
            ValueError: the year is below 1 or above 9999.

        """
        western = self.era.western_year(self.year) if self.era else self.year
        if not 1 <= western <= 9999:
            raise ValueError("no such year")
        object.__setattr__(self, "western_year", western)

    def text(self) -> str:
        """Return the parts as a register writes them, full-width, unknown parts as 不詳."""
        year = "元" if self.era and self.year == 1 else str(self.year)
        text = f"{self.era.name if self.era else ''}{year}年"
        if not self.month:
            text += "　月日不詳"
        elif not self.day:
            text += f"{self.month}月　日不詳"
        else:
            text += f"{self.month}月{self.day}日"
        return to_full_width(text)


def unreadable(code: str, **params: str | int) -> DateReading:
    """Return the reading of something that is no date: ``code`` (E), nothing else."""
    return DateReading(DateOutcome.UNREADABLE, quality=(Quality(code, Severity.ERROR, params),))


def read_null(meaning: NullMeaning, marker: str) -> DateReading:
    """Return what a null marker (``blank``, ``zeros``, ``nines``) says under this meaning."""
    match meaning:
        case NullMeaning.ERROR:
            return unreadable("DATE_NULL_NOT_DECLARED", marker=marker)
        case NullMeaning.UNKNOWN:
            unknown = UncertainDate(DatePrecision.UNKNOWN, WHOLLY_UNKNOWN, None, None)
            return DateReading(DateOutcome.UNCERTAIN, uncertain=unknown)
        case NullMeaning.NOT_SET:
            quality = (Quality("NOT_SET", Severity.INFORMATION, {"marker": marker}),)
            return DateReading(DateOutcome.NOT_SET, quality=quality)
        case _:
            return DateReading(DateOutcome(meaning.value))


def read_parts(parts: DateParts, rules: DateRules, text: str | None = None) -> DateReading:
    """Return what year, month and day amount to.

    ``text`` is kept as the register's wording of an uncertain date; without it the usual wording
    is composed from the parts.
    """
    if parts.month > 12 or parts.day > 31 or (parts.day and not parts.month):
        return unreadable("DATE_UNREADABLE", rule="month or day")
    if not parts.day and not rules.parts_unknown:
        return unreadable("DATE_PART_UNKNOWN", part="day" if parts.month else "month")
    if parts.era and parts.western_year < GREGORIAN_SINCE.year:
        return lunar(_partly_known(parts)[0], text or parts.text(), parts.era)
    if not parts.day:
        return with_era(parts.era, _partly_known(parts), text or parts.text())
    return _read_day(parts, rules, text)


def _read_day(parts: DateParts, rules: DateRules, text: str | None) -> DateReading:
    if parts.day > SHORTEST_MONTH and parts.day > _last_of_month(parts):
        if not rules.non_calendar_days:
            return unreadable("NOT_CALENDAR_DAY")
        return with_era(parts.era, non_calendar_span(parts), text or parts.text())
    return _exact(parts.era, dt.date(parts.western_year, parts.month, parts.day))


def _last_of_month(parts: DateParts) -> int:
    return calendar.monthrange(parts.western_year, parts.month)[1]


Span = tuple[DatePrecision, dt.date, dt.date, tuple[Quality, ...]]
"""Precision, first and last possible day, and what was seen on the way."""


def month_span(year: int, month: int) -> tuple[dt.date, dt.date]:
    """Return first and last day of a month."""
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def _partly_known(parts: DateParts) -> Span:
    """Return the span of year and month; the precision is that of a lunar day if there is one."""
    year = parts.western_year
    if not parts.month:
        return DatePrecision.YEAR, dt.date(year, 1, 1), dt.date(year, 12, 31), ()
    precision = DatePrecision.NON_CALENDAR_DAY if parts.day else DatePrecision.MONTH
    return precision, *month_span(year, parts.month), ()


def non_calendar_span(parts: DateParts) -> Span:
    """Return the days around a day that no calendar has, such as 昭和34年2月29日.

    The day is kept as text and never shifted; it lies between the last day of its month and the
    day after.
    """
    last = month_span(parts.western_year, parts.month)[1]
    after = last + dt.timedelta(days=1) if last < dt.date.max else last
    quality = (Quality("NOT_CALENDAR_DAY", Severity.WARNING),)
    return DatePrecision.NON_CALENDAR_DAY, last, after, quality


def with_era(era: Era | None, span: Span, text: str) -> DateReading:
    """Return the uncertain date of ``span``, judged against the era it is written in."""
    precision, earliest, latest, quality = span
    if era is not None:
        if latest < GREGORIAN_SINCE:
            return lunar(precision, text, era)
        if latest < era.first_day:
            return _before_start(era, latest)
        if era.last_day is not None and earliest > era.last_day:
            quality = (*quality, overrun(era))
    uncertain = UncertainDate(precision, text, earliest, latest)
    return DateReading(DateOutcome.UNCERTAIN, None, uncertain, quality, era.letter if era else None)


def _exact(era: Era | None, day: dt.date) -> DateReading:
    if era is None:
        return DateReading(DateOutcome.DAY, day)
    if day < era.first_day:
        return _before_start(era, day)
    quality = (overrun(era),) if era.last_day and day > era.last_day else ()
    return DateReading(DateOutcome.DAY, day, None, quality, era.letter)


def overrun(era: Era) -> Quality:
    """Return the finding that a date is written past the end of its era."""
    return Quality("ERA_OVERRUN", Severity.WARNING, {"stated_era": era.letter})


def _before_start(era: Era, day: dt.date) -> DateReading:
    suggested = next(e for e in eras() if e.holds(day))
    return unreadable("ERA_BEFORE_START", stated_era=era.letter, suggested_era=suggested.letter)


def lunar(precision: DatePrecision, text: str, era: Era) -> DateReading:
    """Keep a date of the lunar calendar as text; only that it lies before 1873 is certain."""
    before = GREGORIAN_SINCE - dt.timedelta(days=1)
    return DateReading(
        DateOutcome.UNCERTAIN,
        None,
        UncertainDate(precision, text, None, before),
        (Quality("LUNAR_DATE", Severity.WARNING),),
        era.letter,
    )
