"""PL-7: questions by consent are answered while the consent stands, and not a call longer."""

import datetime as dt
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from gateway.access import Access, AccessRegistry, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.consents import ConsentRooms, ConsentService, ConsentStore, NoConsents
from gateway.consents.routes import consent_router
from gateway.problems import Problem
from gateway.questions.schemas import Asked
from gateway.questions.service import QuestionService
from gateway.store.tables import AuditRow, ConsentRow
from tests.gateway.access.consumers import approve, public_jwks
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, STATE, TAX, TOWN, World
from tests.gateway.questions.scripted import holding
from tests.gateway.receipts.over_http import KnownCaller, served

SEX = "001.juminkihonjoho.seibetsu"
ACCESS = Access(CLIENT, TOWN, PURPOSE, "t", "k")


@pytest.fixture
async def http(world: World, store) -> AsyncIterator[httpx.AsyncClient]:
    """A consumer that may ask for 性別 by consent, beside what it may ask anyway."""
    rooms = world.questions._rooms
    registry = AccessRegistry(AccessStore(store), rooms.dictionary, clock=world.clock, actor="test")
    terms = GrantTerms(items=[SEX, NAME], valid_from=world.clock.now().date(), consent=True)
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)
    world.systems["resident"].script = holding(shimei="見本　花子", seibetsu="2")
    service = ConsentService(
        ConsentRooms(
            ConsentStore(store),
            rooms.access,
            rooms.subjects,
            rooms.audit,
            rooms.dictionary,
            world.clock,
        )
    )
    world.questions = QuestionService(replace(rooms, consents=service), deadline_s=30.0)
    access = KnownCaller(rooms.access, ACCESS)
    async with served(world, [consent_router(service, access)]) as client:
        yield client


def consent(world: World, **changes: Any) -> dict[str, Any]:
    """Return a consent of an ordinary person to 性別, given now."""
    return {
        "subject": world.handles[changes.pop("who", "ordinary")],
        "purpose": PURPOSE,
        "items": [SEX],
        "text": "seibetsu-2026-04",
        "given_at": world.clock.now().isoformat(),
        **changes,
    }


async def give(http: httpx.AsyncClient, world: World, **changes: Any) -> dict[str, Any]:
    answer = await http.post("/v1/consents", json=consent(world, **changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def withdraw(http: httpx.AsyncClient, world: World, consent_id: str) -> httpx.Response:
    body = {"subject": world.handles["ordinary"], "consent_id": consent_id}
    return await http.post("/v1/consents/withdraw", json=body)


async def ask(http: httpx.AsyncClient, world: World, *items: str, **changes: Any) -> Any:
    body = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": [*items], **changes}
    return await http.post("/v1/questions", json=body)


async def test_a_question_by_consent_is_answered_from_the_consent_to_its_withdrawal(
    http: httpx.AsyncClient, world: World
):
    """PL-7: 403 before and from the next call after; no system is asked then."""
    refused = await ask(http, world, SEX)
    assert (refused.status_code, refused.json()["items"]) == (403, [SEX])
    assert refused.json()["type"].endswith("/consent-needed")
    assert world.systems["resident"].requests == []
    kept = await give(http, world)
    answered = await ask(http, world, SEX)
    assert answered.status_code == 200
    assert answered.json()["outcome"] == "complete"
    taken = await withdraw(http, world, kept["consent_id"])
    assert taken.status_code == 200
    asked_before = len(world.systems["resident"].requests)
    assert (await ask(http, world, SEX)).status_code == 403
    assert len(world.systems["resident"].requests) == asked_before
    again = await withdraw(http, world, kept["consent_id"])
    assert again.json() == taken.json()


async def test_what_another_grant_allows_anyway_needs_no_consent(
    http: httpx.AsyncClient, world: World
):
    """氏名 stands in both grants; the consent is wanted for what only the second one opens."""
    assert (await ask(http, world, NAME)).status_code == 200
    refused = await ask(http, world, NAME, SEX)
    assert refused.json()["items"] == [SEX]
    refused = await ask(http, world, NAME, SEX, mode="intersect")
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "changes",
    [{"who": "newcomer"}, {"items": [SEX], "who": "protected"}],
    ids=["another", "protected"],
)
async def test_the_consent_of_one_person_opens_nothing_of_another(
    http: httpx.AsyncClient, world: World, changes: dict[str, Any]
):
    """Each person agrees for themselves."""
    await give(http, world, **changes)
    assert (await ask(http, world, SEX)).status_code == 403


@pytest.mark.parametrize("of", ["another purpose", "another consumer"])
async def test_a_consent_is_good_for_its_purpose_and_its_consumer_alone(
    http: httpx.AsyncClient, world: World, store, of: str
):
    """PL-7: scope; what the citizen agreed to at one desk is nothing to another."""
    kept = await give(http, world)
    assert (await ask(http, world, SEX)).status_code == 200
    registry = AccessRegistry(
        AccessStore(store), world.questions._rooms.dictionary, clock=world.clock, actor="test"
    )
    await registry.add_client("another-desk", name="窓口", contact="課", jwks=public_jwks())
    other = {"purpose_id": "other"} if of == "another purpose" else {"client_id": "another-desk"}
    async with store.transaction() as session:
        row = ConsentRow.consent_id == kept["consent_id"]
        await session.execute(update(ConsentRow).where(row).values(**other))
    assert (await ask(http, world, SEX)).status_code == 403


async def test_a_consent_counts_from_when_it_was_handed_in(http: httpx.AsyncClient, world: World):
    """PL-7: period; the clock of a desk may be ahead of ours, and of two gateways one is behind."""
    ahead = world.clock.now() + dt.timedelta(minutes=4)
    await give(http, world, given_at=ahead.isoformat())
    assert (await ask(http, world, SEX)).status_code == 200
    world.clock.advance(seconds=-1)
    assert (await ask(http, world, SEX)).status_code == 403


async def test_a_consent_ends_with_its_last_day_in_tokyo(http: httpx.AsyncClient, world: World):
    """The last day is included; a day later nothing is answered by it."""
    today = world.clock.now().astimezone(dt.timezone(dt.timedelta(hours=9))).date()
    kept = await give(http, world, last_day=today.isoformat())
    ends = dt.datetime.fromisoformat(kept["expires_at"])
    assert kept["expires_at"].endswith("T00:00:00+09:00")
    world.clock.time = ends - dt.timedelta(seconds=1)
    assert (await ask(http, world, SEX)).status_code == 200
    world.clock.time = ends
    assert (await ask(http, world, SEX)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "pointer"),
    [
        ({"items": ["001.juminkihonjoho.nothing"]}, 422, "/items/0"),
        ({"items": [SEX, TAX]}, 403, "/items/1"),
        ({"items": [NAME]}, 403, "/items/0"),
        ({"items": []}, 422, "/items"),
        ({"text": ""}, 422, "/text"),
        ({"given_at": "2026-10-01T09:00:00"}, 422, "/given_at"),
        ({"given_at": "2030-10-01T09:00:00+09:00"}, 422, "/given_at"),
        ({"given_at": "2024-10-01T09:00:00+09:00"}, 422, "/given_at"),
        ({"last_day": "2026-01-01"}, 422, "/last_day"),
        ({"last_day": "2028-01-01"}, 422, "/last_day"),
        ({"more": "x"}, 422, ""),
    ],
)
async def test_a_consent_that_cannot_be_kept_says_where_it_is_wrong(
    http: httpx.AsyncClient, world: World, changes: dict[str, Any], status: int, pointer: str
):
    """Nothing is kept of it."""
    answer = await http.post("/v1/consents", json=consent(world, **changes))
    assert answer.status_code == status
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}
    assert (await ask(http, world, SEX)).status_code == 403


async def test_a_consent_for_another_purpose_or_an_unknown_person_is_refused(
    http: httpx.AsyncClient, world: World
):
    """The purpose is that of the token."""
    for changes, slug in (
        ({"purpose": "other"}, "purpose-not-granted"),
        ({"subject": "h1-nobody"}, "unknown-subject"),
    ):
        answer = await http.post("/v1/consents", json=consent(world) | changes)
        assert answer.json()["type"].endswith(slug)
    kept = await give(http, world)
    body = {"subject": world.handles["newcomer"], "consent_id": kept["consent_id"]}
    answer = await http.post("/v1/consents/withdraw", json=body)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
        404,
        "unknown-consent",
    )


async def test_each_step_is_recorded_under_the_pseudonym(
    http: httpx.AsyncClient, world: World, store
):
    """AU-1: given, withdrawn, refused; with the official id of the item and no handle."""
    kept = await give(http, world)
    await withdraw(http, world, kept["consent_id"])
    await http.post("/v1/consents", json=consent(world, items=[TAX]))
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    entries = [json.loads(row.entry) for row in rows if "consent" in row.entry]
    said = [(e["function"], e["outcome"]) for e in entries if e["kind"] == "operation"]
    assert said == [("consent", "given"), ("consent-withdraw", "withdrawn"), ("consent", "refused")]
    (given,) = [e for e in entries if e["outcome"] == "given"]
    assert given["items_asked"]
    assert given["subject_key"]
    assert world.handles["ordinary"] not in "".join(row.entry for row in rows)


async def test_the_explainer_names_what_needs_a_consent_before_anybody_is_touched(
    http: httpx.AsyncClient, world: World
):
    """So that the consumer can ask the citizen first."""
    asked = Asked(purpose=PURPOSE, items=(NAME, SEX, STATE))
    found = await world.questions.explain(ACCESS, asked, Caller())
    document = found.document(None)
    assert (document.verdict, document.consent_needed) == ("answered", [SEX])
    answer = await http.post("/v1/explain", json={"purpose": PURPOSE, "items": [NAME]})
    assert answer.json()["consent_needed"] == []


async def test_a_gateway_without_consents_answers_nothing_by_consent(world: World):
    """Fail closed: what cannot be looked up was not given."""
    subject = await world.questions._rooms.subjects.resolve(ACCESS, world.handles["ordinary"])
    await NoConsents().require(ACCESS, subject, [])
    with pytest.raises(Problem) as refused:
        await NoConsents().require(ACCESS, subject, [SEX])
    assert refused.value.type.slug == "consent-needed"


async def test_what_is_no_consent_is_refused_and_recorded(http: httpx.AsyncClient, store):
    """Not JSON."""
    for path in ("/v1/consents", "/v1/consents/withdraw"):
        answer = await http.post(path, content=b"{", headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow))).all()
    refused = [row for row in rows if row.outcome == "refused"]
    assert len(refused) == 2
