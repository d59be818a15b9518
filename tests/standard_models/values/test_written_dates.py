"""Written dates: many spellings, one value."""

from __future__ import annotations

import datetime as dt

import pytest

from standard_models.answers import DatePrecision, Severity
from standard_models.values.dates import DateOutcome, DateRules, parse_written
from standard_models.values.wareki import Calendar, display_date, wareki, western


@pytest.mark.parametrize(
    "text",
    [
        "H12.6.15",
        "H12.06.15",
        "h12/6/15",
        "Ｈ１２．０６．１５",
        "H120615",
        "平12-6-15",
        "平成12年6月15日",
        "平成１２年６月１５日",
        "平成　１２年　６月１５日",
        "平成12年06月15日",
        "平成十二年六月十五日",
        "㍻12年6月15日",
        "2000-06-15",
        "2000/6/15",
        "２０００年６月１５日",
        "二〇〇〇年六月十五日",
        "平成12年6月15日　　",
    ],
)
def test_every_spelling_of_a_day_is_the_same_day(text: str) -> None:
    """Era as name, one kanji, glyph or letter; separators or none; full-width; kanji numbers."""
    reading = parse_written(text)
    assert (reading.day, reading.quality) == (dt.date(2000, 6, 15), ())


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("平成元年1月8日", dt.date(1989, 1, 8)),
        ("平成１年１月８日", dt.date(1989, 1, 8)),
        ("R01.05.01", dt.date(2019, 5, 1)),
        ("令和元年五月一日", dt.date(2019, 5, 1)),
        ("昭和五十九年十二月三十一日", dt.date(1984, 12, 31)),
        ("明治45年7月30日", dt.date(1912, 7, 30)),
    ],
)
def test_the_first_year_may_be_written_as_gannen_or_as_one(text: str, day: dt.date) -> None:
    """元年 and 1年 are one value."""
    assert parse_written(text).day == day


@pytest.mark.parametrize("text", ["4120615", "20000615", "120615", "３４７０２１０"])
def test_digits_without_a_profile_are_never_read(text: str) -> None:
    """An ambiguous form is an error, not the likelier reading."""
    reading = parse_written(text)
    assert reading.day is None
    assert [(q.code, q.severity) for q in reading.quality] == [("DATE_AMBIGUOUS", Severity.ERROR)]


@pytest.mark.parametrize(
    "text",
    ["平成12年6月31日", "平成12年13月1日", "H12.6-15", "平成0年1月1日", "大化12年6月15日", "あ"],
)
def test_what_is_no_day_is_not_read_as_one(text: str) -> None:
    """No near miss is repaired."""
    assert parse_written(text).outcome is DateOutcome.UNREADABLE


def test_unknown_parts_in_a_dotted_date_get_the_words_of_the_register() -> None:
    """S47.02.00 says the same as 昭和４７年２月　日不詳."""
    reading = parse_written("S47.02.00", DateRules(parts_unknown=True))
    assert reading.uncertain is not None
    assert reading.uncertain.precision is DatePrecision.MONTH
    assert reading.uncertain.text == "昭和４７年２月　日不詳"


def test_a_date_is_shown_in_its_era_with_gannen_for_year_one() -> None:
    """Display follows the certificates; a stated era is kept where the day may carry it."""
    assert wareki(dt.date(2026, 10, 1)) == "令和8年10月1日"
    assert wareki(dt.date(2026, 10, 1), full_width=True) == "令和８年１０月１日"
    assert wareki(dt.date(1989, 3, 5)) == "平成元年3月5日"
    assert wareki(dt.date(1912, 7, 30)) == "大正元年7月30日"
    assert wareki(dt.date(1912, 7, 30), stated_era="M") == "明治45年7月30日"
    assert wareki(dt.date(1989, 3, 5), stated_era="S") == "平成元年3月5日"
    assert western(dt.date(2026, 10, 1), full_width=True) == "２０２６年１０月１日"


def test_an_uncertain_date_is_shown_in_the_words_of_the_register() -> None:
    """Nothing is computed for display; days before 1873 are shown in Western form."""
    reading = parse_written("昭和34年2月29日", DateRules(non_calendar_days=True))
    assert reading.uncertain is not None
    assert display_date(reading.uncertain) == "昭和34年2月29日"
    assert display_date(dt.date(2000, 6, 15), Calendar.WESTERN) == "2000年6月15日"
    assert display_date(dt.date(1872, 12, 31)) == "1872年12月31日"
    with pytest.raises(ValueError, match="1873"):
        wareki(dt.date(1872, 12, 31))
