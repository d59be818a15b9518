"""Relationships and households: nothing is made to fit, nobody becomes head by guess."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import DatePrecision, UncertainDate
from standard_models.values.households import (
    Household,
    HouseholdBasis,
    Member,
    household_on,
    rank_of,
)
from standard_models.values.relationships import LINKS, Relationship, parse_relationship

DAY = dt.date(2026, 1, 1)


def member(number: str, words: str | None, **more: object) -> Member:
    relationship = parse_relationship(words).relationship if words else None
    return Member(number, relationship, **more)  # type: ignore[arg-type]


def on(day: dt.date, *members: Member) -> Household:
    return household_on(day, HouseholdBasis.REGISTER, members)


@given(st.lists(st.sampled_from(LINKS), min_size=1, max_size=4))
def test_what_is_printed_is_read_back(links: list[str]) -> None:
    """Every chain of the list, brackets with の inside them included."""
    relationship = Relationship(tuple(links))
    found = parse_relationship(str(relationship))
    assert found.relationship is not None
    assert str(found.relationship) == str(relationship)
    assert found.quality == ()


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Whatever stands in the field, the outcome is a relationship or a reason."""
    found = parse_relationship(text)
    assert found.relationship is not None or found.quality


@pytest.mark.parametrize("links", [(), ("妻", "世帯主"), ("孫",), ("子",) * 5])
def test_a_relationship_outside_the_list_cannot_be_made(links: tuple[str, ...]) -> None:
    """Neither no link nor five, nor a word of one's own."""
    with pytest.raises(ValueError, match="official list"):
        Relationship(links)


def test_members_stand_in_the_order_of_the_register() -> None:
    """Four ranks; within a place by birth, then by number; whatever order they come in."""
    wanted = [
        member("1", "世帯主", birth=dt.date(1970, 1, 1)),
        member("2", "妻", birth=dt.date(1972, 1, 1)),
        member("3", "子", birth=dt.date(1995, 1, 1)),
        member("4", "子", birth=dt.date(1999, 1, 1)),
        member("5", "子の妻", birth=dt.date(1996, 1, 1)),
        member("6", "子の子", birth=dt.date(2020, 1, 1)),
        member("7", "母", birth=dt.date(1945, 1, 1)),
        member("8", "弟", birth=dt.date(1975, 1, 1)),
        member("9", "母の母", birth=dt.date(1920, 1, 1)),
        member("10", "妻の姉", birth=dt.date(1970, 5, 5)),
        member("11", "妻の弟", birth=dt.date(1970, 5, 5)),
        member("12", "縁故者"),
        member("13", "同居人"),
        member("14", None),
    ]
    for shift in range(len(wanted)):
        mixed = wanted[shift:] + wanted[:shift]
        numbers = [m.number for m in on(DAY, *reversed(mixed)).members]
        assert numbers[:9] == [str(n) for n in range(1, 10)]
        assert set(numbers[9:11]) == {"10", "11"}
        assert numbers[11:] == ["12", "13", "14"]


def test_an_uncertain_birth_orders_by_its_earliest_day() -> None:
    """昭和47年2月, day unknown, stands before 1972-02-10."""
    february = UncertainDate(
        DatePrecision.MONTH, "昭和47年2月 日不詳", dt.date(1972, 2, 1), dt.date(1972, 2, 29)
    )
    found = on(
        DAY,
        member("1", "世帯主"),
        member("2", "子", birth=dt.date(1972, 2, 10)),
        member("3", "子", birth=february),
    )
    assert [m.number for m in found.members] == ["1", "3", "2"]


def test_a_head_that_is_not_set_is_passed_on_as_unset() -> None:
    """The eldest does not become head."""
    found = on(DAY, member("1", "妻"), member("2", "子"))
    assert found.head is None
    assert [(q.code, q.severity.value) for q in found.quality] == [("HEAD_UNSET", "W")]


def test_two_heads_contradict_each_other() -> None:
    """None of them is taken."""
    found = on(DAY, member("1", "世帯主"), member("2", "世帯主"))
    assert found.head is None
    assert [(q.code, q.severity.value) for q in found.quality] == [("HEAD_CONFLICT", "E")]


def test_a_split_after_the_day_does_not_change_the_household_of_that_day() -> None:
    """The son leaves on 2026-02-01; on 2026-01-01 he belongs to it, on 2026-02-01 no longer."""
    head = member("1", "世帯主", since=dt.date(2000, 4, 1))
    son = member("2", "子", since=dt.date(2000, 4, 1), until=dt.date(2026, 1, 31))
    assert [m.number for m in on(DAY, head, son).members] == ["1", "2"]
    assert [m.number for m in on(dt.date(2026, 2, 1), head, son).members] == ["1"]
    assert on(dt.date(2000, 3, 31), head, son).members == ()
    assert on(dt.date(2000, 3, 31), head, son).quality == ()


def test_a_household_names_its_basis_and_its_day_and_nobody() -> None:
    """What may be logged or counted holds no person."""
    found = household_on(DAY, HouseholdBasis.NHI, [member("000000047112", "世帯主")])
    assert found.to_json() == {"basis": "nhi", "reference_date": "2026-01-01", "size": 1}


def test_every_relationship_of_the_list_has_a_rank() -> None:
    """All chains of up to two links, the words alone, and none at all."""
    for length in (1, 2):
        for links in itertools.product(LINKS, repeat=length):
            assert 1 <= rank_of(Relationship(links))[0] <= 4
    assert rank_of(None) == (4, 4)
