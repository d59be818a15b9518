"""Statutory age: one ages at the end of the day before the birthday.

Source: 年齢計算ニ関スル法律 (Act No. 50 of 1902); Civil Code, article 143.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from standard_models.answers import UncertainDate
from standard_models.values.three_valued import Judgement

_ONE_DAY = dt.timedelta(days=1)


def age_on(birth: dt.date, day: dt.date) -> int:
    """Return the age in years at the end of ``day``.

    Somebody born on 1 April is a year older at the end of 31 March; born on 29 February, at the
    end of 28 February in every year.

    Raises:
        ValueError: ``day`` lies before the birth.
    """
    if day < birth:
        raise ValueError("the day lies before the birth")
    eve = day + _ONE_DAY
    return eve.year - birth.year - ((eve.month, eve.day) < (birth.month, birth.day))


def day_of_reaching(birth: dt.date, age: int) -> dt.date:
    """Return the day at the end of which ``age`` years are completed."""
    if (birth.month, birth.day) == (2, 29):
        return dt.date(birth.year + age, 2, 28)
    return birth.replace(year=birth.year + age) - _ONE_DAY


@dataclass(frozen=True, slots=True)
class AgeRange:
    """The ages that are possible, both inclusive; None where nothing bounds them."""

    lowest: int | None
    highest: int | None

    def to_json(self) -> dict[str, int | None]:
        """Return ``{lowest, highest}``."""
        return {"lowest": self.lowest, "highest": self.highest}


def ages_on(birth: dt.date | UncertainDate, day: dt.date) -> AgeRange:
    """Return the ages possible at the end of ``day``: one for a known birth, else a range.

    Raises:
        ValueError: ``day`` lies before every possible day of birth.
    """
    if isinstance(birth, dt.date):
        age = age_on(birth, day)
        return AgeRange(age, age)
    highest = None if birth.earliest is None else age_on(birth.earliest, day)
    lowest = None if birth.latest is None else age_on(min(birth.latest, day), day)
    return AgeRange(lowest, highest)


def reached(birth: dt.date | UncertainDate | None, age: int, day: dt.date) -> Judgement:
    """Tell whether ``age`` is completed at the end of ``day``.

    An uncertain birth decides only if every possible day says the same; an unknown one never does.

    Raises:
        ValueError: ``day`` lies before every possible day of birth.
    """
    if birth is None:
        return Judgement.UNDECIDABLE
    ages = ages_on(birth, day)
    if ages.lowest is not None and ages.lowest >= age:
        return Judgement.YES
    if ages.highest is not None and ages.highest < age:
        return Judgement.NO
    return Judgement.UNDECIDABLE
