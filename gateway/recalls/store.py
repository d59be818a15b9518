"""SQL of recalls: who has come under protection, who was given what, what was told to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, delete, func, select, text, tuple_, union, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import (
    AuditRow,
    ProtectionFlagRow,
    ProtectionMeasureRow,
    RecallMarkRow,
    RecallRow,
    SourceNumberRow,
)

_ONE_AT_A_TIME: Final = 7_305_011
"""Key of the advisory lock: recalls become visible in the order of their sequence."""


@dataclass(frozen=True, slots=True)
class Marked:
    """Somebody whose addresses are being recalled, and since when."""

    municipality: str
    subject_id: str
    marked_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OpenRecalls:
    """How many recalls a consumer has not acknowledged, and since when."""

    client_id: str
    count: int
    oldest: dt.datetime


class RecallStore:
    """Rows of ``recall`` and ``recall_mark``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[RecallWriting]:
        """Open a transaction in which nobody else makes recalls."""
        async with self._store.transaction() as session:
            if self._store.dialect == "postgresql":
                await session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
            yield RecallWriting(session, self._audit)

    async def changed(self, since: dt.datetime) -> bool:
        """Tell whether somebody came under protection or left it, or was marked after ``since``.

        Cheap, and without a lock: most rounds have nothing to do.
        """
        protected = _protected().subquery()
        marked = select(RecallMarkRow.municipality, RecallMarkRow.subject_id)
        new = select(protected).where(
            tuple_(protected.c.municipality, protected.c.subject_id).not_in(marked)
        )
        gone = select(RecallMarkRow.subject_id).where(
            tuple_(RecallMarkRow.municipality, RecallMarkRow.subject_id).not_in(
                select(protected.c.municipality, protected.c.subject_id)
            )
        )
        young = select(RecallMarkRow.subject_id).where(RecallMarkRow.marked_at > since)
        async with self._store.session() as session:
            for query in (new, gone, young):
                if (await session.execute(query.limit(1))).first() is not None:
                    return True
        return False

    async def page(
        self, municipality: str, client_id: str, after: str | None, limit: int
    ) -> Sequence[RecallRow] | None:
        """Return the client's events behind the one with id ``after``, oldest first.

        None: the client has no such event.
        """
        own = (RecallRow.municipality == municipality, RecallRow.client_id == client_id)
        query = select(RecallRow).where(*own).order_by(RecallRow.sequence).limit(limit)
        async with self._store.session() as session:
            if after is not None:
                place = select(RecallRow.sequence).where(*own, RecallRow.event_id == after)
                sequence = (await session.scalars(place)).one_or_none()
                if sequence is None:
                    return None
                query = query.where(RecallRow.sequence > sequence)
            return (await session.scalars(query)).all()

    async def acknowledge(
        self,
        municipality: str,
        client_id: str,
        event_id: str,
        now: dt.datetime,
        audit: AuditRecord,
    ) -> bool:
        """Note that the client has erased; again and again with the same effect.

        Return whether the event is the client's.
        """
        own = (
            RecallRow.municipality == municipality,
            RecallRow.client_id == client_id,
            RecallRow.event_id == event_id,
        )
        async with self._store.transaction() as session:
            if (await session.scalars(select(RecallRow.event_id).where(*own))).first() is None:
                return False
            first = update(RecallRow).where(*own, RecallRow.acknowledged_at.is_(None))
            await session.execute(first.values(acknowledged_at=now))
            await self._audit.append_in(session, audit)
            return True

    async def open(self, municipality: str | None = None) -> Sequence[OpenRecalls]:
        """Return what waits to be acknowledged, by client."""
        query = (
            select(
                RecallRow.client_id,
                func.count().label("waiting"),
                func.min(RecallRow.created_at).label("oldest"),
            )
            .where(RecallRow.acknowledged_at.is_(None))
            .group_by(RecallRow.client_id)
            .order_by(RecallRow.client_id)
        )
        if municipality is not None:
            query = query.where(RecallRow.municipality == municipality)
        async with self._store.session() as session:
            rows = await session.execute(query)
            return [OpenRecalls(r.client_id, r.waiting, r.oldest) for r in rows]


class RecallWriting:
    """What one transaction reads and writes."""

    def __init__(self, session: AsyncSession, audit: AuditStore) -> None:
        self._session = session
        self._audit = audit

    async def protected(self) -> frozenset[tuple[str, str]]:
        """Return municipality and subject id of everybody whom a flag or an officer protects."""
        rows = await self._session.execute(_protected())
        return frozenset((row.municipality, row.subject_id) for row in rows)

    async def marks(self) -> Sequence[Marked]:
        """Return everybody who is marked."""
        rows = await self._session.scalars(select(RecallMarkRow))
        return [Marked(r.municipality, r.subject_id, r.marked_at) for r in rows]

    async def mark(self, people: Iterable[Marked]) -> None:
        """Remember that recalls of these people were made."""
        self._session.add_all(
            RecallMarkRow(
                municipality=m.municipality, subject_id=m.subject_id, marked_at=m.marked_at
            )
            for m in people
        )
        await self._session.flush()

    async def unmark(self, people: Iterable[Marked]) -> None:
        """Forget people, so that another measure recalls anew."""
        for m in people:
            await self._session.execute(
                delete(RecallMarkRow).where(
                    RecallMarkRow.municipality == m.municipality,
                    RecallMarkRow.subject_id == m.subject_id,
                )
            )

    async def deliveries(
        self, municipality: str, subject_key: str, since: dt.datetime
    ) -> Sequence[Any]:
        """Return client and entry of what consumers were told of a person since then."""
        query = select(AuditRow.client_id, AuditRow.entry).where(
            AuditRow.municipality == municipality,
            AuditRow.subject_key == subject_key,
            AuditRow.at >= since,
            AuditRow.client_id.is_not(None),
        )
        return (await self._session.execute(query)).all()

    async def told(self, marked: Marked) -> frozenset[str]:
        """Return the clients that have the recall of this mark already."""
        query = select(RecallRow.client_id).where(
            RecallRow.municipality == marked.municipality,
            RecallRow.subject_id == marked.subject_id,
            RecallRow.marked_at == marked.marked_at,
        )
        return frozenset(await self._session.scalars(query))

    async def note(self, audit: AuditRecord) -> None:
        """Write the audit record of a recall that nobody had to be told of."""
        await self._audit.append_in(self._session, audit)

    async def add(self, values: Mapping[str, Any], audit: AuditRecord) -> None:
        """Write one recall with its audit record."""
        self._session.add(RecallRow(**values))
        await self._session.flush()
        await self._audit.append_in(self._session, audit)


def _protected() -> Any:
    """Return a query of everybody whom a flag or an officer protects."""
    named = select(SourceNumberRow.municipality, SourceNumberRow.subject_id)
    flag, measure = ProtectionFlagRow, ProtectionMeasureRow
    return union(
        named.join(
            flag,
            and_(
                flag.municipality == SourceNumberRow.municipality,
                flag.numbering == SourceNumberRow.numbering,
                flag.number == SourceNumberRow.number,
            ),
        ),
        named.join(
            measure,
            and_(
                measure.municipality == SourceNumberRow.municipality,
                measure.numbering == SourceNumberRow.numbering,
                measure.number == SourceNumberRow.number,
            ),
        ).where(measure.ended_at.is_(None)),
    )
