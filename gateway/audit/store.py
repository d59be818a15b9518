"""SQL of the audit record: append and read, never change."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from gateway.audit.entries import AuditId, AuditKind, AuditRecord
from gateway.store.engine import Store
from gateway.store.lookups import DriverInsert
from gateway.store.tables import AuditRow

MAX_LISTED: Final = 10_000
_APPEND: Final = insert(AuditRow)
TERMINAL_CHARS: Final = 100
"""What the column for searches holds of a terminal; the entry holds all of it."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """What to look for. ``since`` is inclusive, ``until`` exclusive; None does not narrow."""

    municipality: str
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    client_id: str | None = None
    subject_key: str | None = None
    kind: AuditKind | None = None
    limit: int = 100


class AuditStore:
    """Rows of the table ``audit``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._append = DriverInsert(_APPEND)

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Lend a connection to the writer."""
        return self._store.connection()

    async def append(self, connection: AsyncConnection, records: Sequence[AuditRecord]) -> None:
        """Write ``records`` in one transaction. When it returns, they are durable."""
        rows = [record_values(record) for record in records]
        if self._store.dialect == "postgresql":
            await self._append.execute(connection, rows)
            return
        async with connection.begin():
            await connection.execute(_APPEND, rows)

    async def append_in(self, session: AsyncSession, record: AuditRecord) -> None:
        """Write ``record`` in the transaction of the change that it records."""
        await session.execute(insert(AuditRow), [record_values(record)])

    async def find(self, audit_id: AuditId) -> AuditRow | None:
        """Return the row of ``audit_id``."""
        async with self._store.session() as session:
            return (
                await session.scalars(select(AuditRow).where(AuditRow.audit_id == audit_id))
            ).one_or_none()

    async def list(self, query: AuditQuery) -> Sequence[AuditRow]:
        """Return the newest rows that match, newest first."""
        async with self._store.session() as session:
            return (await session.scalars(_select(query))).all()

    async def iter_all(self) -> AsyncIterator[AuditRow]:
        """Yield every row in the order of its writing."""
        async with self._store.session() as session:
            rows = await session.stream_scalars(select(AuditRow).order_by(AuditRow.sequence))
            async for row in rows:
                yield row


def _select(query: AuditQuery) -> Select[AuditRow]:
    statement = select(AuditRow).where(AuditRow.municipality == query.municipality)
    if query.since is not None:
        statement = statement.where(AuditRow.at >= query.since)
    if query.until is not None:
        statement = statement.where(AuditRow.at < query.until)
    if query.client_id is not None:
        statement = statement.where(AuditRow.client_id == query.client_id)
    if query.subject_key is not None:
        statement = statement.where(AuditRow.subject_key == query.subject_key)
    if query.kind is not None:
        statement = statement.where(AuditRow.kind == query.kind.value)
    return statement.order_by(AuditRow.sequence.desc()).limit(min(query.limit, MAX_LISTED))


def record_values(record: AuditRecord) -> dict[str, Any]:
    """Return the columns of a record but its ``sequence``, which the database gives."""
    entry = record.entry
    return {
        "audit_id": record.audit_id,
        "municipality": entry.municipality,
        "at": entry.at,
        "kind": entry.kind.value,
        "client_id": entry.client_id,
        "subject_key": entry.subject_key,
        "purpose_id": entry.purpose,
        "outcome": entry.outcome,
        "my_number": entry.my_number,
        "terminal": entry.terminal[:TERMINAL_CHARS],
        "function": entry.function,
        "entry": record.text,
        "leaf_hash": record.leaf_hash,
        "occurrences": entry.occurrences.count if entry.occurrences else 1,
    }
