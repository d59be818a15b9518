"""Periods between two days, either of which may be open, uncertain or not recorded.

0000-01-01 and 9999-12-31 (0000 and 9999 as years) are open ends of a range, never days.

Source: data types of the national item lists, DATE and YEAR.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from typing import Any

from standard_models.answers import Quality, Severity, UncertainDate
from standard_models.values.dates import OPEN_END, OPEN_START
from standard_models.values.three_valued import Judgement, every


class End(Enum):
    """An end of a period that is no day: open, or not recorded."""

    OPEN = "open"
    NOT_RECORDED = "not-recorded"


Bound = dt.date | UncertainDate | End


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` to ``end``, both inclusive."""

    start: Bound
    end: Bound

    @property
    def open_ended(self) -> bool:
        """Tell whether the end has not come."""
        return self.end is End.OPEN

    def contains(self, day: dt.date) -> Judgement:
        """Tell whether ``day`` lies in the period; undecidable where an end leaves it open."""
        return every((_not_before(day, self.start), _not_after(day, self.end)))

    def overlaps(self, other: Period) -> Judgement:
        """Tell whether the periods share a day."""
        return every((_starts_by(self.start, other.end), _starts_by(other.start, self.end)))

    def check(self) -> tuple[Quality, ...]:
        """Return ``PERIOD_REVERSED`` (E) if the period certainly ends before it starts."""
        if _starts_by(self.start, self.end) is Judgement.NO:
            return (Quality("PERIOD_REVERSED", Severity.ERROR),)
        return ()

    def to_json(self) -> dict[str, Any]:
        """Return ``{start, end, open_ended}``: ISO days, uncertain dates, or null."""
        return {
            "start": _bound_to_json(self.start),
            "end": _bound_to_json(self.end),
            "open_ended": self.open_ended,
        }


def _earliest(bound: Bound) -> dt.date | None:
    return bound.earliest if isinstance(bound, UncertainDate) else _day(bound)


def _latest(bound: Bound) -> dt.date | None:
    return bound.latest if isinstance(bound, UncertainDate) else _day(bound)


def _day(bound: Bound) -> dt.date | None:
    return bound if isinstance(bound, dt.date) else None


def _not_before(day: dt.date, start: Bound) -> Judgement:
    if start is End.OPEN:
        return Judgement.YES
    first, last = _earliest(start), _latest(start)
    if last is not None and day >= last:
        return Judgement.YES
    return Judgement.NO if first is not None and day < first else Judgement.UNDECIDABLE


def _not_after(day: dt.date, end: Bound) -> Judgement:
    if end is End.OPEN:
        return Judgement.YES
    first, last = _earliest(end), _latest(end)
    if first is not None and day <= first:
        return Judgement.YES
    return Judgement.NO if last is not None and day > last else Judgement.UNDECIDABLE


def _starts_by(start: Bound, end: Bound) -> Judgement:
    if start is End.OPEN or end is End.OPEN:
        return Judgement.YES
    latest_start, earliest_end = _latest(start), _earliest(end)
    if latest_start is not None and earliest_end is not None and latest_start <= earliest_end:
        return Judgement.YES
    earliest_start, latest_end = _earliest(start), _latest(end)
    if earliest_start is not None and latest_end is not None and earliest_start > latest_end:
        return Judgement.NO
    return Judgement.UNDECIDABLE


def _bound_to_json(bound: Bound) -> Any:
    if isinstance(bound, UncertainDate):
        return bound.to_json()
    return bound.isoformat() if isinstance(bound, dt.date) else None


def bound_of(written: str | None) -> dt.date | End:
    """Return the end that an official DATE states; an open marker is an open end.

    Raises:
        ValueError: ``written`` is neither an ISO day nor an open marker.
    """
    if not written:
        return End.NOT_RECORDED
    if written in {OPEN_START, OPEN_END}:
        return End.OPEN
    return dt.date.fromisoformat(written)


def official_start(bound: Bound) -> str | None:
    """Return ``bound`` as an official DATE at the start of a range; uncertain dates have none."""
    return OPEN_START if bound is End.OPEN else _iso(bound)


def official_end(bound: Bound) -> str | None:
    """Return ``bound`` as an official DATE at the end of a range; uncertain dates have none."""
    return OPEN_END if bound is End.OPEN else _iso(bound)


def _iso(bound: Bound) -> str | None:
    return bound.isoformat() if isinstance(bound, dt.date) else None


def check_order(earlier: Bound, later: Bound, rule: str) -> tuple[Quality, ...]:
    """Return ``DATES_CONTRADICT`` (W) if ``later`` certainly lies before ``earlier``.

    For two dates of one person, as birth and death. Both values stay; ``rule`` names the pair.
    """
    if _starts_by(earlier, later) is Judgement.NO:
        return (Quality("DATES_CONTRADICT", Severity.WARNING, {"rule": rule}),)
    return ()
