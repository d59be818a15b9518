"""Who may have a protected address: agreed by two, for one purpose, and over by itself."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.access import Access, Caller
from gateway.access.logins import Login, LoginLevel
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.openings import OpeningRefusedError, Openings, OpeningTerms
from gateway.protection.service import Protection, ProtectionService
from gateway.protection.store import MeasureStore, OpeningStore
from gateway.questions.schemas import Question
from gateway.store.tables import AuditRow
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.builtin import load_builtin
from tests.gateway.questions.conftest import BLOCK, CLIENT, MAIL, NAME, PURPOSE, TOWN, World, world

__all__ = ["world"]

ASK_OFFICE = Absence(AbsenceReason.ASK_OFFICE)
UNAVAILABLE = Absence(AbsenceReason.UNAVAILABLE)
HOUSE, LETTERS = Value("みどり一丁目"), Value("あおば二丁目")
TEN_MINUTES = dt.timedelta(minutes=10)
R2 = ("resident", "R2")


def officer(world: World, name: str = "first") -> Openings:
    return Openings(OpeningStore(world.store), load_builtin(), clock=world.clock, actor=name)


def terms(*items: str, client: str = CLIENT, purpose: str = PURPOSE) -> OpeningTerms:
    return OpeningTerms(
        client_id=client, purpose_id=purpose, items=items or (BLOCK,), legal_basis="法12条"
    )


async def lift(world: World, opened: OpeningTerms, person: tuple[str, str] = R2) -> str:
    """Let two officers lift the protection of a person for ten minutes; return the id."""
    row = await officer(world).propose_lift(TOWN, opened, person, TEN_MINUTES)
    await officer(world, "second").approve(TOWN, row.opening_id)
    return row.opening_id


async def exempt(world: World, opened: OpeningTerms, days: int = 1) -> str:
    """Let two officers exempt the client from now on; return the id."""
    now = world.clock.now()
    row = await officer(world).propose_exemption(TOWN, opened, now, now + dt.timedelta(days=days))
    await officer(world, "second").approve(TOWN, row.opening_id)
    return row.opening_id


async def addresses(world: World, who: str = "protected") -> list[Answer]:
    """Return what the house and the mailing address of a person answer."""
    answer = await world.ask(BLOCK, MAIL, who=who)
    return [value for part in answer.parts for one in part.records for value in one.values()]


async def test_a_lift_opens_what_it_names_and_returns_by_itself(world: World) -> None:
    """DV-6: ten minutes, from the approval on; to the second."""
    row = await officer(world).propose_lift(TOWN, terms(), R2, TEN_MINUTES)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    world.clock.advance(seconds=60)
    await officer(world, "second").approve(TOWN, row.opening_id)
    assert await addresses(world) == [HOUSE, ASK_OFFICE]
    world.clock.advance(seconds=599)
    await world.protection.pull()
    assert await addresses(world) == [HOUSE, ASK_OFFICE]
    world.clock.advance(seconds=1)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    assert await officer(world).all(TOWN) == []


@pytest.mark.parametrize("number", [("tax", "T2"), ("welfare", "W2")])
async def test_a_lift_is_found_by_whichever_number_the_officer_has(
    world: World, number: tuple[str, str]
) -> None:
    """DV-6: the person is one."""
    await lift(world, terms(), number)
    assert await addresses(world) == [HOUSE, ASK_OFFICE]


async def test_a_lift_is_for_one_purpose(world: World) -> None:
    """DV-6: another purpose of the same client is withheld meanwhile."""
    await lift(world, terms(purpose="other"))
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_a_lift_is_for_one_client(world: World) -> None:
    """DV-6: another client is withheld meanwhile."""
    asking = {"resident": ["R2"]}
    await lift(world, terms())
    for client, opened in ((CLIENT, {BLOCK}), ("another", set())):
        known = await world.protection.protection(TOWN, (client, PURPOSE), asking)
        assert known.opened == opened


async def test_a_lift_is_for_one_person(world: World) -> None:
    """DV-6: other protected people stay withheld."""
    measures = Measures(MeasureStore(world.store), clock=world.clock, actor="first")
    await measures.set(TOWN, "resident", "R1", MeasureKind.FULL)
    await lift(world, terms())
    assert await addresses(world, "ordinary") == [ASK_OFFICE, ASK_OFFICE]


async def test_an_exemption_opens_its_items_of_everybody_between_its_times(world: World) -> None:
    """DV-6: named and dated; before, during and after."""
    now = world.clock.now()
    begins, ends = now + dt.timedelta(seconds=30), now + dt.timedelta(seconds=90)
    row = await officer(world).propose_exemption(TOWN, terms(BLOCK, MAIL), begins, ends)
    await officer(world, "second").approve(TOWN, row.opening_id)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    world.clock.advance(seconds=30)
    assert await addresses(world) == [HOUSE, LETTERS]
    world.clock.advance(seconds=60)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_nothing_is_open_while_nobodys_status_is_known(world: World) -> None:
    """DV-3: unavailable for all alike, the exempt client included."""
    await exempt(world, terms(BLOCK, MAIL))
    world.clock.advance(minutes=11)
    assert await addresses(world) == [UNAVAILABLE, UNAVAILABLE]
    assert await addresses(world, "ordinary") == [UNAVAILABLE, UNAVAILABLE]


@pytest.mark.parametrize("approved", [False, True])
async def test_one_officer_alone_protects_and_does_not_open(world: World, approved: bool) -> None:
    """DV-6: two to open, one to take back, which holds at once and for good."""
    row = await officer(world).propose_lift(TOWN, terms(), R2, TEN_MINUTES)
    with pytest.raises(OpeningRefusedError):
        await officer(world).approve(TOWN, row.opening_id)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    if approved:
        await officer(world, "second").approve(TOWN, row.opening_id)
        assert await addresses(world) == [HOUSE, ASK_OFFICE]
    await officer(world).end(TOWN, row.opening_id)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    with pytest.raises(OpeningRefusedError):
        await officer(world, "second").approve(TOWN, row.opening_id)


async def test_an_exemption_that_nobody_has_agreed_to_opens_nothing(world: World) -> None:
    """DV-6: though its time has begun; two officers, as for a lift."""
    now = world.clock.now()
    row = await officer(world).propose_exemption(TOWN, terms(), now, now + dt.timedelta(days=1))
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    await officer(world, "second").approve(TOWN, row.opening_id)
    assert await addresses(world) == [HOUSE, ASK_OFFICE]


async def test_openings_of_another_municipality_are_not_there(world: World) -> None:
    """DV-6: an officer of another town neither sees, agrees to nor ends them."""
    row = await officer(world).propose_lift(TOWN, terms(), R2, TEN_MINUTES)
    stranger = officer(world, "second")
    assert await stranger.all("131016") == []
    for tried in (stranger.approve, stranger.end):
        with pytest.raises(OpeningRefusedError):
            await tried("131016", row.opening_id)
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]
    assert [found.opening_id for found in await stranger.all(TOWN)] == [row.opening_id]


@pytest.mark.parametrize("meanwhile", ["approved", "taken back"])
async def test_a_change_that_another_officer_was_faster_with_is_refused(
    world: World, meanwhile: str
) -> None:
    """DV-6: whoever agrees to a proposal that was taken back meanwhile opens nothing."""
    row = await officer(world).propose_lift(TOWN, terms(), R2, TEN_MINUTES)
    stale = await OpeningStore(world.store).find(TOWN, row.opening_id)
    assert stale is not None
    if meanwhile == "approved":
        await officer(world, "second").approve(TOWN, row.opening_id)
    else:
        await officer(world).end(TOWN, row.opening_id)
    now = world.clock.now()
    agreed = {"approved_by": "third", "opens_at": now, "closes_at": now + dt.timedelta(days=1)}
    with pytest.raises(OpeningRefusedError, match="meanwhile"):
        await officer(world, "third")._change(stale, "protection-opening-approve", agreed)
    world.clock.advance(minutes=10)
    await world.protection.pull()
    assert await addresses(world) == [ASK_OFFICE, ASK_OFFICE]


async def test_a_lift_cannot_be_prolonged_by_approving_it_again(world: World) -> None:
    """DV-6: its time runs from the first approval."""
    opening = await lift(world, terms())
    world.clock.advance(minutes=9)
    with pytest.raises(OpeningRefusedError):
        await officer(world, "third").approve(TOWN, opening)


async def test_a_proposed_lift_becomes_void(world: World) -> None:
    """DV-6: what it was for has passed after a day."""
    row = await officer(world).propose_lift(TOWN, terms(), R2, TEN_MINUTES)
    world.clock.advance(hours=24, seconds=1)
    with pytest.raises(OpeningRefusedError):
        await officer(world, "second").approve(TOWN, row.opening_id)


@pytest.mark.parametrize(
    "wrong",
    [
        terms(NAME),
        terms("001.juminkihonjoho"),
        terms("001.juminkihonjoho.nothing"),
        terms(client="nobody"),
        terms(purpose="nothing"),
        OpeningTerms(client_id=CLIENT, purpose_id=PURPOSE, items=[], legal_basis="法12条"),
        OpeningTerms(client_id=CLIENT, purpose_id=PURPOSE, items=[BLOCK], legal_basis=" "),
    ],
    ids=["no address", "a group", "unknown", "client", "purpose", "no items", "no basis"],
)
async def test_an_opening_that_is_not_named_exactly_is_refused(
    world: World, wrong: OpeningTerms
) -> None:
    """DV-6: named items of the address class, a client, a purpose, and a legal basis."""
    with pytest.raises(OpeningRefusedError):
        await officer(world).propose_lift(TOWN, wrong, R2, TEN_MINUTES)
    assert await officer(world).all(TOWN) == []


@pytest.mark.parametrize("lasts", [0, -1, 86_401])
async def test_a_lift_is_boxed_in_time(world: World, lasts: int) -> None:
    """DV-6: a day at the most."""
    with pytest.raises(OpeningRefusedError):
        await officer(world).propose_lift(TOWN, terms(), R2, dt.timedelta(seconds=lasts))


async def test_a_reveal_is_audited_counted_and_calls_the_officer_on_duty(world: World) -> None:
    """DV-17: from the first on, and only when a value left."""
    await addresses(world)
    await lift(world, terms())
    assert "hitotsu_protected_items_revealed_total 0.0" in world.metrics.render().decode()
    await addresses(world, "ordinary")
    await addresses(world)
    item = load_builtin().find_item(BLOCK)
    assert item is not None
    assert [e.get("items_revealed") for e in await world.audit()] == [None, None, [item.item_id]]
    assert "hitotsu_protected_items_revealed_total 1.0" in world.metrics.render().decode()


async def test_the_record_says_who_opened_what_and_not_for_whom(world: World) -> None:
    """DV-6: proposer, approver, legal basis; no number of the person."""
    await officer(world).propose_lift(TOWN, terms(), ("resident", "canary-0017"), TEN_MINUTES)
    opening = await lift(world, terms())
    await officer(world).end(TOWN, opening)
    async with world.store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = [json.loads(row.entry) for row in rows]
    ours = [s for s in said if s["function"].startswith("protection-")]
    assert [(s["function"], s["terminal"]) for s in ours] == [
        ("protection-lift-propose", "first"),
        ("protection-lift-propose", "first"),
        ("protection-opening-approve", "second"),
        ("protection-opening-end", "first"),
    ]
    assert all(s["after"]["legal_basis"] == "法12条" for s in ours)
    assert "canary" not in json.dumps(said)


async def own_address(world: World) -> list[Answer]:
    """Return what the house answers to the protected person, who has logged in with the card."""
    handle = world.handles["protected"]
    login = Login(handle, LoginLevel.PUBLIC_KEY_CARD, world.clock.now())
    access = Access(CLIENT, TOWN, PURPOSE, "t", "k", login=login)
    question = Question(subject=handle, purpose=PURPOSE, items=(BLOCK,))
    answer = await world.questions.ask(access, question, Caller("f" * 32, "127.0.0.1"))
    return [value for part in answer.parts for one in part.records for value in one.values()]


async def test_the_own_address_is_shown_only_after_a_visit_to_the_desk(world: World) -> None:
    """DV-18: card or phone may be in other hands. Two officers lift it for minutes."""
    assert await own_address(world) == [ASK_OFFICE]
    opening = await lift(world, terms())
    assert await own_address(world) == [HOUSE]
    await officer(world).end(TOWN, opening)
    assert await own_address(world) == [ASK_OFFICE]
    await lift(world, terms())
    world.clock.advance(minutes=10)
    await world.protection.pull()
    assert await own_address(world) == [ASK_OFFICE]


async def test_an_exemption_of_the_consumer_shows_nobody_their_own_address(world: World) -> None:
    """DV-18: it is for the consumer's own work, not for whoever stands before the screen."""
    await exempt(world, terms())
    assert await addresses(world) == [HOUSE, ASK_OFFICE]
    assert await own_address(world) == [ASK_OFFICE]


async def test_without_its_rule_an_exemption_would_show_the_own_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DV-18: the test before this one would notice."""
    protection = ProtectionService.protection

    async def changed(self: ProtectionService, *asked: Any, exemptions: bool) -> Protection:
        return await protection(self, *asked, exemptions=True)

    monkeypatch.setattr(ProtectionService, "protection", changed)
    await exempt(world, terms())
    assert await own_address(world) == [HOUSE]
