"""A record with a tree over it, and what a database owner can do to both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from gateway.audit import to_record
from gateway.audit.store import AuditStore, record_values
from gateway.audit.tree import AuditTree, TreeStore
from gateway.keys import FileKeyStore
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.audit.entries import entry

ISSUER = "https://hitotsu.example"


def tree_over(
    store: Store,
    keys: FileKeyStore,
    *,
    clock: StoppedClock | None = None,
    log: RecordingLog | None = None,
    anchors: Path | None = None,
) -> AuditTree:
    """Return a tree over the record in ``store``."""
    return AuditTree(
        TreeStore(store),
        keys,
        clock=clock or StoppedClock(),
        issuer=ISSUER,
        log=log or RecordingLog(),
        anchors=anchors,
    )


async def write_rows(store: Store, count: int, **changes: Any) -> list[str]:
    """Append ``count`` records; return their ids."""
    records = [to_record(entry(trace_id=f"{n:032x}", **changes)) for n in range(count)]
    async with store.connection() as connection:
        await AuditStore(store).append(connection, records)
    return [record.audit_id for record in records]


async def insert_row(store: Store, sequence: int) -> None:
    """Slip in a record that is right in itself at ``sequence``."""
    async with store.transaction() as session:
        values = record_values(to_record(entry()))
        await session.execute(insert(AuditRow).values(sequence=sequence, **values))


async def as_owner(store: Store, *statements: str) -> None:
    """Do what only the owner of the database can do."""
    async with store.transaction() as session:
        for statement in statements:
            await session.execute(text(statement))
