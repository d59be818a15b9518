"""Fiscal years: April to March, also past the end of an era."""

from __future__ import annotations

import datetime as dt

import pytest

from standard_models.answers import Severity
from standard_models.values.fiscal_years import (
    era_fiscal_year,
    first_day,
    fiscal_year,
    last_day,
    parse_fiscal_year,
)


@pytest.mark.parametrize(
    ("raw", "year", "overrun"),
    [
        ("R08", 2026, False),
        ("Ｒ０８", 2026, False),
        ("令和8年度", 2026, False),
        ("令和元年度", 2019, False),
        ("R01", 2019, False),
        ("H31", 2019, False),
        ("平成31年度", 2019, False),
        ("平成33", 2021, True),
        ("H32", 2020, True),
        ("S63", 1988, False),
        ("S64", 1989, True),
        ("2026", 2026, False),
        ("2026年度", 2026, False),
    ],
)
def test_a_fiscal_year_is_read_and_an_overrun_is_said(raw: str, year: int, overrun: bool) -> None:
    """平成33年度 is 2021 with a warning; 平成31年度 began in 平成."""
    reading = parse_fiscal_year(raw)
    assert reading.year == year
    expected = [("ERA_OVERRUN", Severity.WARNING)] if overrun else []
    assert [(q.code, q.severity) for q in reading.quality] == expected


@pytest.mark.parametrize("raw", ["08", "R00", "X08", "平成", "20260", "R8.4", "1800"])
def test_what_is_no_fiscal_year_gives_none_and_an_error(raw: str) -> None:
    """Two digits without an era are ambiguous and stay unread."""
    reading = parse_fiscal_year(raw)
    assert reading.year is None
    assert [q.code for q in reading.quality] == ["FISCAL_YEAR_UNREADABLE"]


def test_a_blank_is_no_fiscal_year_and_no_error() -> None:
    """Nothing recorded is not a mistake."""
    assert (parse_fiscal_year(" 　").year, parse_fiscal_year("").quality) == (None, ())


def test_a_fiscal_year_runs_from_april_to_march() -> None:
    """The days around 1 April belong to different years."""
    assert fiscal_year(dt.date(2026, 3, 31)) == 2025
    assert fiscal_year(dt.date(2026, 4, 1)) == 2026
    assert (first_day(2026), last_day(2026)) == (dt.date(2026, 4, 1), dt.date(2027, 3, 31))
    with pytest.raises(ValueError, match="1886"):
        era_fiscal_year(1885)


def test_every_fiscal_year_reads_back_as_shown() -> None:
    """Shown in the era of its first day."""
    assert era_fiscal_year(2026) == "令和8年度"
    assert era_fiscal_year(2019) == "平成31年度"
    assert era_fiscal_year(1989) == "平成元年度"
    for year in range(1886, 2101):
        reading = parse_fiscal_year(era_fiscal_year(year))
        assert (reading.year, reading.quality) == (year, ())
