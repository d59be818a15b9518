"""Individual resident tax: what was filed, what is levied."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from examples.town.model.names import Name
from examples.town.model.places import TOWN_CODE, Address
from examples.town.model.recorded_dates import RecordedDate

CURRENT_YEAR = 2026
"""Fiscal year 令和8年度."""


@dataclass(frozen=True, slots=True)
class Income:
    """One kind of income of a year: revenue (yen, or unknown) and income (yen, whole thousands)."""

    kind: str
    revenue: int | None
    income: int


@dataclass(frozen=True, slots=True)
class Levy:
    """What is levied: yen; ``taxable_base`` in whole thousands."""

    dependants: int
    young_dependants: int
    total_income: int
    gross_income: int
    taxable_base: int
    city_by_income: int
    city_per_head: int
    prefecture_by_income: int
    prefecture_per_head: int
    forest: int

    @property
    def year(self) -> int:
        """The tax of the year."""
        return (
            self.city_by_income
            + self.city_per_head
            + self.prefecture_by_income
            + self.prefecture_per_head
            + self.forest
        )


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment row.

    ``filing`` says what is known of the filing; ``levy`` is None unless the town has assessed.
    ``outcome`` is ``taxed``, ``per-head-only`` or ``exempt``.
    """

    year: int
    equivalent_year: int
    history: int
    base_city: str | None
    filing: str
    outcome: str | None = None
    collection: str | None = None
    levy: Levy | None = None
    incomes: tuple[Income, ...] = ()


@dataclass(frozen=True, slots=True)
class Dependant:
    """Somebody whom a taxpayer supports (扶養親族), as filed for the current year.

    ``kind`` is ``young`` (under 16), ``general``, ``student`` (19 to 22) or ``elderly`` (from 70),
    by the age at the end of the year before.
    """

    number: str
    name: str
    birth: RecordedDate
    kind: str
    lives_with: bool = True


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mailing address that differs from the residence, and the name on the envelope."""

    name: str
    address: Address


@dataclass(frozen=True, slots=True)
class Outsider:
    """What the tax system keeps of a person registered elsewhere (住登外者)."""

    number: str
    name: Name
    sex: str | None
    birth: RecordedDate | None
    address: Address
    operator: str
    operated_on: dt.date
    operated_at: dt.time
    merged_into: str | None = None

    @property
    def representative(self) -> bool:
        """Whether this is the entry that stands for the person (代表宛名)."""
        return self.merged_into is None


@dataclass(slots=True)
class TaxRecord:
    """One person of the tax system. ``linked`` is the 宛名番号 it holds, empty if none."""

    number: str
    linked: str
    name: str
    assessments: list[Assessment] = field(default_factory=list)
    dependants: tuple[Dependant, ...] = ()
    mailing: Mailing | None = None
    outsider: Outsider | None = None


def kind_of_dependant(age: int) -> str:
    """Return as what somebody of an age at the end of the year before counts.

    Simplified: no spouses, and no parents of 70 in the same home.

    Source: Local Tax Act, article 314-2.
    """
    if age < 16:
        return "young"
    if 19 <= age <= 22:
        return "student"
    return "elderly" if age >= 70 else "general"


def levy(total: int, dependants: int, young: int) -> tuple[str, Levy]:
    """Return the outcome and the levy for a total income in yen (whole thousands).

    The allowances are simplified and the same for everybody; class 1 amounts decide exemption.
    """
    family = 1 + dependants
    exempt_to = 450_000 if dependants == 0 else 350_000 * family + 310_000
    head_only_to = 450_000 if dependants == 0 else 350_000 * family + 420_000
    gross = max(total, 0)
    if total <= exempt_to:
        return "exempt", Levy(dependants, young, total, gross, 0, 0, 0, 0, 0, 0)
    if total <= head_only_to:
        return "per-head-only", Levy(dependants, young, total, gross, 0, 0, 3000, 0, 1000, 1000)
    deductions = 430_000 + 330_000 * (dependants - young) + 200_000
    base = max(0, gross - deductions)
    city = max(0, base * 6 // 100 - 1500) // 100 * 100
    prefecture = max(0, base * 4 // 100 - 1000) // 100 * 100
    if city == 0 and prefecture == 0:
        return "per-head-only", Levy(dependants, young, total, gross, base, 0, 3000, 0, 1000, 1000)
    return "taxed", Levy(dependants, young, total, gross, base, city, 3000, prefecture, 1000, 1000)


def assessed(
    year: int,
    history: int,
    filing: str,
    incomes: tuple[Income, ...],
    *,
    collection: str,
    dependants: int = 0,
    young: int = 0,
    base_city: str = TOWN_CODE,
) -> Assessment:
    """Return an assessment made by the town from the incomes of the year before."""
    outcome, amounts = levy(sum(i.income for i in incomes), dependants, young)
    return Assessment(
        year, year, history, base_city, filing, outcome, collection, amounts, incomes
    )  # fmt: skip


def not_assessed(year: int, filing: str, base_city: str | None = TOWN_CODE) -> Assessment:
    """Return a row without amounts: nothing filed, taxed elsewhere, abroad, or being looked at."""
    return Assessment(year, year, 1, base_city, filing)
