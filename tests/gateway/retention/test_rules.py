"""PL-9: how long what is kept, is data: complete, with a source, and right to the day."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.retention import retention_rules
from gateway.store.my_number_tables import MyNumberBase
from gateway.store.tables import Base

RULES = retention_rules()
ERASED = list(RULES.erased.values())


def test_every_table_of_the_database_has_its_place_once() -> None:
    """A table that is added without saying how long its rows stay fails here."""
    places = Counter(RULES.nothing_of_persons)
    for rule in ERASED:
        places.update((rule.table, *rule.also))
    for standing in RULES.standing.values():
        places.update(standing.tables)
    assert places == Counter([*Base.metadata.tables, *MyNumberBase.metadata.tables])


@pytest.mark.parametrize("rule", ERASED, ids=lambda rule: rule.kind)
def test_a_rule_fits_the_table_that_it_is_about(rule) -> None:
    """Its columns are there, its rows belong to a town, and nothing stays that refers to them."""
    table = Base.metadata.tables[rule.table]
    of = rule.people
    people = (*of.subjects, *of.numbers, *of.keys, *of.named)
    named = {"municipality", *rule.id, *rule.ends, *rule.keeps_newest_of, *people}
    assert named <= set(table.c.keys())
    gone = {rule.table, *rule.also}
    for other in Base.metadata.tables.values():
        for key in other.foreign_keys:
            if key.column.table.name in gone:
                assert other.name in rule.also, (other.name, rule.kind)
    for name in rule.also:
        assert set(rule.id) <= set(Base.metadata.tables[name].c.keys())


@pytest.mark.parametrize("rule", ERASED, ids=lambda rule: rule.kind)
def test_rows_of_persons_are_found_by_their_persons(rule) -> None:
    """So that a legal hold over a person misses none of them."""
    table = Base.metadata.tables[rule.table]
    of = rule.people
    found = {*of.subjects, *of.numbers, *of.keys, *of.named}
    persons = ("representative_id", "represented_id", "other_parties")
    telling = ("subject_id", "subject_key", "number", *persons)
    assert {name for name in telling if name in table.c} <= found


def test_exchange_records_stay_seven_years_and_removed_entries_a_hundred_and_fifty() -> None:
    """PL-9: the numbers of the law, each with a source and how sure it is."""
    assert (RULES.standing["exchange"].years, RULES.elsewhere["removed-entry"].years) == (7, 150)
    for one in (*ERASED, *RULES.standing.values(), *RULES.elsewhere.values()):
        assert one.source
        assert one.mark
    for rule in ERASED:
        assert 0 < rule.floor_years < rule.ceiling_years


@pytest.mark.parametrize(
    ("kind", "end", "may_go_on", "must_go_on"),
    [
        ("consent", "2019-09-30", "2026-10-01", "2029-10-01"),
        ("consent", "2019-12-31", "2027-01-01", "2030-01-01"),
        # Counted from 29 February, which no year of the end has.
        ("consent", "2024-02-28", "2031-03-01", "2034-03-01"),
        ("consent", "2024-02-29", "2031-03-01", "2034-03-01"),
        # By fiscal year: what ended from April to March goes together.
        ("measure", "2019-03-31", "2026-04-01", "2029-04-01"),
        ("measure", "2019-04-01", "2027-04-01", "2030-04-01"),
        ("measure", "2020-03-31", "2027-04-01", "2030-04-01"),
        ("notice", "2023-03-31", "2026-04-01", "2030-04-01"),
    ],
)
def test_the_years_count_from_the_day_that_the_rule_says(
    kind: str, end: str, may_go_on: str, must_go_on: str
) -> None:
    """民法 第140条・第143条, and the fiscal year of a town's papers."""
    rule, day = RULES.erased[kind], dt.date.fromisoformat(end)
    assert (rule.may_go_on(day), rule.must_go_on(day)) == (
        dt.date.fromisoformat(may_go_on),
        dt.date.fromisoformat(must_go_on),
    )


DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2080, 1, 1))


@given(st.sampled_from(ERASED), DAYS, DAYS)
def test_what_the_database_is_asked_for_is_what_the_days_say(rule, end, today) -> None:
    """The latest end that is past its time today, and the first day on which an end is past it."""
    assert (end <= rule.last_end_past_floor(today)) == (rule.may_go_on(end) <= today)
    assert (end <= rule.last_end_past_ceiling(today)) == (rule.must_go_on(end) <= today)
