"""What is done in the examples of ages and school years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.ages import age_on, day_of_reaching, reached
from standard_models.values.school_years import grade_name, grade_on, year_end_after
from standard_models.values.unknown_dates import parse_sentence

Outcome = tuple[str, Sequence[Quality]]
day = dt.date.fromisoformat


def two_days(work: Callable[[dt.date, dt.date], object]) -> Callable[[str], Outcome]:
    def run(raw: str) -> Outcome:
        first, second = raw.split(" ")
        return str(work(day(first), day(second))), ()

    return run


def day_and_age(work: Callable[[dt.date, int], dt.date]) -> Callable[[str], Outcome]:
    def run(raw: str) -> Outcome:
        birth, age = raw.split(" ")
        return work(day(birth), int(age)).isoformat(), ()

    return run


def grade(birth: dt.date, when: dt.date) -> str:
    name = grade_name(grade_on(birth, when))
    return name[0] if name else ""


def reached_65(raw: str) -> Outcome:
    words, _, when = raw.rpartition(" ")
    return reached(parse_sentence(words).uncertain, 65, day(when)).value, ()


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "age": two_days(age_on),
    "reaching": day_and_age(day_of_reaching),
    "grade": two_days(grade),
    "year_end": day_and_age(year_end_after),
    "reached_65": reached_65,
}
