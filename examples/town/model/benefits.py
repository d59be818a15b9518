"""Child allowance, disability certificates and care insurance."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Child:
    """A child of an allowance: its 宛名番号, name, birth, and what is paid for it (yen a month)."""

    number: str
    name: str
    birth: dt.date
    lives_with: bool
    same_purse: bool
    order: int
    monthly: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Child allowance of one recipient. ``state``: paid, stopped, ended, pending, refused.

    ``from_month`` is ``(year, month)``. ``work`` is employee, self-employed or civil-servant.
    """

    number: str
    claimed: dt.date
    granted: dt.date | None
    from_month: tuple[int, int] | None
    state: str
    work: str
    spouse: str
    public_account: bool
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A disability certificate: ``physical``, ``intellectual`` or ``mental``; grade as written."""

    kind: str
    number: str
    grade: str
    issued: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True)
class CareNeed:
    """A certification of needed care."""

    level: str
    certified: dt.date
    since: dt.date
    until: dt.date


@dataclass(frozen=True, slots=True)
class CareInsurance:
    """An insured person: class 1 (65 and over) or 2; ``share`` in tenths, None if not set."""

    number: str
    insured_class: int
    since: dt.date
    ended: dt.date | None
    share: int | None
    need: CareNeed | None = None


@dataclass(frozen=True, slots=True)
class HealthMember:
    """One person of a household of national health insurance.

    ``role`` is ``head``, ``levied-head`` (擬制世帯主), ``insured`` or ``counted``
    (特定同一世帯所属者); ``filing`` is that of resident tax, None without a tax record or while
    that is looked at.
    """

    number: str
    role: str
    filing: str | None
    preschool: bool
    care_class_two: bool
    months: int


@dataclass(frozen=True, slots=True)
class HealthHousehold:
    """A household of national health insurance, as the levy of a fiscal year counts it."""

    number: str
    year: int
    members: tuple[HealthMember, ...]


@dataclass(slots=True)
class WelfareRecord:
    """One person of the welfare system. ``linked`` is the 宛名番号 it holds."""

    number: str
    linked: str
    allowance: Allowance | None = None
    certificates: list[Certificate] = field(default_factory=list)
    care: CareInsurance | None = None
    health: HealthHousehold | None = None


def under_eighteen_in_fiscal_terms(birth: dt.date) -> bool:
    """Return whether a child of FY2026 is at or before the year end of age 18.

    Source: child allowance since 2024-10; born 2008-04-02 or later.
    """
    return birth >= dt.date(2008, 4, 2)


def monthly_amount(birth: dt.date, order: int, month: dt.date) -> int:
    """Return the monthly allowance in yen for a child in a month.

    The month that holds the day before the third birthday still counts as under 3.

    Source: child allowance since 2024-10: 15,000 under 3, 10,000 from 3, 30,000 third and later.
    """
    if order >= 3:
        return 30_000
    third = dt.date(birth.year + 3, birth.month, min(birth.day, 28)) - dt.timedelta(days=1)
    return 15_000 if (month.year, month.month) <= (third.year, third.month) else 10_000
