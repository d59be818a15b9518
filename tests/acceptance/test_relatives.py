"""Who is spouse or child of the claimant, when only relationships to the head are recorded."""

from __future__ import annotations

import datetime as dt

import pytest

from examples.online_service.answers import Item
from examples.online_service.family import (
    Certainty,
    Member,
    is_child,
    merely_counts,
    relation_of,
    relatives,
)
from standard_models.values.three_valued import Judgement

HEAD, HUSBAND, WIFE, CHILD, MOTHER = ("01",), ("10",), ("11",), ("20",), ("31",)
GRANDCHILD, CHILDS_WIFE, WIFES_CHILD = ("20", "20"), ("20", "11"), ("11", "20")

Steps = tuple[str, ...] | None


def _members(*relations: Steps) -> list[Member]:
    return [Member({}, relation) for relation in relations]


@pytest.mark.parametrize(
    ("claimant", "others", "spouse", "children"),
    [
        (HEAD, [WIFE, CHILD, CHILD], WIFE, [CHILD, CHILD]),
        (WIFE, [HEAD, CHILD], HEAD, [CHILD]),
        (HUSBAND, [HEAD, CHILD], HEAD, [CHILD]),
        (HEAD, [WIFE, CHILD, WIFES_CHILD], WIFE, [CHILD, WIFES_CHILD]),
        (HEAD, [CHILD, MOTHER], None, [CHILD]),
        (HEAD, [], None, []),
        (CHILD, [HEAD, WIFE, CHILDS_WIFE, GRANDCHILD], CHILDS_WIFE, [GRANDCHILD]),
        (CHILDS_WIFE, [HEAD, CHILD, GRANDCHILD], CHILD, [GRANDCHILD]),
    ],
    ids=[
        "head-of-household",
        "wife-of-the-head",
        "husband-of-the-head",
        "with-the-wifes-child",
        "single-parent-with-grandmother",
        "alone",
        "son-in-his-parents-household",
        "daughter-in-law",
    ],
)
def test_relationships_that_the_record_settles(
    claimant: Steps, others: list[Steps], spouse: Steps, children: list[Steps]
) -> None:
    """Where only one reading is possible, it is certain."""
    found = relatives(claimant, _members(*others))
    assert (found.spouse.relation if found.spouse else None) == spouse
    assert found.unclear_spouse is False
    assert [(m.relation, c) for m, c in found.children] == [
        (relation, Certainty.YES) for relation in children
    ]


def test_grandchildren_of_two_siblings_are_nobodys_for_certain() -> None:
    """With two children of the head, a grandchild may belong to either: the person is asked."""
    found = relatives(CHILD, _members(HEAD, CHILD, CHILDS_WIFE, GRANDCHILD))
    assert found.spouse is None
    assert found.unclear_spouse is True
    assert [c for _, c in found.children] == [Certainty.UNCLEAR]


@pytest.mark.parametrize("claimant", [("99",), MOTHER, None], ids=["lodger", "mother", "unknown"])
def test_an_unsettled_position_makes_every_member_a_question(claimant: Steps) -> None:
    """A lodger's child is recorded as a lodger too: nothing is concluded from the record."""
    found = relatives(claimant, _members(HEAD, ("99",)))
    assert found.spouse is None
    assert found.unclear_spouse is True
    assert [c for _, c in found.children] == [Certainty.UNCLEAR, Certainty.UNCLEAR]


def test_a_member_of_unknown_relationship_is_never_left_out() -> None:
    """A relationship that could not be read may be that of a child."""
    found = relatives(HEAD, _members(CHILD, None))
    assert [c for _, c in found.children] == [Certainty.YES, Certainty.UNCLEAR]


def test_a_step_that_was_lost_makes_the_relationship_unknown() -> None:
    """Unused steps end the relationship; a lost one leaves it open."""
    used = {"tsuzukigara1": Item(value="20"), "tsuzukigara2": Item(value="11")}
    unused = {f"tsuzukigara{n}": Item(reason="not-applicable") for n in (3, 4)}
    assert relation_of({**used, **unused}, "") == ("20", "11")
    lost = {**used, "tsuzukigara2": Item(reason="lost-in-mapping")}
    assert relation_of({**lost, **unused}, "") is None
    assert relation_of({"tsuzukigara1": Item(value="22")}, "") == ("20", "11")


@pytest.mark.parametrize(
    ("day", "born", "expected"),
    [
        ("2026-10-01", "2008-04-02", Judgement.YES),
        ("2026-10-01", "2008-04-01", Judgement.NO),
        ("2027-03-31", "2008-04-02", Judgement.YES),
        ("2027-04-01", "2008-04-02", Judgement.NO),
        ("2027-04-01", "2009-04-02", Judgement.YES),
    ],
)
def test_the_allowance_ends_with_the_fiscal_year_of_the_18th_birthday(
    day: str, born: str, expected: Judgement
) -> None:
    """Who was born on 1 April turned 18 the day before, in the fiscal year that is over."""
    assert is_child(Item(value=born), dt.date.fromisoformat(day)) is expected


def test_elder_children_count_to_the_fiscal_year_of_age_22() -> None:
    """Four years more than the allowance itself."""
    day = dt.date(2026, 10, 1)
    assert merely_counts(Item(value="2004-04-02"), day) is Judgement.YES
    assert merely_counts(Item(value="2004-04-01"), day) is Judgement.NO


def unknown(earliest: str, latest: str) -> Item:
    dates = {"earliest": earliest, "latest": latest}
    return Item(reason="recorded-unknown", uncertain={"precision": "month", "text": "", **dates})


@pytest.mark.parametrize(
    ("birth", "expected"),
    [
        (Item(reason="recorded-unknown"), Judgement.UNDECIDABLE),
        (unknown("2008-04-01", "2008-04-30"), Judgement.UNDECIDABLE),
        (unknown("2009-01-01", "2009-12-31"), Judgement.YES),
        (unknown("1999-01-01", "1999-12-31"), Judgement.NO),
    ],
    ids=["unknown", "border-month", "later-year", "earlier-year"],
)
def test_an_uncertain_birth_date_decides_only_what_it_can(birth: Item, expected: Judgement) -> None:
    """A range on one side of the border decides; one across it does not."""
    assert is_child(birth, dt.date(2026, 10, 1)) is expected
