"""NW-1: when a source is closed, by the declarations of its manifest: day, month, year, notice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from adapters.hours import TOKYO, Hours


def at(text: str) -> dt.datetime:
    """Return a time in Tokyo."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=TOKYO)


NIGHT = {"closes": "22:00", "opens": "06:00"}
MONTH_END = {"closes": "18:00", "opens": "09:00", "month_days": [-1]}
SUNDAY = {"closes": "00:00", "opens": "00:00", "weekdays": ["sun"]}
YEAR_CHANGE = {
    "start": "2026-03-31T20:00:00+09:00",
    "end": "2026-04-01T08:30:00+09:00",
    "reason_ja": "年度切替",
}


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        ({"closed": [NIGHT]}, "2026-10-01T21:59:59", None),
        ({"closed": [NIGHT]}, "2026-10-01T22:00:00", "2026-10-02T06:00:00"),
        ({"closed": [NIGHT]}, "2026-10-02T05:59:59", "2026-10-02T06:00:00"),
        ({"closed": [NIGHT]}, "2026-10-02T06:00:00", None),
        ({"closed": [MONTH_END]}, "2026-02-28T19:00:00", "2026-03-01T09:00:00"),
        ({"closed": [MONTH_END]}, "2028-02-28T19:00:00", None),
        ({"closed": [MONTH_END]}, "2028-02-29T19:00:00", "2028-03-01T09:00:00"),
        ({"closed": [SUNDAY]}, "2026-10-04T12:00:00", "2026-10-05T00:00:00"),
        ({"closed": [SUNDAY]}, "2026-10-05T00:00:00", None),
        ({"closed": [NIGHT, SUNDAY]}, "2026-10-03T23:00:00", "2026-10-05T06:00:00"),
        ({"closures": [YEAR_CHANGE]}, "2026-03-31T21:00:00", "2026-04-01T08:30:00"),
        (
            {"closed": [NIGHT], "closures": [YEAR_CHANGE]},
            "2026-03-31T21:00:00",
            "2026-04-01T08:30:00",
        ),
        ({}, "2026-01-01T00:00:00", None),
    ],
)
def test_a_source_is_closed_until_it_is_really_open(
    hours: dict[str, Any], now: str, opens: str | None
) -> None:
    """Windows that touch or overlap are one; the last day of a month is the last of that month."""
    found = Hours.model_validate(hours).opens_at(at(now))
    assert found == (at(opens) if opens else None)


def test_other_zones_are_the_same_moment() -> None:
    """The gateway may run on UTC."""
    night = Hours.model_validate({"closed": [NIGHT]})
    found = night.opens_at(dt.datetime(2026, 10, 1, 13, 0, tzinfo=dt.UTC))
    assert found == at("2026-10-02T06:00:00")


@pytest.mark.parametrize(
    "wrong",
    [
        {"closed": [{"closes": "22:00"}]},
        {"closed": [{**NIGHT, "month_days": [0]}]},
        {"closed": [{**NIGHT, "month_days": [32]}]},
        {"closed": [{**NIGHT, "weekdays": ["Sunday"]}]},
        {"closures": [{**YEAR_CHANGE, "end": "2026-03-31T19:00:00+09:00"}]},
        {"closures": [{**YEAR_CHANGE, "start": "2026-03-31T20:00:00"}]},
        {"closures": [{**YEAR_CHANGE, "reason_ja": ""}]},
    ],
)
def test_hours_that_mean_nothing_are_refused(wrong: dict[str, Any]) -> None:
    """A closure without a zone, or without a reason, is no announcement."""
    with pytest.raises(ValidationError):
        Hours.model_validate(wrong)
