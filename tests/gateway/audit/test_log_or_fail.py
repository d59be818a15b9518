import asyncio

import pytest
from sqlalchemy import func, select, text

from gateway.audit import AuditLog, AuditQuery, AuditStore
from gateway.audit.service import PATIENCE_S
from gateway.problems import Problem
from gateway.store.engine import Store, open_store
from gateway.store.tables import AuditRow
from tests.doubles import RecordingLog
from tests.gateway.audit.entries import entry


async def rows(store: Store) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(AuditRow)) or 0


async def test_an_id_is_returned_only_when_another_connection_can_read_the_row(
    audit_log: AuditLog, database_url: str
):
    """Durable means that it is there for everybody."""
    audit_id = await audit_log.append(entry())
    other = open_store(database_url)
    row = await AuditStore(other).find(audit_id)
    await other.aclose()
    assert row is not None
    assert row.entry.startswith('{"at":"2026-10-01T01:00:00.000000+00:00"')
    assert row.at.isoformat() == "2026-10-01T01:00:00+00:00"
    assert (row.municipality, row.kind, row.client_id) == ("999997", "operation", "online-service")


async def test_those_who_wait_together_share_a_commit(store: Store, keys, event_log: RecordingLog):
    """A hundred answers at once need far fewer than a hundred commits, and all get a row."""
    sizes: list[int] = []
    async with AuditLog(
        AuditStore(store), keys, log=event_log, patience_s=30, on_batch=sizes.append
    ) as log:
        ids = await asyncio.gather(*(log.append(entry()) for _ in range(100)))
    assert len(set(ids)) == 100
    assert sum(sizes) == 100
    assert len(sizes) <= 10
    assert await rows(store) == 100


async def test_no_answer_when_the_table_cannot_be_written(
    store: Store, audit_log: AuditLog, event_log: RecordingLog
):
    """Every waiter of the batch is refused; nothing of the entry is in the log."""
    async with store.transaction() as session:
        await session.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    results = await asyncio.gather(
        *(audit_log.append(entry(terminal="canary-77")) for _ in range(5)), return_exceptions=True
    )
    assert [r.type.slug for r in results if isinstance(r, Problem)] == ["audit-unavailable"] * 5
    assert "audit-failed" in event_log.events
    assert "canary-77" not in event_log.text


async def test_a_record_that_can_only_be_read_refuses_within_a_second(
    store: Store, database_url: str, keys, event_log: RecordingLog
):
    """AU-2: the disk went read-only, or a standby took over: 503 with Retry-After, in time."""
    name = store.engine.url.database
    forbid = {
        "sqlite": "CREATE TRIGGER read_only BEFORE INSERT ON audit"
        " BEGIN SELECT RAISE(ABORT, 'attempt to write a readonly database'); END",
        "postgresql": f"ALTER DATABASE {name} SET default_transaction_read_only = on",
    }
    async with store.transaction() as session:
        await session.execute(text(forbid[store.dialect]))
    read_only = open_store(database_url)
    async with AuditLog(AuditStore(read_only), keys, log=event_log) as log:
        begun = asyncio.get_running_loop().time()
        with pytest.raises(Problem) as refusal:
            await log.append(entry())
        took_s = asyncio.get_running_loop().time() - begun
    await read_only.aclose()
    assert (refusal.value.type.slug, refusal.value.type.status) == ("audit-unavailable", 503)
    # What a busy machine adds is not the rule's.
    assert took_s <= PATIENCE_S + 1
    assert PATIENCE_S <= 1


async def test_the_log_recovers_by_itself(store: Store, audit_log: AuditLog):
    """When the database is back, the next answer goes out."""
    async with store.transaction() as session:
        await session.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    with pytest.raises(Problem):
        await audit_log.append(entry())
    async with store.transaction() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
    await audit_log.append(entry())
    assert await rows(store) == 1


async def test_a_database_that_hangs_does_not_hold_up_the_refusal(
    store: Store, keys, event_log: RecordingLog
):
    """While somebody else locks the table for ever, the waiter is refused after its patience."""
    lock = "SELECT 1" if store.dialect == "sqlite" else "LOCK TABLE audit IN EXCLUSIVE MODE"
    log = AuditLog(AuditStore(store), keys, log=event_log, patience_s=0.1)
    await log.start()
    async with store.transaction() as session:
        await session.execute(text(lock))
        with pytest.raises(Problem) as refusal:
            await log.append(entry())
    assert refusal.value.type.slug == "audit-unavailable"
    assert refusal.value.headers["Retry-After"] == "5"
    await log.aclose()


async def test_a_full_queue_refuses_at_once(store: Store, keys, event_log: RecordingLog):
    """Memory stays bounded when the disk is slower than the callers."""
    log = AuditLog(AuditStore(store), keys, log=event_log, patience_s=30, queue_limit=3)
    await log.start()
    results = await asyncio.gather(*(log.append(entry()) for _ in range(8)), return_exceptions=True)
    await log.aclose()
    assert [isinstance(r, str) for r in results] == [True] * 3 + [False] * 5
    assert await rows(store) == 3


async def test_nothing_is_accepted_before_the_writer_runs_or_after_it_stopped(
    store: Store, keys, event_log: RecordingLog
):
    """An entry that nobody would write is refused, not forgotten."""
    log = AuditLog(AuditStore(store), keys, log=event_log, patience_s=30)
    with pytest.raises(Problem):
        await log.append(entry())
    await log.start()
    assert log.alive
    await log.append(entry())
    await log.aclose()
    assert not log.alive
    with pytest.raises(Problem):
        await log.append(entry())


async def test_closing_writes_what_still_waits(store: Store, keys, event_log: RecordingLog):
    """A drain loses no row."""
    log = AuditLog(AuditStore(store), keys, log=event_log, patience_s=30)
    await log.start()
    waiting = [asyncio.create_task(log.append(entry())) for _ in range(20)]
    await asyncio.sleep(0)
    await log.aclose()
    assert len({await w for w in waiting}) == 20
    assert await rows(store) == 20


async def test_a_caller_that_gives_up_harms_nobody(store: Store, audit_log: AuditLog):
    """A cancelled waiter may leave a row; the others get theirs."""
    tasks = [asyncio.create_task(audit_log.append(entry())) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[1], asyncio.CancelledError)
    assert isinstance(done[0], str)
    assert isinstance(done[2], str)
    assert await rows(store) in {2, 3}


async def test_a_person_has_one_pseudonym_that_tells_nothing(audit_log: AuditLog):
    """The same each time, different for another person or municipality, free of the id."""
    subject = "00112233445566778899aabbccddeeff"
    name = audit_log.pseudonym("999997", subject)
    assert name == audit_log.pseudonym("999997", subject)
    assert len(name) == 64
    assert name != audit_log.pseudonym("999989", subject)
    assert name != audit_log.pseudonym("999997", subject[::-1])
    assert subject not in name


async def test_records_are_found_by_time_client_and_person(store: Store, audit_log: AuditLog):
    """Since is inclusive, until exclusive; another municipality's records are never seen."""
    early, late = entry().at, entry().at.replace(hour=11)
    wanted = await audit_log.append(entry(at=late, client_id="b", subject_key="p" * 64))
    await audit_log.append(entry(at=early, client_id="a"))
    await audit_log.append(entry(at=late, client_id="b", municipality="999989"))
    found = AuditStore(store)

    async def ids(**query) -> list[str]:
        return [r.audit_id for r in await found.list(AuditQuery("999997", **query))]

    assert await ids(since=late) == [wanted]
    assert len(await ids(until=late)) == 1
    assert await ids(client_id="b") == [wanted]
    assert await ids(subject_key="p" * 64) == [wanted]
    assert len(await ids()) == 2
    assert len(await ids(limit=1)) == 1
