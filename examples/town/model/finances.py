"""Tax and benefits of ordinary people."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from examples.town.model import taxation
from examples.town.model.benefits import (
    Allowance,
    CareInsurance,
    CareNeed,
    Certificate,
    Child,
    HealthHousehold,
    HealthMember,
    WelfareRecord,
    monthly_amount,
    under_eighteen_in_fiscal_terms,
)
from examples.town.model.characters import readable
from examples.town.model.maker import Maker
from examples.town.model.people import REFERENCE_DAY, Person
from examples.town.model.places import elsewhere
from examples.town.model.taxation import (
    Assessment,
    Dependant,
    Income,
    TaxRecord,
    kind_of_dependant,
)

YEAR_END = dt.date(2025, 12, 31)
"""The day whose ages and families decide who depends on whom in FY2026."""
LEVY_DAY = dt.date(2026, 1, 1)
"""The day of residence that decides where FY2026 is taxed (賦課期日)."""


def salary(revenue: int) -> Income:
    """Return a salary; its income is simplified and in whole thousands."""
    return Income("salary", revenue, max(0, revenue * 7 // 10 - 80_000) // 1000 * 1000)


def pension(revenue: int) -> Income:
    """Return a public pension; its income is simplified and in whole thousands."""
    return Income("pension", revenue, max(0, revenue - 1_100_000) // 1000 * 1000)


def business(revenue: int, income: int) -> Income:
    """Return a business; a loss is negative, in whole thousands."""
    return Income("business", revenue, income // 1000 * 1000)


def _working(rng: random.Random) -> tuple[str, tuple[Income, ...], str]:
    draw = rng.random()
    if draw < 0.70:
        return "not-required", (salary(rng.randint(1_030_000, 9_800_000)),), "salary"
    if draw < 0.80:
        earned = rng.randint(-900, 6_000) * 1000
        return "filed", (business(rng.randint(500_000, 19_000_000), earned),), "bills"
    if draw < 0.85:
        rent = Income("property", rng.randint(300_000, 4_000_000), rng.randint(1, 1_500) * 1000)
        return "filed", (salary(rng.randint(2_000_000, 8_000_000)), rent), "salary"
    if draw < 0.93:
        return "filed", (), "bills"
    return "unfiled", (), ""


def _elderly(rng: random.Random) -> tuple[str, tuple[Income, ...], str]:
    draw = rng.random()
    if draw < 0.80:
        return "not-required", (pension(rng.randint(600_000, 3_200_000)),), "pension"
    if draw < 0.87:
        farm = Income("farming", rng.randint(200_000, 2_000_000), rng.randint(-300, 900) * 1000)
        return "filed", (pension(rng.randint(700_000, 1_500_000)), farm), "bills"
    if draw < 0.95:
        return "filed", (), "bills"
    return "unfiled", (), ""


def _assess(maker: Maker, person: Person, dependants: int, young: int) -> list[Assessment]:
    rng = maker.rng
    age = person.age_on(LEVY_DAY)
    since = person.entries[0].resident_since.day or dt.date(1980, 1, 1)
    if since > LEVY_DAY:
        if person.entries[0].reason == "from-abroad":
            return [taxation.not_assessed(2026, "abroad", None)]
        return [taxation.not_assessed(2026, "elsewhere", elsewhere(rng).municipality)]
    if rng.random() < 0.003:
        return [taxation.not_assessed(2026, "investigating")]
    filing, incomes, collection = (_elderly if age >= 65 else _working)(rng)
    rows = []
    if since < dt.date(2025, 1, 1) and rng.random() < 0.5:
        rows.append(
            taxation.assessed(2025, 1, "filed", (salary(3_300_000),), collection="bills")
            if rng.random() < 0.5
            else taxation.not_assessed(2025, "unfiled")
        )
    if filing == "unfiled":
        return [*rows, taxation.not_assessed(2026, "unfiled")]
    if rng.random() < 0.05:
        rows.append(taxation.assessed(2026, 1, filing, (), collection="bills"))
    history = 2 if rows and rows[-1].year == 2026 else 1
    rows.append(
        taxation.assessed(
            2026, history, filing, incomes,
            collection=collection, dependants=dependants, young=young,
        )
    )  # fmt: skip
    return rows


def give_tax(maker: Maker, person: Person, *, dependants: Sequence[Person] = ()) -> TaxRecord:
    """Give a resident a record in the tax system, with what chance has it."""
    record = TaxRecord(maker.office.tax(), person.number, readable(person.name.registered))
    young = [one for one in dependants if one.age_on(YEAR_END) < 16]
    record.assessments = _assess(maker, person, len(dependants), len(young))
    if record.assessments[-1].levy is not None:
        record.dependants = dependants_of(dependants)
    if maker.rng.random() < 0.01:
        record.linked = ""
    if maker.rng.random() < 0.02:
        record.mailing = taxation.Mailing(
            record.name, elsewhere(maker.rng) if maker.rng.random() < 0.5 else maker.home()
        )
    person.taxes.append(record)
    return record


def dependants_of(people: Sequence[Person]) -> tuple[Dependant, ...]:
    """Return these people as those whom somebody supports."""
    return tuple(
        Dependant(
            one.number,
            readable(one.name.registered),
            one.birth,
            kind_of_dependant(one.age_on(YEAR_END)),
        )
        for one in people
    )


def give_tax_rows(
    maker: Maker, person: Person, rows: list[Assessment], dependants: Sequence[Person] = ()
) -> TaxRecord:
    """Give a person a tax record with exactly these rows."""
    record = TaxRecord(maker.office.tax(), person.number, readable(person.name.registered), rows)
    record.dependants = dependants_of(dependants)
    person.taxes.append(record)
    return record


def in_welfare(maker: Maker, person: Person) -> WelfareRecord:
    """Return the person's welfare record, made on first use."""
    if person.welfare is None:
        person.welfare = WelfareRecord(maker.office.welfare(), person.number)
    return person.welfare


def allowance_children(
    children: list[Person], *, lives_with: bool = True, same_purse: bool = True
) -> tuple[Child, ...]:
    """Return the children an allowance is paid for, oldest first."""
    known = sorted(
        (child for child in children if child.birth.day),
        key=lambda child: child.birth.day or REFERENCE_DAY,
    )
    counted = [c for c in known if (c.birth.day or REFERENCE_DAY) >= dt.date(2004, 4, 2)]
    paid = []
    for order, child in enumerate(counted, start=1):
        born = child.birth.day or REFERENCE_DAY
        if under_eighteen_in_fiscal_terms(born):
            paid.append(
                Child(
                    child.number, readable(child.name.registered), born, lives_with, same_purse,
                    order, monthly_amount(born, order, REFERENCE_DAY),
                )
            )  # fmt: skip
    return tuple(paid)


def _first_claim(maker: Maker, person: Person, children: list[Person]) -> dt.date:
    """Return a day soon after the first child came or the family moved in."""
    reasons = [child.birth.day for child in children] + [person.entries[0].resident_since.day]
    since = min(day for day in reasons[:-1] if day) if children else dt.date(2020, 1, 1)
    latest = max(since, reasons[-1] or since, dt.date(2012, 4, 1))
    return min(latest + dt.timedelta(days=maker.rng.randint(4, 15)), dt.date(2026, 9, 25))


def give_allowance(
    maker: Maker,
    person: Person,
    children: list[Person],
    *,
    state: str = "paid",
    work: str = "employee",
    spouse: Person | None = None,
    claimed: dt.date | None = None,
    lives_with: bool = True,
) -> None:
    """Give a person a child allowance for these children."""
    claimed = claimed or _first_claim(maker, person, children)
    decided = min(claimed + dt.timedelta(days=20), REFERENCE_DAY - dt.timedelta(days=1))
    granted = None if state in {"pending", "refused"} else decided
    start = (claimed.year + claimed.month // 12, claimed.month % 12 + 1)
    in_welfare(maker, person).allowance = Allowance(
        maker.office.allowance(),
        claimed,
        granted,
        None if granted is None else start,
        state,
        work,
        spouse.number if spouse else "",
        maker.rng.random() < 0.5,
        allowance_children(children, lives_with=lives_with),
    )


def give_certificate(maker: Maker, person: Person, kind: str, grade: str) -> None:
    """Give a person a disability certificate; mental health certificates have an end."""
    issued = maker.day_between(dt.date(2012, 4, 1), dt.date(2026, 9, 1))
    until = None if kind == "physical" else dt.date(2027, 3, 31)
    record = in_welfare(maker, person)
    number = f"999-{maker.rng.randrange(1_000_000):06d}"
    record.certificates.append(Certificate(kind, number, grade, issued, until))


CARE_LEVELS = (
    "not-in-need", "support-1", "support-2", "care-1", "care-2", "care-3", "care-4", "care-5",
)  # fmt: skip


def give_care(maker: Maker, person: Person, level: str | None = None, *, cls: int = 1) -> None:
    """Insure a person for care; ``level`` adds a certification."""
    born = person.birth.day or person.birth.earliest or dt.date(1940, 1, 1)
    sixty_five = dt.date(born.year + 65, born.month, min(born.day, 28)) - dt.timedelta(days=1)
    since = max(sixty_five, dt.date(2000, 4, 1)) if cls == 1 else dt.date(2025, 6, 1)
    resident = person.entries[0].resident_since.day
    if resident and resident > since:
        since = resident
    need = None
    if level:
        start = dt.date(2026, maker.rng.randint(1, 8), 1)
        need = CareNeed(
            level,
            start - dt.timedelta(days=15),
            start,
            start.replace(year=2027) - dt.timedelta(days=1),
        )
    removed = person.current.on if not person.is_resident else None
    ended = (removed.day or removed.latest) if removed else None
    if ended and ended < since:
        return
    in_welfare(maker, person).care = CareInsurance(
        maker.office.insured(), cls, since, ended, maker.rng.choice((1, 1, 1, 2, 3, None)), need
    )


def in_health_insurance(
    household: str, members: Sequence[tuple[Person, str, int]]
) -> HealthHousehold:
    """Return a household of national health insurance; each member with role and months."""
    return HealthHousehold(
        household, taxation.CURRENT_YEAR, tuple(_insured(*member) for member in members)
    )


def _insured(person: Person, role: str, months: int) -> HealthMember:
    year = taxation.CURRENT_YEAR
    rows = [row for tax in person.taxes for row in tax.assessments if row.year == year]
    born = person.birth.day
    insured = role in {"head", "insured"}
    return HealthMember(
        person.number,
        role,
        rows[-1].filing if rows and rows[-1].filing != "investigating" else None,
        preschool=insured and born is not None and born > dt.date(2020, 4, 1),
        care_class_two=insured and 40 <= person.age_on(dt.date(2026, 4, 1)) <= 64,
        months=months,
    )


def give_health_insurance(people: Sequence[Person]) -> None:
    """Insure a household of residents without a salary, as far as the welfare system knows them.

    Whoever is 75 or older belongs to another insurance: as head they only owe the levy
    (擬制世帯主), otherwise they stay counted (特定同一世帯所属者). No chance is drawn.
    """
    there = [person for person in people if person.is_resident]
    salaried = any(
        income.kind == "salary"
        for person in there
        for tax in person.taxes
        for row in tax.assessments
        if row.year == taxation.CURRENT_YEAR
        for income in row.incomes
    )
    old = {id(person) for person in there if person.age_on(REFERENCE_DAY) >= 75}
    if salaried or not there or len(old) == len(there):
        return
    members = []
    for person in there:
        head = person.current.relation == ("head",)
        role = {True: ("levied-head", "counted"), False: ("head", "insured")}[id(person) in old]
        members.append((person, role[0] if head else role[1], 12))
    household = in_health_insurance(there[0].current.household, members)
    for person in there:
        if person.welfare is not None:
            person.welfare.health = household
