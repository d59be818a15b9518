"""School years: who is in which, and until when one counts as of an age.

A school year holds those born from 2 April to 1 April: a child born on 1 April completes its year
on 31 March and is one school year above a child born the day after.

Source: School Education Act, articles 17 and 36; its ordinance, article 59 (1 April to 31 March);
年齢計算ニ関スル法律.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from standard_models.answers import UncertainDate
from standard_models.values.ages import age_on, day_of_reaching
from standard_models.values.fiscal_years import fiscal_year
from standard_models.values.three_valued import Judgement

_NAMES: Final = (
    ("小学", "elementary", 6),
    ("中学", "lower secondary", 3),
    ("高校", "upper secondary", 3),
)
ENTRY_AGE: Final = 6


def entry_year(birth: dt.date) -> int:
    """Return the year in whose April a child enters elementary school."""
    reached = day_of_reaching(birth, ENTRY_AGE)
    return reached.year + (reached >= dt.date(reached.year, 4, 1))


def grade_on(birth: dt.date, day: dt.date) -> int:
    """Return the school year on ``day``: 1 for the first of elementary school, 12 for the last.

    0 is the year before school, negative numbers earlier years; above 12 school is over. The age
    alone decides: repeating, delay and leaving are not known here.
    """
    return fiscal_year(day) - entry_year(birth) + 1


def grade_name(grade: int) -> tuple[str, str] | None:
    """Return the name of a school year (小学1年, elementary 1), None outside 1–12.

    高校 years are those of the age group (相当), whether at school or not.
    """
    left = grade
    for japanese, english, years in _NAMES:
        if 1 <= left <= years:
            return f"{japanese}{left}年", f"{english} {left}"
        left -= years
    return None


def class_age(birth: dt.date, year: int) -> int:
    """Return the age by which a child is in a class of the year: that on the eve of 1 April.

    Raises:
        ValueError: the child is born after that eve.
    """
    return age_on(birth, dt.date(year, 3, 31))


def year_end_after(birth: dt.date, age: int) -> dt.date:
    """Return the first 31 March on or after the day on which ``age`` is completed.

    Until then benefits go that end with the school year of an age.
    """
    reached = day_of_reaching(birth, age)
    return dt.date(reached.year + (reached > dt.date(reached.year, 3, 31)), 3, 31)


@dataclass(frozen=True, slots=True)
class GradeRange:
    """The school years that are possible, both inclusive; None where nothing bounds them."""

    lowest: int | None
    highest: int | None


def grades_on(birth: dt.date | UncertainDate, day: dt.date) -> GradeRange:
    """Return the school years possible on ``day``: one for a known birth, else a range."""
    if isinstance(birth, dt.date):
        grade = grade_on(birth, day)
        return GradeRange(grade, grade)
    return GradeRange(
        None if birth.latest is None else grade_on(birth.latest, day),
        None if birth.earliest is None else grade_on(birth.earliest, day),
    )


def until_year_end_of(birth: dt.date | UncertainDate | None, age: int, day: dt.date) -> Judgement:
    """Tell whether ``day`` lies up to the 31 March after completing ``age``.

    An uncertain birth decides only if its first and its last possible day say the same.
    """
    if birth is None:
        return Judgement.UNDECIDABLE
    if isinstance(birth, dt.date):
        return Judgement.of(day <= year_end_after(birth, age))
    if birth.earliest is not None and day <= year_end_after(birth.earliest, age):
        return Judgement.YES
    if birth.latest is not None and day > year_end_after(birth.latest, age):
        return Judgement.NO
    return Judgement.UNDECIDABLE
