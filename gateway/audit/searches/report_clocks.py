"""Until when a leak must be reported to the Personal Information Protection Commission. Pure.

The figures are data with dates and sources (``report_clocks.yaml``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from gateway.audit.searches.calendar import OfficeCalendar, UnknownYearError
from gateway.errors import ExplainedError
from standard_models.safe_yaml import safe_load

_ONE_DAY = dt.timedelta(days=1)


class ClockRefused(ExplainedError):
    """No day can be said; the texts say why."""


@dataclass(frozen=True, slots=True)
class ReportDays:
    """The figures that hold from a day on, in days; the day of knowing is the first one."""

    valid_from: dt.date
    prompt_days: tuple[int, int]
    full_days: int
    full_days_improper: int


@dataclass(frozen=True, slots=True)
class ReportClocks:
    """Every figure that there ever was, in the order of their days, and the law."""

    law: str
    clocks: Sequence[ReportDays]


@dataclass(frozen=True, slots=True)
class Due:
    """Until when which report is due, counted from the day ``known_on``.

    ``prompt`` is the span that the guideline means by "without delay" (速報); ``full`` the last
    day of the full report (確報), ``full_improper`` that where it may have been done for an
    improper purpose.
    """

    known_on: dt.date
    prompt: tuple[dt.date, dt.date]
    full: dt.date
    full_improper: dt.date
    law: str

    def members(self) -> dict[str, str]:
        """Return the days as they stand in a list."""
        return {
            "known_on": self.known_on.isoformat(),
            "sokuho_from": self.prompt[0].isoformat(),
            "sokuho_until": self.prompt[1].isoformat(),
            "kakuho_until": self.full.isoformat(),
            "kakuho_until_improper_purpose": self.full_improper.isoformat(),
            "law": self.law,
        }


def due(known_on: dt.date, today: dt.date, calendar: OfficeCalendar, clocks: ReportClocks) -> Due:
    """Return until when which report of a leak is due that became known on ``known_on``.

    In a year whose holidays are not known a last day is not moved: it is never said too late.

    Raises:
        ClockRefused: the day lies in the future, or before the rule.
    """
    if known_on > today:
        raise ClockRefused("知った日が今日より後です。", "The day of knowing lies in the future.")
    held = [clock for clock in clocks.clocks if clock.valid_from <= known_on]
    if not held:
        raise ClockRefused(
            f"{clocks.clocks[0].valid_from} より前に知った漏えい等の報告期限は登録されていません。",
            f"There are no report clocks before {clocks.clocks[0].valid_from}.",
        )
    clock = held[-1]
    first, last = (known_on + (days - 1) * _ONE_DAY for days in clock.prompt_days)
    return Due(
        known_on,
        (first, last),
        _open_day(known_on + (clock.full_days - 1) * _ONE_DAY, calendar),
        _open_day(known_on + (clock.full_days_improper - 1) * _ONE_DAY, calendar),
        clocks.law,
    )


def _open_day(day: dt.date, calendar: OfficeCalendar) -> dt.date:
    """Return the day, or the next one on which offices are open."""
    moved = day
    try:
        while not calendar.is_open_on(moved):
            moved += _ONE_DAY
    except UnknownYearError:
        return day
    return moved


@cache
def read_report_clocks() -> ReportClocks:
    """Return the figures that come with the package."""
    file = resources.files("gateway.audit.searches").joinpath("report_clocks.yaml")
    said = safe_load(file.read_text("utf-8"))
    clocks = [
        ReportDays(**row | {"prompt_days": tuple(row["prompt_days"])}) for row in said["clocks"]
    ]
    return ReportClocks(said["law"], sorted(clocks, key=lambda clock: clock.valid_from))
