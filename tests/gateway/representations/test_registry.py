"""Who may act for whom is registered by two officers who have seen the proof."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.access import RegistrationError, Relation
from gateway.representations import RepresentationRefusedError, RepresentationTerms
from gateway.representations.kinds import MajorityRule, last_day_of_minority, representing
from gateway.representations.store import RepresentationStore
from gateway.store.tables import AuditRow
from standard_models.values.ages import age_on
from tests.gateway.questions.conftest import NAME, PURPOSE, TOWN
from tests.gateway.representations.conftest import CHILD_BORN, Family

TODAY = dt.date(2026, 10, 1)
YESTERDAY, TOMORROW = TODAY - dt.timedelta(days=1), TODAY + dt.timedelta(days=1)
RULES = representing().majority
CHANGE = dt.date(2022, 4, 1)
ONE_DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("birth", "last_day"),
    [
        ("2018-02-17", "2036-02-16"),
        ("2008-04-01", "2026-03-31"),
        ("2008-02-29", "2026-02-28"),
        ("2004-02-29", "2022-03-31"),
        ("2004-04-01", "2022-03-31"),
        ("2004-04-02", "2022-04-01"),
        ("2002-04-02", "2022-03-31"),
        ("2002-04-01", "2022-03-31"),
        ("2002-03-31", "2022-03-30"),
        ("2000-02-29", "2020-02-28"),
    ],
)
def test_the_last_day_of_minority(birth: str, last_day: str) -> None:
    """Civil Code, article 4: 18 since 2022-04-01, when everybody from 18 to 20 came of age."""
    found = last_day_of_minority(dt.date.fromisoformat(birth), RULES)
    assert found.isoformat() == last_day


@given(st.dates(dt.date(1960, 1, 1), dt.date(2030, 12, 31)))
def test_a_minor_is_younger_than_the_age_of_the_day(birth: dt.date) -> None:
    """For every birth date: not of age on the last day as it begins, and of age the day after."""
    last = last_day_of_minority(birth, RULES)
    ages = {True: 18, False: 20}
    before, after = last - ONE_DAY, last
    assert age_on(birth, before) < ages[last >= CHANGE]
    assert age_on(birth, after) >= ages[last + ONE_DAY >= CHANGE]


def test_another_rule_of_another_day_changes_the_day() -> None:
    """The rule is data with a date."""
    rules = [MajorityRule(dt.date(1898, 7, 16), 20), MajorityRule(dt.date(2030, 4, 1), 21)]
    assert last_day_of_minority(dt.date(2012, 1, 10), rules) == dt.date(2033, 1, 9)
    assert last_day_of_minority(dt.date(2009, 1, 10), rules) == dt.date(2029, 1, 9)


async def test_nobody_approves_a_representation_of_their_own(family: Family) -> None:
    """Nor one that is in force, or ended, or of another town."""
    made = await family.propose("child", "victim")
    with pytest.raises(RepresentationRefusedError):
        await family.officer().approve(TOWN, made)
    with pytest.raises(RepresentationRefusedError):
        await family.officer("second").approve("131016", made)
    await family.officer("second").approve(TOWN, made)
    with pytest.raises(RepresentationRefusedError):
        await family.officer("third").approve(TOWN, made)
    await family.officer().end(TOWN, made)
    for again in (family.officer("second").approve, family.officer("second").end):
        with pytest.raises(RepresentationRefusedError):
            await again(TOWN, made)
    assert await family.officer().all(TOWN) == []


@pytest.mark.parametrize(
    ("kind", "terms"),
    [
        ("uncle", {}),
        ("parent", {"birth": None}),
        ("parent", {"birth": TOMORROW}),
        ("parent", {"birth": dt.date(2008, 10, 1)}),
        ("guardian-of-minor", {"birth": dt.date(1990, 1, 1)}),
        ("curator", {}),
        ("assistant", {}),
        ("mandate", {"purposes": [PURPOSE]}),
        ("mandate", {"valid_to": TOMORROW}),
        ("mandate", {"purposes": ["nothing"], "valid_to": TOMORROW}),
        ("mandate", {"purposes": [PURPOSE], "valid_to": YESTERDAY}),
        (
            "mandate",
            {"purposes": [PURPOSE], "valid_to": TOMORROW, "valid_from": dt.date(2026, 10, 3)},
        ),
        ("guardian-of-adult", {"items": ["001.juminkihonjoho.nothing"]}),
        ("guardian-of-adult", {"items": ["001.juminkihonjoho"]}),
        ("guardian-of-adult", {"document": "  "}),
        ("guardian-of-adult", {"document": "x" * 201}),
    ],
)
async def test_a_representation_that_lacks_what_the_law_asks_of_it(
    family: Family, kind: str, terms: dict[str, object]
) -> None:
    """Nothing is written."""
    usual = {"document": "D", "birth": CHILD_BORN}
    with pytest.raises(RepresentationRefusedError):
        await family.officer().propose(
            TOWN,
            family.ids["child"],
            family.ids["victim"],
            RepresentationTerms(kind=kind, **usual | terms),  # type: ignore[arg-type]
        )
    assert await family.officer().all(TOWN) == []


async def test_nobody_represents_themselves(family: Family) -> None:
    """It would be a way round the grants for citizens."""
    with pytest.raises(RepresentationRefusedError):
        await family.propose("ward", "ward", "guardian-of-adult")


async def test_a_last_day_before_majority_stands_and_a_later_one_does_not(family: Family) -> None:
    """The earlier of the two counts."""
    for named, expected in (
        (TOMORROW, TOMORROW),
        (dt.date(2040, 1, 1), dt.date(2036, 2, 16)),
    ):
        await family.propose("child", "victim", valid_to=named)
        rows = await family.officer().all(TOWN)
        assert {row.valid_to for row in rows} >= {expected}


async def test_the_record_says_who_registered_what_and_not_for_whom(family: Family) -> None:
    """Before and after, without persons, proof, or a day from which a birth date follows."""
    made = await family.register("child", "victim", document="canary-document")
    await family.officer("third").end(TOWN, made)
    async with family.world.store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = [json.loads(row.entry) for row in rows]
    ours = [s for s in said if s["function"].startswith("representation-")]
    assert [(s["function"], s["terminal"]) for s in ours] == [
        ("representation-propose", "first"),
        ("representation-approve", "second"),
        ("representation-end", "third"),
    ]
    assert ours[1]["after"]["approved_by"] == "second"
    assert ours[0]["after"]["valid_to"] == "majority"
    text = json.dumps(ours)
    for secret in (family.ids["child"], family.ids["victim"], "canary", "2036-"):
        assert secret not in text


async def test_a_change_that_somebody_else_was_faster_with_is_refused(family: Family) -> None:
    """Two officers at one representation do not overwrite each other."""
    made = await family.propose("child", "victim")
    store = RepresentationStore(family.world.store)
    stale = await store.find(TOWN, made)
    assert stale is not None
    await family.officer("second").approve(TOWN, made)
    with pytest.raises(RepresentationRefusedError):
        await family.officer("third")._change(
            stale, "representation-approve", {"approved_by": "third"}
        )


@pytest.mark.parametrize(
    "terms",
    [{"login_level": None}, {"items": ["right:own-accesses"]}],
    ids=["without a login", "the list of who asked"],
)
async def test_a_grant_for_representatives_needs_their_login_and_holds_items_alone(
    family: Family, terms: dict[str, object]
) -> None:
    """Refused at registration."""
    items = terms.get("items", [NAME])
    others = {name: said for name, said in terms.items() if name != "items"}
    with pytest.raises(RegistrationError):
        await family.grant(*items, relation=Relation.REPRESENTED, **others)  # type: ignore[misc]
