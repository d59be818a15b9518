"""Age, school year, periods: by law to the day, and undecidable where nobody knows."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import DatePrecision, UncertainDate
from standard_models.values.ages import AgeRange, age_on, ages_on, day_of_reaching, reached
from standard_models.values.periods import (
    End,
    Period,
    bound_of,
    check_order,
    official_end,
    official_start,
)
from standard_models.values.school_years import (
    GradeRange,
    class_age,
    entry_year,
    grade_name,
    grade_on,
    grades_on,
    until_year_end_of,
    year_end_after,
)
from standard_models.values.three_valued import Judgement, every, some

YES, NO, OPEN = Judgement.YES, Judgement.NO, Judgement.UNDECIDABLE
YEAR_1957 = UncertainDate(
    DatePrecision.YEAR, "昭和32年 月日不詳", dt.date(1957, 1, 1), dt.date(1957, 12, 31)
)
UNKNOWN = UncertainDate(DatePrecision.UNKNOWN, "年月日不詳", None, None)
DAYS = st.dates(dt.date(1873, 1, 1), dt.date(2100, 12, 31))


def leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def test_age_and_school_year_agree_with_an_oracle_on_every_day_from_1873_to_2100() -> None:
    """Born on each of the 83,000 days: age at the eve, on and after a birthday; year of entry.

    The oracle counts calendar fields, never days: at the end of a day the age is the number of
    birthdays up to the next day, and 1 April still belongs to the older school year.
    """
    lengths = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    wrong = []
    for year in range(1873, 2101):
        for month, length in enumerate(lengths, start=1):
            for number in range(1, length + (month == 2 and leap(year)) + 1):
                birth = dt.date(year, month, number)
                eve_month, eve_day = (month, number - 1) if number > 1 else (month - 1, 0)
                if eve_day == 0:
                    eve_day = lengths[eve_month - 1] + (eve_month == 2 and leap(year + 20))
                eve_year = year + 20 - (eve_month == 0)
                if eve_month == 0:
                    eve_month, eve_day = 12, 31
                eve = dt.date(eve_year, eve_month, eve_day)
                older = (month, number) <= (4, 1)
                if (
                    day_of_reaching(birth, 20) != eve
                    or age_on(birth, eve) != 20
                    or age_on(birth, eve - dt.timedelta(days=1)) != 19
                    or entry_year(birth) != year + (6 if older else 7)
                    or grade_on(birth, dt.date(entry_year(birth), 4, 1)) != 1
                    or grade_on(birth, dt.date(entry_year(birth), 3, 31)) != 0
                    or class_age(birth, year + 4) != (4 if older else 3)
                ):
                    wrong.append(birth)
    assert wrong == []


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        ("2011-04-01", "2026-03-31", 15),
        ("2011-04-02", "2026-03-31", 14),
        ("2011-04-02", "2026-04-01", 15),
        ("2004-02-29", "2026-02-27", 21),
        ("2004-02-29", "2026-02-28", 22),
        ("2004-02-29", "2028-02-28", 24),
        ("2026-01-01", "2026-01-01", 0),
        ("2025-01-01", "2025-12-31", 1),
    ],
)
def test_one_ages_at_the_end_of_the_day_before_the_birthday(birth: str, day: str, age: int) -> None:
    """Source: 年齢計算ニ関スル法律; 29 February counts as 28."""
    assert age_on(dt.date.fromisoformat(birth), dt.date.fromisoformat(day)) == age


def test_nobody_has_an_age_before_birth() -> None:
    """The eve of a birth is no birthday."""
    with pytest.raises(ValueError, match="before the birth"):
        age_on(dt.date(2026, 4, 1), dt.date(2026, 3, 31))


def test_a_child_of_the_first_of_april_is_a_school_year_above_one_of_the_second() -> None:
    """Born 2019-04-01: school from April 2025; born the day after: from April 2026."""
    assert entry_year(dt.date(2019, 4, 1)) == 2025
    assert entry_year(dt.date(2019, 4, 2)) == 2026


@pytest.mark.parametrize(
    ("grade", "name"),
    [
        (0, None), (1, "小学1年"), (6, "小学6年"), (7, "中学1年"), (9, "中学3年"), (10, "高校1年"),
        (12, "高校3年"), (13, None), (-3, None),
    ],
)  # fmt: skip
def test_a_school_year_has_a_name(grade: int, name: str | None) -> None:
    """Six, three and three years."""
    found = grade_name(grade)
    assert (found and found[0]) == name


@pytest.mark.parametrize(
    ("birth", "age", "end"),
    [
        ("2006-04-02", 18, "2025-03-31"),
        ("2007-04-01", 18, "2025-03-31"),
        ("2007-04-02", 18, "2026-03-31"),
        ("2004-02-29", 22, "2026-03-31"),
    ],
)
def test_benefits_that_end_with_a_school_year(birth: str, age: int, end: str) -> None:
    """The 31 March on or after completing the age."""
    assert year_end_after(dt.date.fromisoformat(birth), age) == dt.date.fromisoformat(end)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2021-12-30", NO), ("2021-12-31", OPEN), ("2022-06-30", OPEN), ("2022-12-30", YES)],
)
def test_an_uncertain_birth_leaves_an_age_undecidable_where_it_must(
    day: str, expected: Judgement
) -> None:
    """Born in 1957, day unknown: 65 or over?"""
    assert reached(YEAR_1957, 65, dt.date.fromisoformat(day)) is expected


def test_the_ages_of_an_uncertain_birth_are_a_range() -> None:
    """Both ends are the ages of the first and the last possible day."""
    assert ages_on(YEAR_1957, dt.date(2022, 6, 30)) == AgeRange(64, 65)
    assert ages_on(UNKNOWN, dt.date(2022, 6, 30)) == AgeRange(None, None)
    assert ages_on(dt.date(1957, 5, 5), dt.date(2022, 6, 30)) == AgeRange(65, 65)
    assert grades_on(UNKNOWN, dt.date(2022, 6, 30)) == GradeRange(None, None)
    child = UncertainDate(
        DatePrecision.MONTH, "平成31年4月 日不詳", dt.date(2019, 4, 1), dt.date(2019, 4, 30)
    )
    assert grades_on(child, dt.date(2026, 5, 1)) == GradeRange(1, 2)
    assert until_year_end_of(child, 3, dt.date(2022, 3, 31)) is YES
    assert until_year_end_of(child, 3, dt.date(2022, 4, 1)) is OPEN
    assert until_year_end_of(child, 3, dt.date(2023, 4, 1)) is NO


def test_an_unknown_birth_decides_nothing() -> None:
    """Neither none recorded nor 年月日不詳."""
    for birth in (None, UNKNOWN):
        assert reached(birth, 18, dt.date(2026, 1, 1)) is OPEN
        assert until_year_end_of(birth, 18, dt.date(2026, 1, 1)) is OPEN


@given(DAYS, st.integers(0, 366), st.integers(0, 100))
def test_a_range_holds_the_age_of_every_possible_day(birth: dt.date, width: int, age: int) -> None:
    """What is decided for the range holds for each day of it."""
    latest = birth + dt.timedelta(days=width)
    uncertain = UncertainDate(DatePrecision.RANGE, "", birth, latest)
    day = latest + dt.timedelta(days=age * 365)
    judged = reached(uncertain, age, day)
    each = {reached(birth + dt.timedelta(days=n), age, day) for n in (0, width // 2, width)}
    if judged is not OPEN:
        assert each == {judged}


def test_the_logic_is_that_of_kleene() -> None:
    """A known fact decides where it can; an unknown one never flips an answer."""
    for left, right in itertools.product(Judgement, repeat=2):
        known = {YES: {True}, NO: {False}, OPEN: {True, False}}
        both = {a and b for a in known[left] for b in known[right]}
        either = {a or b for a in known[left] for b in known[right]}
        assert (left & right) is (Judgement.of(both.pop()) if len(both) == 1 else OPEN)
        assert (left | right) is (Judgement.of(either.pop()) if len(either) == 1 else OPEN)
    assert [~judgement for judgement in (YES, NO, OPEN)] == [NO, YES, OPEN]
    assert (every([]), some([])) == (YES, NO)
    assert Judgement.of(None) is OPEN


@pytest.mark.parametrize(
    ("day", "expected"),
    [("1956-12-31", NO), ("1957-06-30", OPEN), ("1957-12-31", YES), ("2020-01-01", YES)],
)
def test_a_period_with_an_uncertain_start(day: str, expected: Judgement) -> None:
    """Within the uncertain year nobody can tell; after it everybody can."""
    period = Period(YEAR_1957, End.OPEN)
    assert period.open_ended
    assert period.contains(dt.date.fromisoformat(day)) is expected


def test_an_end_that_is_not_recorded_is_not_an_open_one() -> None:
    """A blank end leaves the question open; an open end has not come."""
    start = dt.date(2020, 4, 1)
    assert Period(start, End.NOT_RECORDED).contains(dt.date(2026, 1, 1)) is OPEN
    assert Period(start, End.OPEN).contains(dt.date(2026, 1, 1)) is YES
    assert Period(start, End.NOT_RECORDED).contains(dt.date(2020, 3, 31)) is NO


def test_open_markers_are_ends_and_never_days() -> None:
    """0000-01-01 and 9999-12-31 of the official DATE, there and back."""
    assert bound_of("9999-12-31") is End.OPEN
    assert bound_of("0000-01-01") is End.OPEN
    assert bound_of("") is End.NOT_RECORDED
    assert bound_of("2026-04-01") == dt.date(2026, 4, 1)
    assert (official_start(End.OPEN), official_end(End.OPEN)) == ("0000-01-01", "9999-12-31")
    assert official_end(dt.date(2026, 4, 1)) == "2026-04-01"
    assert official_end(YEAR_1957) is None
    assert Period(YEAR_1957, End.OPEN).to_json() == {
        "start": YEAR_1957.to_json(),
        "end": None,
        "open_ended": True,
    }


def test_periods_overlap_certainly_not_or_perhaps() -> None:
    """One shared day is enough; an uncertain end leaves it open."""
    first = Period(dt.date(2020, 1, 1), dt.date(2020, 12, 31))
    assert first.overlaps(Period(dt.date(2020, 12, 31), End.OPEN)) is YES
    assert first.overlaps(Period(dt.date(2021, 1, 1), End.OPEN)) is NO
    assert Period(End.OPEN, YEAR_1957).overlaps(Period(dt.date(1957, 6, 1), End.OPEN)) is OPEN


def test_dates_that_contradict_each_other_are_told_and_both_stay() -> None:
    """Death before birth; a period that ends before it starts; uncertainty is no contradiction."""
    birth, death = dt.date(1960, 1, 1), dt.date(1959, 12, 31)
    (found,) = check_order(birth, death, "birth-death")
    assert (found.code, found.severity.value, found.params) == (
        "DATES_CONTRADICT", "W", {"rule": "birth-death"},
    )  # fmt: skip
    assert check_order(YEAR_1957, dt.date(1957, 6, 1), "birth-death") == ()
    assert check_order(birth, birth, "birth-death") == ()
    assert [q.code for q in Period(birth, death).check()] == ["PERIOD_REVERSED"]
    assert Period(death, birth).check() == ()
