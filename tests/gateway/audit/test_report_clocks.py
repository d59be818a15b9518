"""PL-10: until when a leak is reported to the commission, at the days where that changes."""

from __future__ import annotations

import datetime as dt

import pytest

from gateway.audit.searches import ClockRefused, due, read_calendar, read_report_clocks
from gateway.audit.searches.report_clocks import ReportClocks, ReportDays

TODAY = dt.date(2028, 12, 31)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("known_on", "full", "improper"),
    [
        ("2026-10-01", "2026-10-30", "2026-11-30"),  # day 30 a Friday; day 60 a Sunday
        ("2026-10-02", "2026-11-02", "2026-11-30"),  # day 30 a Saturday; day 60 a Monday
        ("2026-10-04", "2026-11-02", "2026-12-02"),  # day 30 a Monday
        ("2026-10-05", "2026-11-04", "2026-12-03"),  # day 30 文化の日
        ("2026-11-29", "2026-12-28", "2027-01-27"),  # day 30 the last day before the closed ones
        ("2026-11-30", "2027-01-04", "2027-01-28"),  # day 30 the first day of the closed ones
        ("2026-12-05", "2027-01-04", "2027-02-02"),  # day 30 the last closed day, a Sunday
        ("2026-12-06", "2027-01-04", "2027-02-03"),  # day 30 the first day that is open
        ("2026-03-23", "2026-04-21", "2026-05-21"),
        ("2026-04-04", "2026-05-07", "2026-06-02"),  # day 30 憲法記念日, a Sunday; three days off
    ],
)
def test_the_full_report_is_due_on_day_30_or_60_or_when_offices_open(known_on, full, improper):
    """The day of knowing is the first; days off count, but none is the last."""
    found = due(day(known_on), TODAY, read_calendar(), read_report_clocks())
    assert (found.full, found.full_improper) == (day(full), day(improper))


@pytest.mark.parametrize(
    ("known_on", "first", "last"),
    [
        ("2026-10-01", "2026-10-03", "2026-10-05"),
        ("2026-10-28", "2026-10-30", "2026-11-01"),  # the last a Sunday: not moved
        ("2026-12-27", "2026-12-29", "2026-12-31"),
    ],
)
def test_the_prompt_report_is_due_on_day_3_to_5_whatever_days_they_are(known_on, first, last):
    """Without delay: days off put nothing off."""
    found = due(day(known_on), TODAY, read_calendar(), read_report_clocks())
    assert found.prompt == (day(first), day(last))


@pytest.mark.parametrize(
    ("known_on", "full", "improper"),
    [
        ("2023-04-01", "2023-04-30", "2023-05-30"),
        ("2027-12-05", "2028-01-03", "2028-02-02"),
        ("2027-12-02", "2027-12-31", "2028-01-30"),
    ],
)
def test_where_holidays_are_not_known_a_day_is_never_said_too_late(known_on, full, improper):
    """It is not moved, though it may be a day off."""
    found = due(day(known_on), TODAY, read_calendar(), read_report_clocks())
    assert (found.full, found.full_improper) == (day(full), day(improper))


def test_a_day_before_the_rule_or_in_the_future_is_refused():
    """Nothing is guessed; today is good."""
    clocks = read_report_clocks()
    for known_on, today in (("2023-03-31", TODAY), ("2026-10-02", day("2026-10-01"))):
        with pytest.raises(ClockRefused):
            due(day(known_on), today, read_calendar(), clocks)
    assert due(day("2023-04-01"), TODAY, read_calendar(), clocks)
    assert due(day("2026-10-01"), day("2026-10-01"), read_calendar(), clocks)


def test_a_new_rule_holds_for_what_became_known_from_its_day_on():
    """The figures are parameters with a date."""
    clocks = ReportClocks(
        "法",
        [
            ReportDays(day("2023-04-01"), (3, 5), 30, 60),
            ReportDays(day("2026-10-01"), (1, 2), 10, 20),
        ],
    )
    before = due(day("2026-09-30"), TODAY, read_calendar(), clocks)
    assert (before.prompt[1], before.full) == (day("2026-10-04"), day("2026-10-29"))
    since = due(day("2026-10-01"), TODAY, read_calendar(), clocks)
    assert (since.prompt, since.full, since.full_improper) == (
        (day("2026-10-01"), day("2026-10-02")),
        day("2026-10-13"),  # day 10 a Saturday, then a Sunday and スポーツの日
        day("2026-10-20"),
    )
