"""SQL of consents."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import or_, select, update

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import ConsentRow


class ConsentStore:
    """Rows of ``consent``. Every change is written together with the audit record of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def add(self, row: ConsentRow, audit: AuditRecord) -> None:
        """Insert ``row``."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, consent_id: str) -> ConsentRow | None:
        """Return the consent if it belongs to the municipality, withdrawn or not."""
        query = select(ConsentRow).where(
            ConsentRow.municipality == municipality, ConsentRow.consent_id == consent_id
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def withdraw(self, consent_id: str, at: dt.datetime, audit: AuditRecord) -> None:
        """Note that the consent was taken back; the first time stands."""
        async with self._store.transaction() as session:
            await session.execute(
                update(ConsentRow)
                .where(ConsentRow.consent_id == consent_id, ConsentRow.withdrawn_at.is_(None))
                .values(withdrawn_at=at)
            )
            await self._audit.append_in(session, audit)

    async def iter_kept(
        self, since: dt.datetime | None, until: dt.datetime | None
    ) -> AsyncIterator[ConsentRow]:
        """Yield the consents of every municipality that counted at some moment of a time.

        One that was taken back counts up to then. None does not narrow; until is exclusive.
        """
        query = select(ConsentRow).order_by(
            ConsentRow.municipality, ConsentRow.given_at, ConsentRow.consent_id
        )
        if until is not None:
            query = query.where(ConsentRow.given_at < until)
        if since is not None:
            query = query.where(
                ConsentRow.expires_at > since,
                or_(ConsentRow.withdrawn_at.is_(None), ConsentRow.withdrawn_at >= since),
            )
        async with self._store.session() as session:
            async for row in await session.stream_scalars(query):
                yield row

    async def live(
        self, municipality: str, subject_id: str, client_id: str, purpose_id: str, at: dt.datetime
    ) -> Sequence[Sequence[str]]:
        """Return the items of each consent that counts at ``at``."""
        query = select(ConsentRow.items).where(
            ConsentRow.municipality == municipality,
            ConsentRow.subject_id == subject_id,
            ConsentRow.client_id == client_id,
            ConsentRow.purpose_id == purpose_id,
            ConsentRow.withdrawn_at.is_(None),
            ConsentRow.given_at <= at,
            ConsentRow.expires_at > at,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()
