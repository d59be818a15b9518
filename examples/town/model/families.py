"""Ordinary households: what most of the town looks like."""

from __future__ import annotations

import datetime as dt

from examples.town.model import names, recorded_dates
from examples.town.model.benefits import under_eighteen_in_fiscal_terms
from examples.town.model.finances import (
    CARE_LEVELS,
    give_allowance,
    give_care,
    give_certificate,
    give_health_insurance,
    give_tax,
)
from examples.town.model.maker import Maker
from examples.town.model.people import REFERENCE_DAY, Group, Person
from examples.town.model.recorded_dates import RecordedDate

_KINDS = (
    ("single-elderly", 14), ("elderly-couple", 14), ("single", 24), ("couple", 10),
    ("family", 28), ("single-parent", 5), ("three-generations", 3.2), ("foreign-single", 1.2),
    ("foreign-family", 0.6),
)  # fmt: skip
_KIND_NAMES = tuple(kind for kind, _ in _KINDS)
_KIND_WEIGHTS = tuple(weight for _, weight in _KINDS)


def ordinary(maker: Maker) -> Group:
    """Make one household as chance has it, and what later happened to it."""
    kind = maker.rng.choices(_KIND_NAMES, _KIND_WEIGHTS)[0]
    members = _MAKERS[kind](maker)
    _settle(maker, members)
    _later(maker, [person for person, _ in members])
    _finances(maker, members)
    return maker.group


LAST_EVENT = REFERENCE_DAY - dt.timedelta(days=2)
"""The last day of which the register knows something that happened."""

_GRADES = {"physical": "123456", "mental": "123", "intellectual": "AB"}
_RANKS = {
    ("M", 1): "eldest-son",
    ("F", 1): "eldest-daughter",
    ("M", 2): "second-son",
    ("F", 2): "second-daughter",
}
_CHILDREN = frozenset({*_RANKS.values(), "child", "adopted-child"})

Members = list[tuple[Person, tuple[str, ...]]]


def _elderly_birth(maker: Maker) -> dt.date | RecordedDate:
    day = maker.birth(int(maker.rng.triangular(65, 100, 69)))
    draw = maker.rng.random()
    era, year = recorded_dates.era_of(day)
    if draw < 0.004 and year > 1:
        return recorded_dates.day_unknown(era, year, day.month)
    if draw < 0.007 and year > 1:
        return recorded_dates.month_and_day_unknown(era, year)
    if draw < 0.008:
        return recorded_dates.unknown()
    if draw < 0.010 and year > 1:
        return recorded_dates.about_year(era, year)
    return day


def _single_elderly(maker: Maker) -> Members:
    return [(maker.person(maker.rng.choice("MFF"), _elderly_birth(maker)), ("head",))]


def _single(maker: Maker) -> Members:
    sex = maker.rng.choice("MF") if maker.rng.random() > 0.003 else "U"
    return [(maker.person(sex, maker.birth(maker.rng.randint(19, 64))), ("head",))]


def _pair(maker: Maker, age: int, *, elderly: bool = False) -> tuple[Members, tuple[str, str]]:
    family = names.family_name(maker.rng)
    first = _elderly_birth(maker) if elderly else maker.birth(age)
    other_age = max(19, age - maker.rng.randint(-3, 5))
    second = _elderly_birth(maker) if elderly else maker.birth(other_age)
    husband = maker.person("M", first, family=family)
    wife = maker.person("F", second, family=family)
    if maker.rng.random() < 0.03:
        wife.name.former, wife.name.former_kana = names.family_name(maker.rng)
    if maker.rng.random() < 0.05:
        word = "husband-unregistered" if maker.rng.random() < 0.3 else "husband"
        return [(wife, ("head",)), (husband, (word,))], family
    return [(husband, ("head",)), (wife, ("wife",))], family


def _elderly_couple(maker: Maker) -> Members:
    return _pair(maker, 75, elderly=True)[0]


def _couple(maker: Maker) -> Members:
    return _pair(maker, maker.rng.randint(24, 64))[0]


def _children(
    maker: Maker, family: tuple[str, str], parent_age: int, count: int
) -> list[tuple[Person, tuple[str, ...]]]:
    oldest = max(0, min(parent_age - 24, 24))
    youngest = min(oldest, max(0, parent_age - 42))
    ages = sorted((maker.rng.randint(youngest, oldest) for _ in range(count)), reverse=True)
    children: Members = []
    seen = {"M": 0, "F": 0}
    for age in ages:
        sex = maker.rng.choice("MF")
        seen[sex] += 1
        rank = _RANKS.get((sex, seen[sex]), "child")
        if maker.rng.random() < 0.02:
            rank = "adopted-child"
        children.append((maker.person(sex, maker.birth(age), family=family), (rank,)))
    return children


def _family(maker: Maker) -> Members:
    age = maker.rng.randint(29, 57)
    members, family = _pair(maker, age)
    count = maker.rng.choices((1, 2, 3, 4), (40, 43, 14, 3))[0]
    return members + _children(maker, family, age, count)


def _single_parent(maker: Maker) -> Members:
    age = maker.rng.randint(25, 52)
    family = names.family_name(maker.rng)
    parent = maker.person(maker.rng.choice("FFFFM"), maker.birth(age), family=family)
    return [(parent, ("head",)), *_children(maker, family, age, maker.rng.choice((1, 1, 2)))]


def _three_generations(maker: Maker) -> Members:
    members = _family(maker)
    family = (members[0][0].name.family, members[0][0].name.family_kana)
    for sex, word in (("M", "father"), ("F", "mother")):
        if maker.rng.random() < 0.7:
            members.append((maker.person(sex, _elderly_birth(maker), family=family), (word,)))
    if maker.rng.random() < 0.05:
        born = maker.birth(maker.rng.randint(90, 99))
        members.append((maker.person("F", born, family=family), ("grandmother",)))
    return members


def _foreign_single(maker: Maker) -> Members:
    return [(maker.foreigner(maker.rng.randint(19, 60)), ("head",))]


def _foreign_family(maker: Maker) -> Members:
    head = maker.foreigner(maker.rng.randint(26, 48))
    word = "wife" if head.sex == "M" else "husband"
    partner = maker.foreigner(maker.rng.randint(26, 48))
    if partner.sex == head.sex:
        word = "housemate"
    child = maker.foreigner(maker.rng.randint(0, 15))
    return [(head, ("head",)), (partner, (word,)), (child, ("child",))]


_MAKERS = {
    "single-elderly": _single_elderly,
    "elderly-couple": _elderly_couple,
    "single": _single,
    "couple": _couple,
    "family": _family,
    "single-parent": _single_parent,
    "three-generations": _three_generations,
    "foreign-single": _foreign_single,
    "foreign-family": _foreign_family,
}


def _settle(maker: Maker, members: Members) -> None:
    head = members[0][0]
    oldest = head.birth.day or dt.date(1945, 1, 1)
    grown = min(oldest.replace(day=1, year=oldest.year + 19), dt.date(2026, 8, 1))
    recent = maker.rng.random() < 0.05
    first = dt.date(2026, 1, 2) if recent else max(grown, dt.date(1975, 4, 1))
    since = maker.day_between(first, dt.date(2026, 9, 20))
    abroad = recent and (head.foreign is not None or maker.rng.random() < 0.1)
    address = maker.home()
    household = maker.found(head, since)
    for person, relation in members:
        maker.enter(
            person, household, relation, address, since, reason="from-abroad" if abroad else None
        )


def _later(maker: Maker, people: list[Person]) -> None:
    rng = maker.rng
    last = max(person.current.processed for person in people)
    if rng.random() < 0.25 and last < dt.date(2026, 6, 1):
        day = maker.day_between(last + dt.timedelta(days=30), LAST_EVENT)
        address = maker.home()
        for person in people:
            maker.change(person, "moved-within", day, address=address)
    _last_event(maker, people, rng.random())


def _last_event(maker: Maker, people: list[Person], draw: float) -> None:
    if draw < 0.012:
        day = maker.day_between(dt.date(2026, 2, 1), LAST_EVENT)
        if all(person.current.processed < day for person in people):
            for person in people:
                maker.change(person, "moved-out", day, state="moved-out")
    elif draw < 0.016:
        day = maker.day_between(dt.date(2026, 1, 5), LAST_EVENT)
        for person in people:
            maker.change(person, "other", max(day, person.current.processed))
    elif draw < 0.020 and len(people) > 1:
        _die(maker, people)
    elif draw < 0.022:
        for person in people:
            maker.change(person, "corrected", dt.date(2026, 9, 1), notified=False)


def _die(maker: Maker, people: list[Person]) -> None:
    dead, heir = people[0], people[1]
    if (heir.birth.day or dt.date(1940, 1, 1)) > dt.date(2008, 1, 1):
        return
    day = maker.day_between(dt.date(2026, 2, 1), dt.date(2026, 9, 20))
    if dead.current.processed >= day or heir.current.processed >= day:
        return
    maker.change(dead, "died", day, state="dead")
    number = heir.current.household
    maker.group.households[-1] = type(maker.group.households[-1])(number, heir.number, day)
    maker.change(heir, "head-changed", day, relation=("head",), notified=False)


def _finances(maker: Maker, members: Members) -> None:
    rng = maker.rng
    people = [person for person, _ in members]
    children = [person for person, words in members if words[-1] in _CHILDREN]
    minors = [c for c in children if c.age_on(REFERENCE_DAY) < 19]
    payer = people[0]
    for person in people:
        if person.age_on(REFERENCE_DAY) < 18:
            continue
        give_tax(maker, person, dependants=minors if person is payer else ())
    resident_children = [child for child in minors if child.is_resident and _of_age(child)]
    if resident_children and payer.is_resident:
        _allowance(maker, payer, resident_children, people)
    for person in people:
        age = person.age_on(REFERENCE_DAY)
        if rng.random() < (0.09 if age >= 65 else 0.02):
            kind = rng.choice(("physical", "physical", "mental", "intellectual"))
            grade = rng.choice(_GRADES[kind])
            give_certificate(maker, person, kind, grade)
        if age >= 65:
            need = rng.choice(CARE_LEVELS) if age >= 75 and rng.random() < 0.3 else None
            give_care(maker, person, need)
    give_health_insurance(people)


def _of_age(child: Person) -> bool:
    return child.birth.day is not None and under_eighteen_in_fiscal_terms(child.birth.day)


def _allowance(maker: Maker, payer: Person, children: list[Person], people: list[Person]) -> None:
    draw = maker.rng.random()
    if draw > 0.92:
        return
    partner = people[1] if len(people) > 1 and people[1] not in children else None
    state, work = "paid", maker.rng.choice(("employee", "employee", "employee", "self-employed"))
    if draw > 0.88:
        state, work = "ended", "civil-servant"
    elif draw > 0.85:
        state = "pending"
    elif draw > 0.84:
        state = "stopped"
    claimed = None
    if state == "pending":
        claimed = maker.day_between(dt.date(2026, 8, 20), dt.date(2026, 9, 28))
    give_allowance(maker, payer, children, state=state, work=work, spouse=partner, claimed=claimed)
