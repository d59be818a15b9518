"""Dates in digits: what a column says follows from its profile alone."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import DatePrecision, Severity, UncertainDate
from standard_models.values.dates import (
    STRICT,
    DateOutcome,
    DateReading,
    DateRules,
    EraProfile,
    NullMeaning,
    parse_era_digits,
    parse_iso,
    parse_western_digits,
    parse_written,
)

CODES = {"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"}
BIRTHS = DateRules(zeros=NullMeaning.UNKNOWN, parts_unknown=True, non_calendar_days=True)


def codes(reading: DateReading) -> list[tuple[str, Severity]]:
    return [(q.code, q.severity) for q in reading.quality]


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        ("4120615", dt.date(2000, 6, 15)),
        ("４１２０６１５", dt.date(2000, 6, 15)),
        ("4120615   ", dt.date(2000, 6, 15)),
        ("3640107", dt.date(1989, 1, 7)),
        ("4010108", dt.date(1989, 1, 8)),
        ("4310430", dt.date(2019, 4, 30)),
        ("5010501", dt.date(2019, 5, 1)),
        ("1060101", dt.date(1873, 1, 1)),
        ("1450730", dt.date(1912, 7, 30)),
        ("2010730", dt.date(1912, 7, 30)),
        ("2151225", dt.date(1926, 12, 25)),
        ("3011225", dt.date(1926, 12, 25)),
    ],
)
def test_seven_digits_are_a_day_of_the_era_that_the_profile_names(raw: str, day: dt.date) -> None:
    """Both writings of a border day are legal and keep their era."""
    reading = parse_era_digits(raw, EraProfile(CODES))
    assert (reading.outcome, reading.day, reading.quality) == (DateOutcome.DAY, day, ())
    assert reading.stated_era == CODES[raw.translate({0xFF14: "4"})[0]]


def test_an_era_digit_means_what_its_profile_says_and_nothing_else() -> None:
    """4 is 平成 in one system and 昭和 in the next."""
    other = EraProfile({"4": "S", "H": "H"})
    assert parse_era_digits("4120615", other).day == dt.date(1937, 6, 15)
    assert parse_era_digits("H120615", other).day == dt.date(2000, 6, 15)
    assert codes(parse_era_digits("3120615", other)) == [("ERA_CODE_UNKNOWN", Severity.ERROR)]


def test_a_day_past_the_end_of_its_era_converts_and_says_so() -> None:
    """昭和64年3月5日 is 1989-03-05 with ERA_OVERRUN."""
    reading = parse_era_digits("3640305", EraProfile(CODES))
    assert reading.day == dt.date(1989, 3, 5)
    assert codes(reading) == [("ERA_OVERRUN", Severity.WARNING)]


def test_a_day_before_the_start_of_its_era_does_not_convert() -> None:
    """平成元年1月3日 gives no day but suggests the era that it may mean."""
    reading = parse_era_digits("4010103", EraProfile(CODES))
    assert (reading.outcome, reading.day) == (DateOutcome.UNREADABLE, None)
    assert codes(reading) == [("ERA_BEFORE_START", Severity.ERROR)]
    assert reading.quality[0].params == {"stated_era": "H", "suggested_era": "S"}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "3470200",
            UncertainDate(
                DatePrecision.MONTH,
                "昭和４７年２月　日不詳",
                dt.date(1972, 2, 1),
                dt.date(1972, 2, 29),
            ),
        ),
        (
            "3110000",
            UncertainDate(
                DatePrecision.YEAR,
                "昭和１１年　月日不詳",
                dt.date(1936, 1, 1),
                dt.date(1936, 12, 31),
            ),
        ),
        (
            "4010000",
            UncertainDate(
                DatePrecision.YEAR,
                "平成元年　月日不詳",
                dt.date(1989, 1, 1),
                dt.date(1989, 12, 31),
            ),
        ),
        ("0000000", UncertainDate(DatePrecision.UNKNOWN, "年月日不詳", None, None)),
        (
            "3340229",
            UncertainDate(
                DatePrecision.NON_CALENDAR_DAY,
                "昭和３４年２月２９日",
                dt.date(1959, 2, 28),
                dt.date(1959, 3, 1),
            ),
        ),
    ],
)
def test_a_birth_that_is_not_one_calendar_day_keeps_words_and_bounds(
    raw: str, expected: UncertainDate
) -> None:
    """Unknown parts and days that no calendar has are never shifted to a day."""
    reading = parse_era_digits(raw, EraProfile(CODES, BIRTHS))
    assert (reading.outcome, reading.day) == (DateOutcome.UNCERTAIN, None)
    assert reading.uncertain == expected


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("3340229", "NOT_CALENDAR_DAY"),
        ("3470200", "DATE_PART_UNKNOWN"),
        ("3110000", "DATE_PART_UNKNOWN"),
        ("0000000", "DATE_NULL_NOT_DECLARED"),
        ("9999999", "DATE_NULL_NOT_DECLARED"),
        ("4001231", "DATE_UNREADABLE"),
        ("4121301", "DATE_UNREADABLE"),
        ("4120632", "DATE_UNREADABLE"),
        ("4120015", "DATE_UNREADABLE"),
        ("412061", "DATE_UNREADABLE"),
        ("41206155", "DATE_UNREADABLE"),
        ("4-20615", "DATE_UNREADABLE"),
    ],
)
def test_a_column_without_leave_for_it_refuses_what_is_no_day(raw: str, code: str) -> None:
    """A strict column gives an error of the item, never a day."""
    reading = parse_era_digits(raw, EraProfile(CODES))
    assert (reading.outcome, reading.day, reading.uncertain) == (DateOutcome.UNREADABLE, None, None)
    assert codes(reading) == [(code, Severity.ERROR)]


@pytest.mark.parametrize("unknown_allowed", [STRICT, BIRTHS])
def test_a_lunar_date_keeps_its_words_and_gets_no_computed_day(unknown_allowed: DateRules) -> None:
    """明治4年8月9日 was counted by the lunar calendar: only that it precedes 1873 is certain."""
    reading = parse_era_digits("1040809", EraProfile(CODES, unknown_allowed))
    assert reading.day is None
    assert reading.uncertain == UncertainDate(
        DatePrecision.NON_CALENDAR_DAY, "明治４年８月９日", None, dt.date(1872, 12, 31)
    )
    assert codes(reading) == [("LUNAR_DATE", Severity.WARNING)]


@pytest.mark.parametrize(
    ("meaning", "outcome"),
    [
        (NullMeaning.UNKNOWN, DateOutcome.UNCERTAIN),
        (NullMeaning.NOT_RECORDED, DateOutcome.NOT_RECORDED),
        (NullMeaning.NOT_SET, DateOutcome.NOT_SET),
        (NullMeaning.OPEN_ENDED, DateOutcome.OPEN_ENDED),
        (NullMeaning.ERROR, DateOutcome.UNREADABLE),
    ],
)
def test_zeros_nines_and_blanks_mean_what_the_column_declares(
    meaning: NullMeaning, outcome: DateOutcome
) -> None:
    """The same zeros are an unknown birth here and a loss that has not happened there."""
    zeros, nines, blank = (
        DateRules(zeros=meaning),
        DateRules(nines=meaning),
        DateRules(blank=meaning),
    )
    assert parse_western_digits("00000000", zeros).outcome == outcome
    assert parse_western_digits("99999999", nines).outcome == outcome
    assert parse_western_digits("99991231", nines).outcome == outcome
    assert parse_western_digits("        ", blank).outcome == outcome
    assert parse_era_digits("0000000", EraProfile(CODES, zeros)).outcome == outcome
    assert parse_written("00.00.00", zeros).outcome == outcome
    assert parse_iso("9999-12-31", nines).outcome == outcome
    assert parse_iso("0000-01-01", zeros).outcome == outcome
    assert parse_iso("", blank).outcome == outcome


@given(st.dates(min_value=dt.date(1, 1, 2), max_value=dt.date(9999, 12, 30)))
def test_western_digits_and_iso_days_read_back(day: dt.date) -> None:
    """parse∘format is the identity for both Western notations."""
    assert parse_western_digits(f"{day:%Y}".zfill(4) + f"{day:%m%d}").day == day
    assert parse_iso(day.isoformat()).day == day


@given(st.text(alphabet="0123456789０１９ 　./-HSRMT平成令和元年月日頃不詳", max_size=14))
def test_no_parser_makes_up_a_day_for_what_it_does_not_know(raw: str) -> None:
    """No input of any shape raises, and none without a date in it gives a day."""
    readings = [
        parse_era_digits(raw, EraProfile(CODES, BIRTHS)),
        parse_western_digits(raw, BIRTHS),
        parse_iso(raw, BIRTHS),
        parse_written(raw, BIRTHS),
    ]
    for reading in readings:
        assert (reading.day is not None) == (reading.outcome is DateOutcome.DAY)
        assert (reading.uncertain is not None) == (reading.outcome is DateOutcome.UNCERTAIN)
        if reading.day is not None:
            assert sum(c.isdigit() or c == "元" for c in raw) >= 3


@pytest.mark.parametrize(
    "raw", ["2026-2-3", "2026/02/03", "20260203", "2026-02-30", "2026-02-03T00"]
)
def test_the_canonical_form_is_strict(raw: str) -> None:
    """Only YYYY-MM-DD with a real day is canonical."""
    assert parse_iso(raw).outcome is DateOutcome.UNREADABLE
