"""WR-2: handed to the systems in order, once, whatever breaks on the way."""

from __future__ import annotations

import datetime as dt

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    Conflict,
    PlannedUnavailable,
    Rejected,
    Unavailable,
    Unsupported,
)
from gateway.audit import AuditEntry, AuditKind, to_record
from gateway.store.tables import OutboxRow
from tests.gateway.questions.conftest import TOWN
from tests.gateway.submissions.conftest import Counter, Killed


def gauges(counter: Counter) -> dict[str, float]:
    """Return the figures of the outbox."""
    text = counter.world.metrics.render().decode()
    return {
        "/".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if "outbox" in sample.name
    }


def values(counter: Counter) -> list[str | int | float | bool]:
    """Return what the system has, in the order in which it came."""
    return [next(iter(request.items.values())) for request in counter.tax.effects.values()]


async def test_what_was_stated_reaches_its_system(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """With the person's number there, the items, and a key that stays the same."""
    response = await counter.submit(http, counter.body("みどり一丁目"))
    assert response.json()["handed_to"] == ["scripted-tax"]
    assert await counter.delivery.deliver() == 1
    (request,) = counter.tax.tried
    assert (request.number, request.group) == ("T1", "010.sofusakijoho")
    assert request.items == {"sofusaki_choaza": "みどり一丁目"}
    assert await counter.delivery.deliver() == 0
    async with counter.world.store.session() as session:
        (row,) = await session.scalars(select(OutboxRow))
    assert (row.receipt, row.due_at, row.parked_at) == ("T-0", None, None)


async def test_a_persons_messages_keep_their_order(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """R10: a message that must wait holds up the later ones of that person, and of nobody else."""
    counter.tax.refusal = Unavailable("down")
    for place in "一二三":
        await counter.submit(http, counter.body(f"{place}丁目"))
    assert await counter.delivery.deliver() == 1
    handle = counter.world.handles["protected"]
    await counter.submit(http, counter.body("別の人", subject=handle))
    assert await counter.delivery.deliver() == 1
    counter.tax.refusal = None
    counter.world.clock.advance(minutes=1)
    assert await counter.delivery.deliver() == 4
    assert [v for v in values(counter) if v != "別の人"] == ["一丁目", "二丁目", "三丁目"]


async def test_a_process_that_dies_loses_and_doubles_nothing(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """R10: killed after the system took it; the next try has the same key and one effect."""
    await counter.submit(http, counter.body("一丁目"))
    await counter.submit(http, counter.body("二丁目"))
    counter.tax.dies_after = True
    with pytest.raises(Killed):
        await counter.delivery.deliver()
    counter.tax.dies_after = False
    assert await counter.delivery.deliver() == 0, "lent to the process that died"
    counter.world.clock.advance(seconds=90)
    assert await counter.delivery.deliver() == 2
    assert len(counter.tax.tried) == 3
    assert counter.tax.tried[0].idempotency_key == counter.tax.tried[1].idempotency_key
    assert values(counter) == ["一丁目", "二丁目"]


@pytest.mark.parametrize(
    "error",
    [
        Rejected("no", vendor_code="E42"),
        Conflict("used"),
        Unsupported("not this item"),
        RuntimeError("vendor code"),
    ],
)
async def test_what_a_system_never_takes_is_parked_with_the_reason(
    counter: Counter, http: httpx.AsyncClient, error: Exception
) -> None:
    """Poison holds up nobody; it is recorded, counted, and can be tried again."""
    counter.tax.refusal = error
    await counter.submit(http, counter.body("一丁目"))
    await counter.delivery.deliver()
    (parked,) = await counter.submissions.parked(TOWN)
    expected = error.code if isinstance(error, AdapterError) else "adapter-crashed"
    assert parked.reason == expected
    assert gauges(counter)["hitotsu_outbox_messages/parked"] == 1
    assert "submission-parked" in counter.world.log.events
    counter.tax.refusal = None
    entry = AuditEntry(TOWN, counter.world.clock.now(), AuditKind.EVENT, "requeued", "")
    assert await counter.submissions.requeue(
        TOWN, parked.message_id, counter.world.clock.now(), to_record(entry)
    )
    await counter.delivery.deliver()
    assert values(counter) == ["一丁目"]
    assert await counter.submissions.parked(TOWN) == []


async def test_a_parked_message_never_goes_after_a_later_one(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """R10: an old address must not overwrite the new one."""
    counter.tax.refusal = Rejected("no", vendor_code="E42")
    await counter.submit(http, counter.body("旧町"))
    await counter.delivery.deliver()
    counter.tax.refusal = None
    await counter.submit(http, counter.body("新町"))
    await counter.delivery.deliver()
    (parked,) = await counter.submissions.parked(TOWN)
    entry = AuditEntry(TOWN, counter.world.clock.now(), AuditKind.EVENT, "requeued", "")
    assert not await counter.submissions.requeue(
        TOWN, parked.message_id, counter.world.clock.now(), to_record(entry)
    )
    assert values(counter) == ["新町"]


async def test_only_the_towns_own_parked_messages_wait_again(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """Another town's officer moves nothing; what waits or was delivered is not sent twice."""

    async def requeued(town: str, message_id: str) -> bool:
        now = counter.world.clock.now()
        record = to_record(AuditEntry(town, now, AuditKind.EVENT, "requeued", ""))
        return await counter.submissions.requeue(town, message_id, now, record)

    counter.tax.refusal = Rejected("no", vendor_code="E42")
    await counter.submit(http, counter.body("一丁目"))
    async with counter.world.store.session() as session:
        message_id = (await session.scalars(select(OutboxRow.message_id))).one()
    assert not await requeued(TOWN, message_id), "it waits, and is not parked"
    await counter.delivery.deliver()
    assert not await requeued("999996", message_id)
    assert await counter.delivery.deliver() == 0
    counter.tax.refusal = None
    assert await requeued(TOWN, message_id)
    assert await counter.delivery.deliver() == 1
    assert not await requeued(TOWN, message_id), "it was delivered"
    assert values(counter) == ["一丁目"]


@pytest.mark.parametrize("error", [Unavailable("down"), AuthenticationFailed("key expired")])
async def test_a_system_that_is_down_is_waited_for_without_end(
    counter: Counter, http: httpx.AsyncClient, error: AdapterError
) -> None:
    """WR-3, R14: the pauses grow to an hour, the age of the oldest is told, nothing is given up."""
    counter.tax.refusal = error
    await counter.submit(http)
    for _ in range(30):
        assert await counter.delivery.deliver() == 1
        assert await counter.delivery.deliver() == 0
        counter.world.clock.advance(hours=1)
    counter.rested()
    await counter.delivery.deliver()
    assert gauges(counter)["hitotsu_outbox_messages/waiting"] == 1
    assert gauges(counter)["hitotsu_outbox_oldest_seconds"] == 30 * 3600
    counter.tax.refusal = None
    counter.rested()
    counter.world.clock.advance(hours=1)
    await counter.delivery.deliver()
    assert gauges(counter)["hitotsu_outbox_oldest_seconds"] == 0
    assert len(values(counter)) == 1


async def test_a_closed_system_is_tried_when_it_opens(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """R7: not a second earlier."""
    opens = counter.world.clock.now() + dt.timedelta(hours=9)
    counter.tax.refusal = PlannedUnavailable("night batch", until=opens)
    await counter.submit(http)
    await counter.delivery.deliver()
    counter.tax.refusal = None
    counter.world.clock.advance(hours=8, minutes=59, seconds=59)
    assert await counter.delivery.deliver() == 0
    counter.world.clock.advance(seconds=1)
    assert await counter.delivery.deliver() == 1


async def test_a_system_that_answers_nonsense_is_given_up_in_the_end(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """WR-2: after ten bad answers a person must look."""
    counter.tax.refusal = BadAnswer("HTML for JSON")
    await counter.submit(http)
    for _ in range(12):
        await counter.delivery.deliver()
        counter.rested()
        counter.world.clock.advance(hours=2)
    (parked,) = await counter.submissions.parked(TOWN)
    assert parked.reason == "source-bad-answer"
    assert parked.attempts == 10


async def test_somebody_whom_the_system_does_not_know_is_parked(
    counter: Counter, http: httpx.AsyncClient
) -> None:
    """The newcomer has no number there: nobody guesses one."""
    await counter.submit(http, counter.body(subject=counter.world.handles["newcomer"]))
    await counter.delivery.deliver()
    (parked,) = await counter.submissions.parked(TOWN)
    assert parked.reason == "no-number"
    assert counter.tax.tried == []
