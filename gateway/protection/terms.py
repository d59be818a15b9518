"""Terms of measures, and what sources say of them. Pure."""

from __future__ import annotations

import calendar
import datetime as dt
from enum import StrEnum
from typing import Final

GONE: Final = "gone"
"""A source lists somebody no more, and does not say why."""
MOVED_OUT: Final = "moved-out"
"""A source says that somebody has left the municipality."""
ENDED: Final = "ended"
"""A source says that a measure has ended."""


class MeasureState(StrEnum):
    """How a measure stands. All of them protect."""

    IN_FORCE = "in-force"
    ENDS_SOON = "ends-soon"
    PROVISIONAL = "provisional"
    ENDED_REVIEW = "ended-review"


def term_of(since: dt.date) -> dt.date:
    """Return the last day of a term of one year: 2026-06-10 to 2027-06-09. Rule DV-5."""
    if since.year == dt.MAXYEAR:
        # How registers write that there is no such day.
        return dt.date.max
    last = calendar.monthrange(since.year + 1, since.month)[1]
    return dt.date(since.year + 1, since.month, min(since.day, last)) - dt.timedelta(days=1)


def reminder_of(until: dt.date) -> dt.date:
    """Return the first day on which officers are reminded: a month before the last one."""
    month = until.replace(day=1) - dt.timedelta(days=1)
    return month.replace(day=min(until.day, month.day))


def last_reminded(day: dt.date) -> dt.date:
    """Return the latest end of a term of which officers are reminded by ``day``.

    So ``until <= last_reminded(day)`` says the same as ``reminder_of(until) <= day``.
    """
    year, month = divmod(day.year * 12 + day.month, 12)
    last = calendar.monthrange(year, month + 1)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(year, month + 1, last if is_last else min(day.day, last))


def state_of(until: dt.date, said: str | None, day: dt.date) -> MeasureState:
    """Return how a measure stands on a day.

    Whose source says that it ended waits for review, as after the last day of a term. Whoever
    moved out, or is listed no more before that day, is protected provisionally. Rules DV-5, DV-15.
    """
    if said == ENDED or day > until:
        return MeasureState.ENDED_REVIEW
    if said in {GONE, MOVED_OUT}:
        return MeasureState.PROVISIONAL
    return MeasureState.ENDS_SOON if day >= reminder_of(until) else MeasureState.IN_FORCE
