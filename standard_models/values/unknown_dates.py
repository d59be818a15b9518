"""Sentences about uncertain dates (不詳): the fourteen forms of the resident specification.

A sentence is kept word for word and printed back so; its grammar only yields the precision and the
days between which the date lies. What the grammar does not know keeps its text, without bounds.

Source: resident specification 1.0, input patterns of unknown dates; the bounds are our own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from standard_models.answers import DatePrecision, Quality, Severity, UncertainDate
from standard_models.values.date_readings import (
    WHOLLY_UNKNOWN,
    DateOutcome,
    DateParts,
    DateReading,
    DateRules,
    NullMeaning,
    Span,
    month_span,
    non_calendar_span,
    read_null,
    with_era,
)
from standard_models.values.dates import YEAR, arabic_key, parse_written, year_parts
from standard_models.values.eras import Era
from standard_models.values.text import trim_padding

MAX_CHARACTERS: Final = 72
"""How many full-width characters the official item for such a sentence holds."""

Season = tuple[int, int, int]
"""First month, last month, and how many years later the last month is (winter: ``12, 2, 1``)."""


@dataclass(frozen=True, slots=True)
class BoundsPolicy:
    """How far 頃 reaches, and which months a season has. By default nothing is assumed.

    ``margin_days``, ``margin_months`` and ``margin_years`` widen a 頃 of that precision on both
    sides. ``seasons`` maps 春, 夏, 秋, 冬 to months; a season that it lacks has no bounds.
    """

    margin_days: int = 0
    margin_months: int = 0
    margin_years: int = 0
    seasons: Mapping[str, Season] = field(default_factory=dict)


_ABOUT: Final = "頃|ころ|ごろ"
_MONTH: Final = r"(?P<month>\d{1,2})月"
_DAY: Final = r"(?P<day>\d{1,2})日"
_WRITTEN_RULES: Final = DateRules(parts_unknown=True, non_calendar_days=True)
_FORMS: Final = (
    ("unknown", re.compile(r"(?:年月日)?(?:不詳|不明)")),
    (
        "parts",
        re.compile(rf"(?P<e>推定)?{YEAR}年(?:{_MONTH}(?:{_DAY})?)?(?P<a>{_ABOUT})?", re.A),
    ),
    ("parts", re.compile(rf"(?P<e>){YEAR}年(?:月|{_MONTH})日(?:不詳|不明)(?P<day>)(?P<a>)", re.A)),
    ("season", re.compile(rf"{YEAR}年(?P<season>[春夏秋冬])(?P<a>{_ABOUT})?", re.A)),
    ("ten_day", re.compile(rf"{YEAR}年{_MONTH}(?P<third>[上中下])旬(?P<a>{_ABOUT})?", re.A)),
    (
        "range",
        re.compile(
            rf"{YEAR}年{_MONTH}(?P<e>推定)?{_DAY}(?P<a>{_ABOUT})?から"
            rf"(?:(?P<month2>\d{{1,2}})月)?(?P<e2>推定)?(?P<day2>\d{{1,2}})日(?P<a2>{_ABOUT})?"
            r"までの?間",
            re.A,
        ),
    ),
)


def parse_sentence(raw: str, policy: BoundsPolicy | None = None) -> DateReading:
    """Read what a register says in words about a date; for columns that hold such sentences.

    A plain written date is a day. A blank is ``not-recorded``. Any other text becomes an uncertain
    date with the text as it stands (right padding removed); a sentence outside the known forms
    has the precision ``unknown``, no bounds, and ``UNCERTAIN_TEXT_UNREAD`` (W). Never raises.
    """
    text = trim_padding(raw)
    if text is None:
        return read_null(NullMeaning.NOT_RECORDED, "blank")
    plain = parse_written(text, _WRITTEN_RULES)
    if plain.outcome in {DateOutcome.DAY, DateOutcome.UNCERTAIN}:
        return plain
    key = arabic_key(text)
    for form, pattern in _FORMS:
        if found := pattern.fullmatch(key):
            return _read_form(form, found, text, policy or BoundsPolicy())
    return _unread(text)


def _unread(text: str) -> DateReading:
    uncertain = UncertainDate(DatePrecision.UNKNOWN, text, None, None)
    quality = (Quality("UNCERTAIN_TEXT_UNREAD", Severity.WARNING),)
    return DateReading(DateOutcome.UNCERTAIN, None, uncertain, quality)


def _read_form(form: str, found: re.Match[str], text: str, policy: BoundsPolicy) -> DateReading:
    if form == "unknown":
        uncertain = UncertainDate(DatePrecision.UNKNOWN, text, None, None)
        return DateReading(DateOutcome.UNCERTAIN, None, uncertain)
    try:
        era, span = _SPANS[form](found, policy)
    except (ValueError, OverflowError):
        return _unread(text)
    if isinstance(span, DatePrecision):
        uncertain = UncertainDate(span, text, None, None)
        return DateReading(DateOutcome.UNCERTAIN, None, uncertain)
    reading = with_era(era, span, text)
    return _unread(text) if reading.outcome is DateOutcome.UNREADABLE else reading


_Spanned = tuple[Era | None, Span | DatePrecision]


def _parts_span(found: re.Match[str], policy: BoundsPolicy) -> _Spanned:
    era, year = year_parts(found)
    parts = DateParts(era, year, int(found["month"] or 0), int(found["day"] or 0))
    exactness = "day" if parts.day else "month" if parts.month else "year"
    if found["e"] and found["a"]:
        raise ValueError("both estimated and approximate")
    span = _real_span(parts)
    prefix = "estimated-" if found["e"] else "approximate-" if found["a"] else ""
    if not prefix and span[0] is DatePrecision.NON_CALENDAR_DAY:
        return era, span
    span = (DatePrecision(prefix + exactness), *span[1:])
    return era, _widened(span, policy) if found["a"] else span


def _real_span(parts: DateParts) -> Span:
    year = parts.western_year
    if not parts.month:
        return DatePrecision.YEAR, dt.date(year, 1, 1), dt.date(year, 12, 31), ()
    first, last = month_span(year, parts.month)
    if not parts.day:
        return DatePrecision.MONTH, first, last, ()
    if not 1 <= parts.day <= 31:
        raise ValueError("no such day")
    if parts.day > last.day:
        return non_calendar_span(parts)
    day = first.replace(day=parts.day)
    return DatePrecision.DAY, day, day, ()


def _season_span(found: re.Match[str], policy: BoundsPolicy) -> _Spanned:
    era, year = year_parts(found)
    western = DateParts(era, year).western_year
    precision = DatePrecision.APPROXIMATE_SEASON if found["a"] else DatePrecision.SEASON
    season = policy.seasons.get(found["season"])
    if season is None:
        return era, precision
    first, last, later = season
    span = precision, month_span(western, first)[0], month_span(western + later, last)[1], ()
    return era, span


def _ten_day_span(found: re.Match[str], policy: BoundsPolicy) -> _Spanned:
    era, year = year_parts(found)
    western = DateParts(era, year).western_year
    first, last = month_span(western, int(found["month"]))
    start, end = {"上": (1, 10), "中": (11, 20), "下": (21, last.day)}[found["third"]]
    precision = DatePrecision.APPROXIMATE_TEN_DAY if found["a"] else DatePrecision.TEN_DAY
    span: Span = (precision, first.replace(day=start), first.replace(day=end), ())
    return era, _widened(span, policy) if found["a"] else span


def _range_span(found: re.Match[str], policy: BoundsPolicy) -> _Spanned:
    era, year = year_parts(found)
    month = int(found["month"])
    start = _real_span(DateParts(era, year, month, int(found["day"])))
    end = _real_span(DateParts(era, year, int(found["month2"] or month), int(found["day2"])))
    approximate = found["a"] or found["a2"]
    if end[2] < start[1] or (approximate and (found["e"] or found["e2"])):
        raise ValueError("two readings are possible")
    precision = DatePrecision.RANGE
    if approximate:
        precision = DatePrecision.APPROXIMATE_RANGE
    elif found["e"] or found["e2"]:
        precision = DatePrecision.ESTIMATED_RANGE
    span: Span = (precision, start[1], end[2], (*start[3], *end[3]))
    if not approximate:
        return era, span
    margin = dt.timedelta(days=policy.margin_days)
    return era, (precision, span[1] - margin, span[2] + margin, span[3])


def _widened(span: Span, policy: BoundsPolicy) -> Span:
    precision, earliest, latest, quality = span
    match precision:
        case DatePrecision.APPROXIMATE_YEAR:
            years = policy.margin_years
            earliest = earliest.replace(year=earliest.year - years)
            latest = latest.replace(year=latest.year + years)
        case DatePrecision.APPROXIMATE_MONTH:
            earliest = _months_later(earliest, -policy.margin_months)[0]
            latest = _months_later(latest, policy.margin_months)[1]
        case _:
            earliest -= dt.timedelta(days=policy.margin_days)
            latest += dt.timedelta(days=policy.margin_days)
    return precision, earliest, latest, quality


def _months_later(day: dt.date, months: int) -> tuple[dt.date, dt.date]:
    years, month = divmod(day.month - 1 + months, 12)
    return month_span(day.year + years, month + 1)


_SPANS: Final[Mapping[str, Callable[[re.Match[str], BoundsPolicy], _Spanned]]] = {
    "parts": _parts_span,
    "season": _season_span,
    "ten_day": _ten_day_span,
    "range": _range_span,
}


def order_key(value: dt.date | UncertainDate) -> tuple[dt.date, dt.date]:
    """Return what dates, certain or not, are ordered by: first and last possible day.

    A missing bound sorts outermost. The key is for ordering only and never leaves the system.
    """
    if isinstance(value, UncertainDate):
        return value.earliest or dt.date.min, value.latest or dt.date.max
    return value, value


def uncertain_from_json(data: Mapping[str, Any]) -> UncertainDate:
    """Return the uncertain date that ``UncertainDate.to_json`` wrote.

    Raises:
        KeyError, ValueError: ``data`` is not of that shape.

    """
    earliest, latest = data["earliest"], data["latest"]
    return UncertainDate(
        DatePrecision(data["precision"]),
        data["text"],
        dt.date.fromisoformat(earliest) if earliest else None,
        dt.date.fromisoformat(latest) if latest else None,
    )


@dataclass(frozen=True, slots=True)
class OfficialDate:
    """A date as the national format carries it: DATE, unknown flag (0/1) and wording.

    List 031 has DATE and wording, the API edition 2.0 all three. A receiver gets an uncertain date
    as unknown: no day is made up for it.
    """

    day: dt.date | None
    unknown_flag: str
    wording: str | None


def to_official(reading: DateReading) -> OfficialDate | None:
    """Return the official form of a day or an uncertain date; None where nothing is recorded."""
    if reading.uncertain is not None:
        return OfficialDate(None, "1", reading.uncertain.text)
    if reading.day is not None:
        return OfficialDate(reading.day, "0", None)
    return None


def from_official(official: OfficialDate, policy: BoundsPolicy | None = None) -> DateReading:
    """Return what the official form says; a flag without wording is 年月日不詳.

    A day together with wording contradicts itself: the wording holds, with
    ``UNKNOWN_DATE_HAS_DAY`` (W).
    """
    if official.unknown_flag == "1" or official.wording:
        reading = _worded(official.wording or WHOLLY_UNKNOWN, policy)
        if official.day is None:
            return reading
        quality = (*reading.quality, Quality("UNKNOWN_DATE_HAS_DAY", Severity.WARNING))
        return DateReading(
            reading.outcome, reading.day, reading.uncertain, quality, reading.stated_era
        )
    if official.day is None:
        return read_null(NullMeaning.NOT_RECORDED, "blank")
    return DateReading(DateOutcome.DAY, official.day)


def _worded(wording: str, policy: BoundsPolicy | None) -> DateReading:
    reading = parse_sentence(wording, policy)
    return reading if reading.outcome is DateOutcome.UNCERTAIN else _unread(wording)
