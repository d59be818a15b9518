"""When a source cannot be asked: daily windows, days of the month, announced closures.

All times are Asia/Tokyo. The declarations are those of the manifest (``hours``).
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

TOKYO: Final = ZoneInfo("Asia/Tokyo")
LAST_DAY: Final = -1
"""As a day of the month: the last one, whatever its number."""

MAX_CLOSURES: Final = 400
"""Windows that follow each other without a gap are one closure; more of them never opens."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MonthDay = Annotated[int, Field(ge=LAST_DAY, le=31)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ClosedHours(_Section):
    """A window in which the source is closed; it may cross midnight, then its first day counts.

    ``weekdays`` and ``month_days`` (1 to 31, ``-1`` for the last) keep it to such days; without
    them it is closed every day. ``closes`` equal to ``opens`` is a whole day.
    """

    closes: dt.time
    opens: dt.time
    weekdays: tuple[Weekday, ...] = ()
    month_days: tuple[MonthDay, ...] = ()
    reason_ja: str = ""

    @model_validator(mode="after")
    def _no_day_zero(self) -> Self:
        if 0 in self.month_days:
            msg = "a day of the month is 1 to 31, or -1 for the last one"
            raise ValueError(msg)
        return self

    def window(self, day: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
        """Return the window that begins on ``day``, None if there is none."""
        if self.weekdays and _WEEKDAYS[day.weekday()] not in self.weekdays:
            return None
        last = calendar.monthrange(day.year, day.month)[1]
        if self.month_days and not {day.day, LAST_DAY if day.day == last else 0} & set(
            self.month_days
        ):
            return None
        end = day if self.closes < self.opens else day + dt.timedelta(days=1)
        return (
            dt.datetime.combine(day, self.closes, TOKYO),
            dt.datetime.combine(end, self.opens, TOKYO),
        )


class Closure(_Section):
    """An announced closure, such as the change of the fiscal year or a migration."""

    start: dt.datetime
    end: dt.datetime
    reason_ja: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            msg = "start and end carry their offset (+09:00)"
            raise ValueError(msg)
        if self.end <= self.start:
            msg = "end is after start"
            raise ValueError(msg)
        return self


class Hours(_Section):
    """When the source cannot be asked."""

    closed: tuple[ClosedHours, ...] = ()
    closures: tuple[Closure, ...] = ()

    def opens_at(self, now: dt.datetime) -> dt.datetime | None:
        """Return when the source opens if it is closed at ``now`` (aware), None if it is open.

        Windows that touch or overlap count as one: the answer is when it is really open.
        """
        if not self.closed and not self.closures:
            return None
        moment = now
        for _ in range(MAX_CLOSURES):
            ends = [end for start, end in self._around(moment) if start <= moment < end]
            if not ends:
                break
            moment = max(ends)
        return None if moment == now else moment.astimezone(TOKYO)

    def _around(self, moment: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        today = moment.astimezone(TOKYO).date()
        for hours in self.closed:
            for day in (today - dt.timedelta(days=1), today):
                if window := hours.window(day):
                    yield window
        yield from ((closure.start, closure.end) for closure in self.closures)
