"""Bases of households are data that names what the standard has; who is on a list, by its rows."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.households import AgeRange, Basis, Listed, heads_of, household_bases, listed_members
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    UncertainDate,
    Value,
)
from standard_models.builtin import load_builtin
from standard_models.dictionary import Cardinality
from standard_models.values.three_valued import Judgement

DAY = dt.date(2026, 10, 1)
REGISTER = household_bases().by_id["register"]
NOTHING = Absence(AbsenceReason.NOT_APPLICABLE)


@pytest.mark.parametrize("basis", household_bases().by_id.values(), ids=lambda basis: basis.id)
def test_every_basis_names_a_list_of_the_standard(basis: Basis) -> None:
    """The group has a record for each member; every field is one of it; its ground is told."""
    group = load_builtin().groups[basis.group]
    assert group.cardinality is Cardinality.MANY
    assert set(basis.fields) <= set(group.by_field)
    assert basis.source
    assert basis.valid_from < DAY


def test_the_state_of_a_person_stands_where_the_register_has_it() -> None:
    """Current and removed share no code, and together are every code of the standard."""
    person = household_bases().person
    group = load_builtin().groups[person.group]
    codes = group.by_field[person.state].codes
    assert codes is not None
    assert person.current | person.removed == set(codes.labels)
    assert not person.current & person.removed
    assert set(person.fields) <= set(group.by_field)


def row(number: str | None, *links: str, birth: str = "1990-04-01") -> dict[str, Answer]:
    said: dict[str, Answer] = {
        "setaiin_seinengappi": Value(birth),
        "setaiin_atenabango": Value(number) if number else Absence(AbsenceReason.LOST_IN_MAPPING),
    }
    for place in range(1, 5):
        said[f"setaiin_tsuzukigara{place}"] = (
            Value("20", links[place - 1]) if place <= len(links) else NOTHING
        )
    return said


def test_members_stand_in_the_order_of_the_register_each_once() -> None:
    """Head, spouse, children by age, then the parents; a row that stands twice is one member."""
    rows = [
        row("4", "母"),
        row("3", "子", birth="2018-01-01"),
        row("2", "妻"),
        row("1", "世帯主"),
        row("5", "子", birth="2015-01-01"),
        row("2", "妻"),
    ]
    assert [m.number for m in listed_members(REGISTER, rows)] == ["1", "2", "5", "3", "4"]


def test_a_row_without_a_number_is_somebody() -> None:
    """Two of them are two people: nobody is left out, and nobody guessed to be another."""
    found = listed_members(REGISTER, [row("1", "世帯主"), row(None, "子"), row(None, "子")])
    assert [m.number for m in found] == ["1", None, None]


@pytest.mark.parametrize(
    ("relations", "codes"),
    [
        ([("世帯主",), ("妻",)], []),
        ([("妻",), ("子",)], ["HEAD_UNSET"]),
        ([("世帯主",), ("世帯主",)], ["HEAD_CONFLICT"]),
        ([], []),
    ],
    ids=["one-head", "no-head", "two-heads", "nobody"],
)
def test_nobody_becomes_head_by_guess(relations: list[tuple[str, ...]], codes: list[str]) -> None:
    """What is not right with the head is said."""
    people = [Listed(str(n), row(str(n), *links)) for n, links in enumerate(relations)]
    assert [quality.code for quality in heads_of(REGISTER, people)] == codes


def test_a_relationship_that_was_lost_is_none() -> None:
    """A chain is read in its order; one lost link leaves the whole open."""
    whole = Listed("1", row("1", "子", "妻")).relationship(REGISTER)
    assert str(whole) == "子の妻"
    lost = {**row("1", "子", "妻"), "setaiin_tsuzukigara2": Absence(AbsenceReason.LOST_IN_MAPPING)}
    assert Listed("1", lost).relationship(REGISTER) is None


@pytest.mark.parametrize(
    ("birth", "at_least", "at_most", "expected"),
    [
        ("2008-10-02", 18, None, Judgement.YES),
        ("2008-10-03", 18, None, Judgement.NO),
        ("2008-10-02", None, 17, Judgement.NO),
        ("2008-10-03", None, 17, Judgement.YES),
        ("2026-10-01", 0, 0, Judgement.YES),
        ("2026-10-02", None, 17, Judgement.UNDECIDABLE),
    ],
)
def test_ages_are_those_at_the_end_of_the_day(
    birth: str, at_least: int | None, at_most: int | None, expected: Judgement
) -> None:
    """H1: reached on the eve of the birthday; one who is not born yet has no age."""
    assert AgeRange(at_least, at_most).holds(Value(birth), DAY) is expected


def test_what_is_not_known_decides_nothing() -> None:
    """不詳: only a range that lies on one side of the border decides."""
    month = UncertainDate(DatePrecision.MONTH, "", dt.date(2008, 10, 1), dt.date(2008, 10, 31))
    early = UncertainDate(DatePrecision.YEAR, "", dt.date(1972, 1, 1), dt.date(1972, 12, 31))
    unknown = AbsenceReason.RECORDED_UNKNOWN
    minor = AgeRange(at_most=17)
    assert minor.holds(Absence(unknown, uncertain=month), DAY) is Judgement.UNDECIDABLE
    assert minor.holds(Absence(unknown, uncertain=early), DAY) is Judgement.NO
    assert minor.holds(Absence(unknown), DAY) is Judgement.UNDECIDABLE
    assert minor.holds(None, DAY) is Judgement.UNDECIDABLE


@given(
    birth=st.dates(dt.date(1900, 1, 1), DAY),
    age=st.integers(0, 130),
)
def test_a_border_parts_everybody_in_two(birth: dt.date, age: int) -> None:
    """Whoever is of an age or older is not below it, and the other way round."""
    said = Value(birth.isoformat())
    older = AgeRange(at_least=age + 1).holds(said, DAY)
    younger = AgeRange(at_most=age).holds(said, DAY)
    assert {older, younger} == {Judgement.YES, Judgement.NO}
