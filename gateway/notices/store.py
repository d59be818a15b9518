"""SQL of registrations for notices, reported deliveries and notices."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import NoticeDeliveryRow, NoticeRegistrationRow, NoticeRow

_ONE_AT_A_TIME: Final = 7_305_021
"""Key of the advisory lock: two reports of one delivery make their notices one after the other."""


class NoticeStore:
    """Rows of ``notice_registration``, ``notice_delivery`` and ``notice``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def register(self, row: NoticeRegistrationRow, audit: AuditRecord) -> None:
        """Insert a registration, together with its audit record."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def end(
        self, municipality: str, registration_id: str, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """End a registration; return whether there was one that had not ended."""
        row = NoticeRegistrationRow
        own = update(row).where(
            row.municipality == municipality,
            row.registration_id == registration_id,
            row.ended_at.is_(None),
        )
        async with self._store.transaction() as session:
            ended = await session.execute(own.values(**values).returning(row.registration_id))
            if ended.first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def registrations(self, municipality: str) -> Sequence[NoticeRegistrationRow]:
        """Return the registrations that have not been ended, oldest first."""
        row = NoticeRegistrationRow
        query = (
            select(row)
            .where(row.municipality == municipality, row.ended_at.is_(None))
            .order_by(row.registered_at, row.registration_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def waiting(self, municipality: str) -> Sequence[NoticeRow]:
        """Return the notices that were not handed over, oldest first."""
        query = (
            select(NoticeRow)
            .where(NoticeRow.municipality == municipality, NoticeRow.handed_over_at.is_(None))
            .order_by(NoticeRow.created_at, NoticeRow.notice_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def handed_over(
        self, municipality: str, notice_ids: Iterable[str], at: dt.datetime
    ) -> None:
        """Note that notices were handed over."""
        async with self._store.transaction() as session:
            for notice_id in notice_ids:
                await session.execute(
                    update(NoticeRow)
                    .where(NoticeRow.municipality == municipality, NoticeRow.notice_id == notice_id)
                    .values(handed_over_at=at)
                )

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[NoticeWriting]:
        """Open a transaction for one report."""
        async with self._store.transaction() as session:
            if self._store.dialect == "postgresql":
                await session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
            yield NoticeWriting(session, self._audit)


class NoticeWriting:
    """What one report reads and writes."""

    def __init__(self, session: AsyncSession, audit: AuditStore) -> None:
        self._session = session
        self._audit = audit

    async def is_registered(self, municipality: str, subject_id: str, day: dt.date) -> bool:
        """Return whether the person is to be told of what was obtained on ``day``."""
        row = NoticeRegistrationRow
        query = select(row.registration_id).where(
            row.municipality == municipality,
            row.subject_id == subject_id,
            row.ended_at.is_(None),
            row.since <= day,
            or_(row.until.is_(None), row.until >= day),
        )
        return (await self._session.scalars(query.limit(1))).first() is not None

    async def delivery(self, place: tuple[str, str, str]) -> NoticeDeliveryRow | None:
        """Return what was reported under municipality, client and id before."""
        return await self._session.get(NoticeDeliveryRow, place)

    async def first_notice(self, place: tuple[str, str, str], subject_id: str) -> NoticeRow | None:
        """Return the first notice of a delivery to the person."""
        municipality, client_id, delivery_id = place
        query = (
            select(NoticeRow)
            .where(
                NoticeRow.municipality == municipality,
                NoticeRow.client_id == client_id,
                NoticeRow.delivery_id == delivery_id,
                NoticeRow.subject_id == subject_id,
                NoticeRow.corrects.is_(None),
            )
            .order_by(NoticeRow.created_at)
        )
        return (await self._session.scalars(query.limit(1))).first()

    async def keep(self, row: NoticeDeliveryRow) -> None:
        """Insert a reported delivery, or put what is reported now in the place of it."""
        await self._session.merge(row)
        await self._session.flush()

    async def add(self, row: NoticeRow) -> None:
        """Insert a notice."""
        self._session.add(row)
        await self._session.flush()

    async def note(self, audit: AuditRecord) -> None:
        """Write the audit record of the report."""
        await self._audit.append_in(self._session, audit)
