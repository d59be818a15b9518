"""API4, AU-1: a flood of refusals is recorded in few rows, and not one of it is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import func, select, text

from gateway.audit import AuditEntry, AuditKind, AuditLog, AuditStore
from gateway.audit.refusals import KINDS, ROWS, SEVERAL, CountedRefusals
from gateway.audit.searches import SearchStore, Window
from gateway.keys import FileKeyStore
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.doubles import RecordingLog
from tests.gateway.audit.entries import AT, entry
from tests.gateway.audit.schemas import RECORD, faults

TOWN = "999997"


def refused(second: float = 0, **changes: Any) -> AuditEntry:
    """Return the refusal of a token so many seconds after the first."""
    members: dict[str, Any] = {
        "at": AT + dt.timedelta(seconds=second),
        "kind": AuditKind.AUTHENTICATION,
        "municipality": "000000",
        "outcome": "refused",
        "problem": "token-invalid",
        "client_id": None,
        "purpose": None,
        "terminal": "203.0.113.9",
        "function": "token",
    }
    return entry(**(members | changes))


async def rows(store: Store) -> list[AuditRow]:
    async with store.session() as session:
        return [*await session.scalars(select(AuditRow).order_by(AuditRow.sequence))]


async def refusals(store: Store) -> int:
    """Return how many refusals the record tells of."""
    async with store.session() as session:
        return int(await session.scalar(select(func.sum(AuditRow.occurrences))) or 0)


async def test_the_first_refusals_stand_alone_and_the_others_together(
    store: Store, audit_log: AuditLog
) -> None:
    """So many rows of their own; then one that says how many, from when to when."""
    for second in range(ROWS + 250):
        await audit_log.append_refusal(refused(second))
    assert [row.occurrences for row in await rows(store)] == [1] * ROWS
    await audit_log.store_refusals()
    last = (await rows(store))[-1]
    said = json.loads(last.entry)
    assert faults(RECORD, said) == []
    assert last.occurrences == 250
    assert said["occurrences"] == {
        "count": 250,
        "first": "2026-10-01T01:01:40.000000+00:00",
        "last": "2026-10-01T01:05:49.000000+00:00",
    }
    assert (said["at"], said["trace_id"]) == (said["occurrences"]["last"], "")
    assert [said[k] for k in ("outcome", "problem", "terminal", "function")] == [
        *("refused", "token-invalid", "203.0.113.9", "token")
    ]
    assert await refusals(store) == ROWS + 250


async def test_a_new_window_begins_when_what_was_counted_is_recorded(
    store: Store, audit_log: AuditLog
) -> None:
    """The next refusals stand alone again, with their traces."""
    for _ in range(ROWS + 1):
        await audit_log.append_refusal(refused())
    await audit_log.store_refusals()
    await audit_log.append_refusal(refused(60))
    found = await rows(store)
    assert len(found) == ROWS + 2
    assert json.loads(found[-1].entry)["trace_id"] == refused().trace_id
    await audit_log.store_refusals()
    assert len(await rows(store)) == ROWS + 2


async def test_what_was_refused_for_another_reason_or_elsewhere_is_counted_apart(
    store: Store, audit_log: AuditLog
) -> None:
    """Consumer, terminal, function and problem; one that happened once keeps its trace."""
    for _ in range(ROWS):
        await audit_log.append_refusal(refused())
    for changes in (
        {"client_id": "online-service"},
        {"terminal": "203.0.113.10"},
        {"function": "linkage-token"},
        {"problem": "proof-invalid"},
    ):
        await audit_log.append_refusal(refused(**changes))
        await audit_log.append_refusal(refused(**changes))
    await audit_log.append_refusal(refused(municipality=TOWN, purpose="jidoteate-ninteiseikyu"))
    await audit_log.store_refusals()
    assert [row.occurrences for row in (await rows(store))[ROWS:]] == [2, 2, 2, 2, 1]
    assert json.loads((await rows(store))[-1].entry)["trace_id"] == refused().trace_id


def test_rows_and_memory_are_bounded_whatever_is_sent() -> None:
    """Terminals without end: beyond so many kinds there is one more count for each problem."""
    counted = CountedRefusals()
    sent = 10 * KINDS
    for number in range(sent):
        problem = ("token-invalid", "token-missing")[number % 2]
        client = f"c{number}"
        counted.count(refused(number, terminal=f"2001:db8::{number:x}", client_id=client,
                              municipality=TOWN, problem=problem))  # fmt: skip
    assert counted.total == sent
    found = counted.take()
    assert len(found) == KINDS + 2
    for one in found[KINDS:]:
        assert one.occurrences is not None
        assert one.occurrences.count == (sent - KINDS) // 2
        assert (one.terminal, one.client_id, one.municipality) == (SEVERAL, None, "000000")
    assert counted.take() == []


async def test_a_stop_records_what_was_counted(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
) -> None:
    """Nothing is lost when the gateway is asked to end."""
    async with AuditLog(AuditStore(store), keys, log=event_log, patience_s=30) as log:
        for second in range(ROWS + 30):
            await log.append_refusal(refused(second))
    assert await refusals(store) == ROWS + 30


async def test_a_stop_in_the_middle_of_recording_loses_nothing(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
) -> None:
    """The task that records is cancelled while it waits for the database."""
    async with AuditLog(AuditStore(store), keys, log=event_log, patience_s=30) as log:
        for _ in range(ROWS + 30):
            await log.append_refusal(refused())
        storing = asyncio.create_task(log.store_refusals())
        await asyncio.sleep(0)
        storing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await storing
    assert await refusals(store) == ROWS + 30


async def test_what_cannot_be_recorded_is_kept_and_told(
    store: Store, audit_log: AuditLog, event_log: RecordingLog
) -> None:
    """While the record cannot be written the count goes on; afterwards all of it is there."""
    for _ in range(ROWS + 5):
        await audit_log.append_refusal(refused())
    async with store.transaction() as session:
        await session.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    await audit_log.store_refusals()
    assert ("error", "refusals-not-recorded", {"count": 5}) in event_log.lines
    with pytest.raises(Problem):
        await audit_log.append_refusal(refused(61))
    async with store.transaction() as session:
        await session.execute(text("ALTER TABLE elsewhere RENAME TO audit"))
    await audit_log.store_refusals()
    assert await refusals(store) == ROWS + 5


async def test_the_search_for_failed_log_ins_tells_how_many_they_were(
    store: Store, audit_log: AuditLog
) -> None:
    """AU-5: by id and terminal, those that stand together counted one by one."""
    for second in range(ROWS + 400):
        await audit_log.append_refusal(refused(second))
    await audit_log.append(
        refused(600, outcome="token-issued", problem=None, terminal="203.0.113.10")
    )
    await audit_log.store_refusals()
    window = Window(TOWN, AT, AT + dt.timedelta(hours=1))
    (found,) = await SearchStore(store).logins(window, failed_at_least=ROWS + 400)
    assert (found.terminal, found.failed, found.succeeded) == ("203.0.113.9", ROWS + 400, 0)
    assert found.last == AT + dt.timedelta(seconds=ROWS + 399)
    assert await SearchStore(store).logins(window, failed_at_least=ROWS + 401) == []
    everybody = await SearchStore(store).logins(window, failed_at_least=0)
    assert [(one.failed, one.succeeded) for one in everybody] == [(ROWS + 400, 0), (0, 1)]
