"""SQL of the lists of whom officers must not look up, and of looks in the last hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import delete, func, insert, select

from gateway.audit.entries import AuditKind, AuditRecord
from gateway.audit.store import AuditStore
from gateway.store.engine import Store
from gateway.store.tables import AuditOperatorRow, AuditRow, AuditWatchRow
from gateway.store.types import UtcDateTime

MOST: Final = 200_000
"""Groups of looks that one round reads; more in an hour are seen in part."""
PIECE: Final = 1_000
"""So many are read in one turn: questions that are answered meanwhile get theirs."""
_LAST: Final = func.max(AuditRow.at, type_=UtcDateTime())


@dataclass(frozen=True, slots=True)
class Looks:
    """How often one actor looked at one person, and when last."""

    municipality: str
    client_id: str | None
    terminal: str | None
    subject_key: str
    count: int
    last: dt.datetime


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that was given already."""

    municipality: str
    pattern: str
    client_id: str | None
    terminal: str | None
    subject_key: str | None


class AlertStore:
    """Rows of ``audit_watch``, and of ``audit`` where looks and alerts stand."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def towns(self) -> list[str]:
        """Return the municipalities that the record speaks of; a look into an index for each."""
        found: list[str] = []
        async with self._store.session() as session:
            after = ""
            while True:
                query = select(func.min(AuditRow.municipality))
                town = await session.scalar(query.where(AuditRow.municipality > after))
                if town is None:
                    return found
                found.append(town)
                after = town

    async def looks(self, towns: Sequence[str], since: dt.datetime) -> list[Looks]:
        """Return the looks at people since then, refused ones among them, by actor and person."""
        query = (
            select(
                AuditRow.municipality,
                AuditRow.client_id,
                AuditRow.terminal,
                AuditRow.subject_key,
                func.count(),
                _LAST,
            )
            .where(
                AuditRow.municipality.in_(towns),
                AuditRow.at >= since,
                AuditRow.kind == AuditKind.OPERATION.value,
                AuditRow.subject_key.is_not(None),
            )
            .group_by(
                AuditRow.municipality, AuditRow.client_id, AuditRow.terminal, AuditRow.subject_key
            )
            .order_by(_LAST.desc())
            .limit(MOST)
        )
        async with (
            self._store.engine.connect() as connection,
            connection.stream(query.execution_options(yield_per=PIECE)) as found,
        ):
            return [
                Looks(r[0], r[1], r[2], r[3] or "", r[4], r[5])
                async for rows in found.partitions(PIECE)
                for r in rows
            ]

    async def told(self, towns: Collection[str], since: dt.datetime, function: str) -> set[Told]:
        """Return the alerts since then."""
        query = select(
            AuditRow.municipality,
            AuditRow.outcome,
            AuditRow.client_id,
            AuditRow.terminal,
            AuditRow.subject_key,
        ).where(
            AuditRow.municipality.in_(towns),
            AuditRow.at >= since,
            AuditRow.kind == AuditKind.EVENT.value,
            AuditRow.function == function,
        )
        async with self._store.session() as session:
            return {Told(*row) for row in await session.execute(query)}

    async def watches(self, municipality: str | None = None) -> Sequence[AuditWatchRow]:
        """Return what is on the lists now, the oldest first."""
        query = select(AuditWatchRow).where(AuditWatchRow.ended_at.is_(None))
        if municipality is not None:
            query = query.where(AuditWatchRow.municipality == municipality)
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(AuditWatchRow.added_at))).all()

    async def add(self, rows: Sequence[dict[str, Any]], records: Sequence[AuditRecord]) -> None:
        """Put people on a list, with the audit records of it."""
        async with self._store.transaction() as session:
            await session.execute(insert(AuditWatchRow), list(rows))
            for record in records:
                await self._audit.append_in(session, record)

    async def operators(self, municipality: str | None = None) -> Sequence[AuditOperatorRow]:
        """Return which residents operators are."""
        query = select(AuditOperatorRow)
        if municipality is not None:
            query = query.where(AuditOperatorRow.municipality == municipality)
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(AuditOperatorRow.operator))).all()

    async def set_operator(self, row: AuditOperatorRow, record: AuditRecord) -> None:
        """Write which resident an operator is, in the place of what was there."""
        async with self._store.transaction() as session:
            await session.merge(row)
            await self._audit.append_in(session, record)

    async def end_operator(self, municipality: str, operator: str, record: AuditRecord) -> bool:
        """Forget which resident an operator is; False where it was not known."""
        query = delete(AuditOperatorRow).where(
            AuditOperatorRow.municipality == municipality, AuditOperatorRow.operator == operator
        )
        async with self._store.transaction() as session:
            done: Any = await session.execute(query)
            if done.rowcount:
                await self._audit.append_in(session, record)
            return bool(done.rowcount)

    async def end(
        self, municipality: str, watch_id: str, at: dt.datetime, record: AuditRecord
    ) -> bool:
        """End every entry of a list; False where there is none."""
        async with self._store.transaction() as session:
            query = select(AuditWatchRow).where(
                AuditWatchRow.municipality == municipality,
                AuditWatchRow.watch_id == watch_id,
                AuditWatchRow.ended_at.is_(None),
            )
            rows = (await session.scalars(query)).all()
            for row in rows:
                row.ended_at = at
            if rows:
                await self._audit.append_in(session, record)
            return bool(rows)
