"""When a source says that its data is complete."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any, Final

from adapters.mapping.model import AsOf, TimeFormat
from adapters.mapping.rows import ShapeError, read_path
from standard_models.values.dates import DateOutcome, parse_written

TOKYO: Final = dt.timezone(dt.timedelta(hours=9), "JST")

_DIGITS14 = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)", re.ASCII)
_CLOCK = re.compile(r"(\d\d):(\d\d):(\d\d)", re.ASCII)


def as_of(rule: AsOf, answer: Any) -> dt.datetime | None:
    """Return the time that an answer states, aware; None where it states none that can be read."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    try:
        stated = read_path(first, rule.field) if first else None
    except ShapeError:
        return None
    if not isinstance(stated, str):
        return None
    try:
        return _parse(stated.strip(), rule.format)
    except ValueError:
        return None


@lru_cache(64)
def _parse(stated: str, format_: TimeFormat) -> dt.datetime | None:
    match format_:
        case TimeFormat.DIGITS14:
            found = _DIGITS14.fullmatch(stated)
            if found is None:
                return None
            year, month, day, hour, minute, second = map(int, found.groups())
            return dt.datetime(year, month, day, hour, minute, second, tzinfo=TOKYO)
        case TimeFormat.ERA_DATE_TIME:
            return _era_date_time(stated)
        case TimeFormat.RFC3339:
            time = dt.datetime.fromisoformat(stated)
            return time if time.tzinfo else None


def _era_date_time(stated: str) -> dt.datetime | None:
    day, _, clock = stated.partition(" ")
    reading, found = parse_written(day), _CLOCK.fullmatch(clock)
    if reading.outcome is not DateOutcome.DAY or reading.day is None or found is None:
        return None
    time = dt.time(int(found[1]), int(found[2]), int(found[3]), tzinfo=TOKYO)
    return dt.datetime.combine(reading.day, time)
