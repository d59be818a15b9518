"""DV-16: whoever was given an address learns that it must go, and nothing else."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from gateway.access.logins import Login, LoginLevel
from gateway.app import RECALL_INTERVAL_S
from gateway.audit import AuditEntry, AuditKind, AuditQuery, AuditStore
from gateway.keys import FileKeyStore
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.store import MeasureStore
from gateway.recalls.watch import RecallReason
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from standard_models.answers import Value
from tests.gateway.protection.test_openings import lift, terms
from tests.gateway.questions.conftest import BLOCK, CLIENT, NAME, STATE, TOWN, World
from tests.gateway.recalls.conftest import Room, feed_of


async def events(http: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await http.get("/v1/events", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def protect(world: World, *numbers: str) -> None:
    """Let the register flag these people, and the gateway read it."""
    world.systems["resident"].flagged = ("R2", *numbers)
    await world.protection.pull()


async def end_measures(world: World) -> None:
    """Let two officers end the protection of whoever the register lists no more."""
    first, second = (
        Measures(MeasureStore(world.store), clock=world.clock, actor=name) for name in "ab"
    )
    for row, _ in await first.all(TOWN):
        await first.end(TOWN, row.measure_id)
        await second.end(TOWN, row.measure_id)


async def test_a_new_measure_recalls_what_was_given(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """Handle and what to do; no reason, no time, no value."""
    await world.ask(NAME, BLOCK)
    await room.watch.run_once()
    assert (await events(http))["events"] == []
    await protect(world, "R1")
    assert await room.watch.run_once() == 1
    page = await events(http)
    (event,) = page["events"]
    assert event == {
        "event_id": page["next"],
        "type": "purge-address-class",
        "subject": world.handles["ordinary"],
        "earlier": [],
    }
    assert await room.watch.run_once() == 0


async def test_an_officers_measure_recalls_as_a_flag_does(
    http: httpx.AsyncClient, world: World, room: Room, store: Store
) -> None:
    """仮支援措置 counts from the moment of application (DV-4)."""
    await world.ask(BLOCK)
    measures = Measures(MeasureStore(store), clock=world.clock, actor="officer")
    await measures.set(
        TOWN, "resident", "R1", MeasureKind.PROVISIONAL, since=None, until=None, subject_key=None
    )
    assert await room.watch.run_once() == 1
    assert [e["subject"] for e in (await events(http))["events"]] == [world.handles["ordinary"]]


async def test_whoever_is_known_by_a_handle_from_before_a_renewal_is_recognized(
    http: httpx.AsyncClient, world: World, room: Room, keys: FileKeyStore
) -> None:
    """DV-16: an address that is stored under a handle of last year must go, run out or not."""
    await world.ask(BLOCK)
    before = world.handles["ordinary"]
    keys.rotate_handles(world.clock.now() - dt.timedelta(days=1))
    await protect(world, "R1")
    assert await room.watch.run_once() == 1
    (event,) = (await events(http))["events"]
    assert event["earlier"] == [before]
    assert event["subject"] not in {before, ""}


async def test_who_was_given_no_address_is_told_nothing(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """Another item, another person, an address that was withheld, one too long ago."""
    await world.ask(NAME, STATE)
    await world.ask(BLOCK, who="newcomer")
    await world.ask(BLOCK, who="protected")
    await protect(world, "R1")
    assert await room.watch.run_once() == 0
    assert (await events(http))["events"] == []


async def test_only_the_last_days_are_recalled(world: World, room: Room) -> None:
    """The window is a setting of the town."""
    await world.ask(BLOCK)
    world.clock.advance(days=91)
    await world.protection.pull()
    await protect(world, "R1")
    assert await room.watch.run_once() == 0


async def test_an_answer_that_was_under_way_is_recalled_too(world: World, room: Room) -> None:
    """Its record becomes durable after the first look, for some minutes more."""
    await protect(world, "R1")
    assert await room.watch.run_once() == 0
    ordinary = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert ordinary is not None
    audit = world.questions._rooms.audit
    late = AuditEntry(
        municipality=TOWN,
        at=world.clock.now(),
        kind=AuditKind.OPERATION,
        outcome="complete",
        trace_id="f" * 32,
        client_id=CLIENT,
        subject_key=audit.pseudonym(TOWN, ordinary.subject_id),
        items_delivered=("001P0039",),
    )
    await audit.append(late)
    assert await room.watch.run_once() == 1
    assert await room.watch.run_once() == 0


async def test_a_measure_that_comes_again_recalls_again(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """What was given between two measures is not forgotten."""
    await world.ask(BLOCK)
    await protect(world, "R1")
    await room.watch.run_once()
    await protect(world)
    assert await room.watch.run_once() == 0
    await end_measures(world)
    assert await room.watch.run_once() == 0
    world.clock.advance(minutes=6)
    await protect(world)
    await world.ask(BLOCK)
    await protect(world, "R1")
    assert await room.watch.run_once() == 1
    assert len((await events(http))["events"]) == 2


async def test_a_correction_looks_like_a_measure(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """The same event serves corrections and returned mail, so that it tells nothing."""
    for who in ("ordinary", "newcomer"):
        await world.ask(BLOCK, who=who)
    await protect(world, "R1")
    await room.watch.run_once()
    newcomer = await world.subjects.find_by_number(TOWN, "resident", "R3")
    assert newcomer is not None
    for reason in (RecallReason.CORRECTION, RecallReason.RETURNED_MAIL):
        world.clock.advance(seconds=1)
        assert await room.recalls.recall(TOWN, newcomer.subject_id, reason, actor="officer") == 1
    shapes = [sorted((await events(http))["events"][n].items()) for n in range(3)]
    assert len({tuple(name for name, _ in shape) for shape in shapes}) == 1
    assert len({e["type"] for e in (await events(http))["events"]}) == 1
    query = AuditQuery(municipality=TOWN, kind=AuditKind.EVENT)
    rows = await AuditStore(world.store).list(query)
    assert sorted(r.outcome for r in rows) == ["correction", "protection", "returned-mail"]


async def test_no_answer_tells_one_kind_of_event_from_another(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """DV-16: status, headers and body, but for ids that are random, are the same for all three."""
    await world.ask(BLOCK)
    ordinary = await world.subjects.find_by_number(TOWN, "resident", "R1")
    assert ordinary is not None
    shown = []
    cursor: dict[str, str] = {}
    for reason in (None, RecallReason.CORRECTION, RecallReason.RETURNED_MAIL):
        world.clock.advance(seconds=1)
        if reason is None:
            await protect(world, "R1")
            await room.watch.run_once()
        else:
            await room.recalls.recall(TOWN, ordinary.subject_id, reason, actor="officer")
        answer = await http.get("/v1/events", params=cursor)
        assert answer.status_code == 200, answer.text
        (event,) = answer.json()["events"]
        assert re.fullmatch("[0-9a-f]{32}", event["event_id"])
        text = answer.text.replace(event["event_id"], "an id")
        random = {"dpop-nonce", "traceparent", "x-trace-id"}
        headers = [(n, v) for n, v in answer.headers.multi_items() if n not in random]
        shown.append((answer.status_code, headers, text))
        cursor = {"cursor": answer.json()["next"]}
    assert shown[0] == shown[1] == shown[2]


async def test_no_feed_mentions_a_lift(http: httpx.AsyncClient, world: World, room: Room) -> None:
    """DV-6: neither that an address was opened for minutes nor that it is closed again."""
    await world.ask(BLOCK)
    await protect(world, "R1")
    assert await room.watch.run_once() == 1
    before = await events(http)
    for number in ("R1", "R2"):
        await lift(world, terms(BLOCK), ("resident", number))
        assert await room.watch.run_once() == 0
    for who in ("ordinary", "protected"):
        answer = await world.ask(BLOCK, who=who)
        assert answer.parts[0].records[0]["jusho_choaza"] == Value("みどり一丁目"), who
    assert await room.watch.run_once() == 0
    world.clock.advance(minutes=10)
    await world.protection.pull()
    assert await room.watch.run_once() == 0
    assert await events(http) == before


def test_people_who_have_come_under_protection_are_looked_for_in_time() -> None:
    """DV-16: within a minute."""
    assert RECALL_INTERVAL_S <= 60


async def test_the_feed_goes_on_where_it_was_left_and_can_be_read_again(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """The cursor of the last page stays good while nothing new has come."""
    for who in ("ordinary", "newcomer"):
        await world.ask(BLOCK, who=who)
    await protect(world, "R1", "R3")
    await room.watch.run_once()
    first = await events(http, limit=1)
    second = await events(http, limit=1, cursor=first["next"])
    nothing = await events(http, cursor=second["next"])
    assert [len(p["events"]) for p in (first, second, nothing)] == [1, 1, 0]
    assert nothing["next"] == second["next"]
    assert first["events"] + second["events"] == (await events(http))["events"]


async def test_events_are_each_consumers_own(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """API1: another client sees, follows and acknowledges nothing of it."""
    await world.ask(BLOCK)
    await protect(world, "R1")
    await room.watch.run_once()
    (event,) = (await events(http))["events"]
    async with feed_of(world, room, "somebody-else") as other:
        assert await events(other) == {"events": [], "next": None}
        followed = await other.get("/v1/events", params={"cursor": event["event_id"]})
        said = await other.post(f"/v1/events/{event['event_id']}/acknowledge")
    unknown = await http.post(f"/v1/events/{'0' * 32}/acknowledge")
    assert (followed.status_code, said.status_code, unknown.status_code) == (400, 404, 404)
    assert [c.client_id for c in await room.store.open(TOWN)] == [CLIENT]


async def test_a_token_of_one_citizen_reads_no_feed(world: World, room: Room) -> None:
    """AT-6: it would tell of others."""
    login = Login(world.handles["ordinary"], LoginLevel(2), world.clock.now())
    async with feed_of(world, room, CLIENT, login=login) as client:
        assert (await client.get("/v1/events")).status_code == 403


async def test_a_consumer_that_does_not_answer_is_told_of_once(
    http: httpx.AsyncClient, world: World, room: Room
) -> None:
    """The officer on duty is called when a day is over, and not again each minute."""
    await world.ask(BLOCK)
    await protect(world, "R1")
    await room.watch.run_once()
    assert "recall-overdue" not in world.log.events
    world.clock.advance(hours=25)
    for _ in range(3):
        await room.watch.run_once()
    assert world.log.events.count("recall-overdue") == 1
    assert b"hitotsu_recalls_open 1.0" in world.metrics.render()
    (event,) = (await events(http))["events"]
    for _ in range(2):
        answer = await http.post(f"/v1/events/{event['event_id']}/acknowledge")
        assert (answer.status_code, answer.json()) == (200, {"event_id": event["event_id"]})
    await room.watch.run_once()
    assert b"hitotsu_recalls_open 0.0" in world.metrics.render()
    assert await room.store.open(TOWN) == []


async def test_reading_and_acknowledging_are_recorded(
    http: httpx.AsyncClient, world: World, room: Room, store: Store
) -> None:
    """AU-10: a row for each person touched, one for a look at nothing, one for a refusal."""
    for who in ("ordinary", "newcomer"):
        await world.ask(BLOCK, who=who)
    await events(http)
    await protect(world, "R1", "R3")
    await room.watch.run_once()
    page = await events(http)
    await http.post(f"/v1/events/{page['next']}/acknowledge")
    await http.get("/v1/events", params={"cursor": "0" * 32})
    async with store.session() as session:
        query = select(AuditRow).where(AuditRow.function.in_(["events", "event-acknowledge"]))
        rows = list(await session.scalars(query.order_by(AuditRow.sequence)))
    assert [r.outcome for r in rows] == ["none", "shown", "shown", "acknowledged", "refused"]
    assert len({r.subject_key for r in rows[1:3]}) == 2
    assert all(json.loads(r.entry)["items_delivered"] == [] for r in rows)


async def test_two_gateways_make_each_event_once(world: World, room: Room) -> None:
    """Both look at the same time."""
    for who in ("ordinary", "newcomer"):
        await world.ask(BLOCK, who=who)
    await protect(world, "R1", "R3")
    made = await asyncio.gather(*(room.watch.run_once() for _ in range(4)))
    assert sum(made) == 2


@pytest.mark.parametrize(
    ("query", "status"),
    [("cursor=1", 400), (f"cursor={'0' * 201}", 422), ("limit=0", 422), ("limit=9999", 422)],
)
async def test_a_malformed_place_is_refused(
    http: httpx.AsyncClient, query: str, status: int
) -> None:
    """With the place that is wrong."""
    assert (await http.get(f"/v1/events?{query}")).status_code == status
