"""When an office is closed: nights, weekends, national holidays, the turn of the year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from importlib import resources
from typing import Final

from gateway.clock import TOKYO
from standard_models.safe_yaml import safe_load

OPENS: Final = dt.time(8, 30)
CLOSES: Final = dt.time(17, 15)


class UnknownYearError(Exception):
    """The table of holidays does not hold this year."""

    def __init__(self, year: int) -> None:
        super().__init__(str(year))
        self.year = year


@dataclass(frozen=True, slots=True)
class OfficeCalendar:
    """Hours and days of an office, in Asia/Tokyo.

    From 29 December to 3 January it is closed. Source: 地方自治法第4条の2, by which municipalities
    set their days off by ordinance, and the ordinances of nearly all.
    """

    holidays: frozenset[dt.date]
    years: frozenset[int]
    opens: dt.time = OPENS
    closes: dt.time = CLOSES
    also_closed: frozenset[dt.date] = field(default_factory=frozenset)

    def is_open_on(self, day: dt.date) -> bool:
        """Return whether the office opens on ``day``.

        Raises:
            UnknownYearError: the holidays of that year are not known.
        """
        if day.year not in self.years:
            raise UnknownYearError(day.year)
        turn_of_year = (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3)
        closed = day.weekday() >= 5 or day in self.holidays or day in self.also_closed
        return not (closed or turn_of_year)

    def closed_spans(
        self, since: dt.datetime, until: dt.datetime
    ) -> list[tuple[dt.datetime, dt.datetime]]:
        """Return the times between two moments at which the office is closed, each half open.

        Raises:
            UnknownYearError: the holidays of a year between are not known.
        """
        spans: list[tuple[dt.datetime, dt.datetime]] = []
        begin = since
        day = since.astimezone(TOKYO).date()
        while day <= until.astimezone(TOKYO).date():
            if self.is_open_on(day):
                opens = dt.datetime.combine(day, self.opens, TOKYO)
                closes = dt.datetime.combine(day, self.closes, TOKYO)
                if begin < min(opens, until):
                    spans.append((begin, min(opens, until)))
                begin = max(begin, closes)
            day += dt.timedelta(days=1)
        if begin < until:
            spans.append((begin, until))
        return spans


def read_calendar(
    opens: dt.time = OPENS, closes: dt.time = CLOSES, also_closed: frozenset[dt.date] = frozenset()
) -> OfficeCalendar:
    """Return the calendar with the national holidays that come with the package."""
    text = resources.files("gateway.audit.searches").joinpath("holidays.yaml").read_text("utf-8")
    table = safe_load(text)
    return OfficeCalendar(
        frozenset(dt.date.fromisoformat(day) for day in table["days"]),
        frozenset(table["years"]),
        opens,
        closes,
        also_closed,
    )
