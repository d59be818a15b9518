"""Columns that a profile must declare: two-digit years, counted days, months; dated bounds."""

from __future__ import annotations

import calendar
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.values.bounds_policies import BoundsParameter, BoundsPolicies
from standard_models.values.dates import (
    CenturyWindow,
    DateOutcome,
    DateRules,
    NullMeaning,
    parse_ordinal_digits,
    parse_short_western_digits,
    parse_written,
)
from standard_models.values.unknown_dates import parse_sentence
from standard_models.values.year_months import YearMonth, parse_year_month

D = dt.date
MONTHS = st.builds(YearMonth, st.integers(1, 9999), st.integers(1, 12))


@given(st.dates(D(1873, 1, 1), D(2100, 12, 31)), st.integers(1873, 2100))
def test_a_two_digit_year_lies_in_the_hundred_years_of_the_profile(
    day: dt.date, first: int
) -> None:
    """One day for one writing, and none without a century."""
    digits = f"{day:%y%m%d}"
    reading = parse_short_western_digits(digits, DateRules(century=CenturyWindow(first)))
    if reading.day is not None:
        assert first <= reading.day.year < first + 100
        assert f"{reading.day:%y%m%d}" == digits
    else:
        assert digits == "000000" or (digits.endswith("0229") and day.month == 2)
    assert parse_short_western_digits(digits, DateRules()).day is None


def test_written_years_of_two_digits_wait_for_their_century() -> None:
    """99/4/1 may be 1999, 1899 or the year 99 of something else."""
    assert parse_written("99/4/1").outcome is DateOutcome.UNREADABLE
    rules = DateRules(century=CenturyWindow(1950))
    assert parse_written("99/4/1", rules).day == D(1999, 4, 1)
    assert parse_written("49.4.1", rules).day == D(2049, 4, 1)
    assert parse_written("2026/4/1", rules).day == D(2026, 4, 1)


@given(st.dates(D(1, 1, 1), D(9999, 12, 30)))
def test_a_counted_day_is_read_back(day: dt.date) -> None:
    """001 is 1 January."""
    assert parse_ordinal_digits(f"{day.year:04}{day.timetuple().tm_yday:03}").day == day


@pytest.mark.parametrize("year", [1900, 2000, 2023, 2024])
def test_a_year_has_no_more_days_than_its_calendar(year: int) -> None:
    """366 only in leap years."""
    read = parse_ordinal_digits(f"{year}366")
    assert (read.day is not None) is calendar.isleap(year)
    assert parse_ordinal_digits(f"{year}367").outcome is DateOutcome.UNREADABLE


def test_the_last_day_of_9999_is_an_open_end_in_every_writing() -> None:
    """9999365 too; what nines mean is declared."""
    rules = DateRules(nines=NullMeaning.OPEN_ENDED)
    assert parse_ordinal_digits("9999365", rules).outcome is DateOutcome.OPEN_ENDED
    assert parse_ordinal_digits("9999365").day is None


def test_day_000_is_unknown_where_parts_may_be() -> None:
    """Only the year is then known."""
    reading = parse_ordinal_digits("2026000", DateRules(parts_unknown=True))
    assert reading.uncertain is not None
    assert (reading.uncertain.earliest, reading.uncertain.latest) == (
        D(2026, 1, 1),
        D(2026, 12, 31),
    )


@given(MONTHS)
def test_the_canonical_form_of_a_month_is_a_fixed_point(month: YearMonth) -> None:
    """parse∘format is identity, also from JSON."""
    assert parse_year_month(str(month)).month == month
    assert YearMonth.from_json(str(month)) == month


@given(st.builds(YearMonth, st.integers(1000, 2900), st.integers(1, 12)))
def test_a_month_shown_in_its_era_is_read_back(month: YearMonth) -> None:
    """Before 1873 it is shown in Western years."""
    shown = parse_year_month(month.wareki())
    assert shown.month == month
    assert shown.quality == ()


@given(MONTHS, MONTHS)
def test_months_are_ordered_in_time(one: YearMonth, other: YearMonth) -> None:
    """As their texts are."""
    assert (one < other) is (str(one) < str(other))


def test_what_is_no_month_is_refused() -> None:
    """Neither month 13 nor a day, nor another form in JSON."""
    for text in ("2026-13", "2026-04-01", "0000-04", "April"):
        assert parse_year_month(text).month is None
        with pytest.raises(ValueError, match="month"):
            YearMonth.from_json(text)


HEAD = "parameter,value,valid_from,valid_to,source,mark\n"
TABLE = (
    HEAD + "春,3-5,,2026-03-31,市長決裁 2020-01-06,K\n春,2-4,2026-04-01,,市長決裁 2026-02-01,K\n"
    "冬,12-2,,,市長決裁 2020-01-06,K\nmargin_months,1,,,市長決裁 2020-01-06,K\n"
)


def table(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "bounds.csv"
    path.write_text(content, "utf-8")
    return path


def test_seasons_and_margins_are_those_in_force_on_the_day(tmp_path: Path) -> None:
    """The same register text has other bounds under another decision; a season without row none."""
    policies = BoundsPolicies.read(table(tmp_path, TABLE))
    early, late = policies.on(D(2026, 3, 31)), policies.on(D(2026, 4, 1))
    spring = [parse_sentence("令和３年春", policy).uncertain for policy in (early, late)]
    assert [(u.earliest, u.latest) for u in spring if u] == [
        (D(2021, 3, 1), D(2021, 5, 31)),
        (D(2021, 2, 1), D(2021, 4, 30)),
    ]
    winter = parse_sentence("令和３年冬", late).uncertain
    assert winter is not None
    assert (winter.earliest, winter.latest) == (D(2021, 12, 1), D(2022, 2, 28))
    month = parse_sentence("令和３年９月頃", late).uncertain
    assert month is not None
    assert (month.earliest, month.latest) == (D(2021, 8, 1), D(2021, 10, 31))
    autumn = parse_sentence("令和３年秋", late).uncertain
    assert autumn is not None
    assert (autumn.earliest, autumn.latest) == (None, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("season,months\n", "columns must be"),
        (HEAD + "梅雨,6-7,,,市長決裁,K\n", "row 1, parameter"),
        (HEAD + "春,3-13,,,市長決裁,K\n", "row 1, value"),
        (HEAD + "margin_days,ten,,,市長決裁,K\n", "row 1, value"),
        (HEAD + "春,3-5,,, ,K\n", "row 1, source"),
        (HEAD + "春,3-5,令和8年,,市長決裁,K\n", "row 1, valid_from"),
        (HEAD + "春,3-5,2026-04-01,2026-03-31,市長決裁,K\n", "row 1, valid_to"),
        (TABLE + "春,3-6,2026-05-01,,市長決裁,K\n", "row 5: 春 overlaps"),
    ],
)
def test_a_table_that_is_not_certain_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """Naming row and column; two rows for one day would be a choice."""
    with pytest.raises(ValueError, match=said):
        BoundsPolicies.read(table(tmp_path, content))


def test_rows_need_not_come_from_a_file() -> None:
    """Without rows nothing is assumed."""
    assert BoundsPolicies([]).on(D(2026, 4, 1)).seasons == {}
    row = BoundsParameter("margin_years", "2", None, None, "市長決裁")
    assert BoundsPolicies([row]).on(D(2026, 4, 1)).margin_years == 2
