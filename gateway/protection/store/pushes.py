"""SQL of flags that sources push."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.protection.store.flags import one_at_a_time
from gateway.store.engine import Store
from gateway.store.tables import FlagPushRow, ProtectionMeasureRow


class PushStore:
    """Rows of ``flag_push``, and the measures that were pushed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    @asynccontextmanager
    async def writing(self, municipality: str, client_id: str) -> AsyncIterator[PushWriting]:
        """Open a transaction for one message of a consumer."""
        async with self._store.transaction() as session:
            await one_at_a_time(self._store, session)
            last = await session.get(FlagPushRow, (municipality, client_id))
            yield PushWriting(session, self._audit, municipality, client_id, last)


class PushWriting:
    """What one message reads and writes. ``last`` is the message before it, if there was one."""

    def __init__(
        self,
        session: AsyncSession,
        audit: AuditStore,
        municipality: str,
        client_id: str,
        last: FlagPushRow | None,
    ) -> None:
        self._session = session
        self._audit = audit
        self._place = (municipality, client_id)
        self.last = last

    async def find(self, numbering: str, number: str, source: str) -> ProtectionMeasureRow | None:
        """Return the measure of a person that came from the consumer and was not ended."""
        row = ProtectionMeasureRow
        query = select(row).where(
            row.municipality == self._place[0],
            row.numbering == numbering,
            row.number == number,
            row.source == source,
            row.ended_at.is_(None),
        )
        return (await self._session.scalars(query.order_by(row.set_at).limit(1))).first()

    async def add(self, row: ProtectionMeasureRow, audit: AuditRecord) -> None:
        """Insert a measure, together with its audit record."""
        self._session.add(row)
        await self._session.flush()
        await self._audit.append_in(self._session, audit)

    async def change(
        self, row: ProtectionMeasureRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> None:
        """Set ``values`` on a measure, together with the audit record."""
        measure = ProtectionMeasureRow.measure_id == row.measure_id
        await self._session.execute(update(ProtectionMeasureRow).where(measure).values(**values))
        await self._audit.append_in(self._session, audit)

    async def note(self, audit: AuditRecord) -> None:
        """Write an audit record of what changed nothing."""
        await self._audit.append_in(self._session, audit)

    async def received(self, sequence: int, digest: bytes, at: dt.datetime) -> None:
        """Remember the message as the last one."""
        municipality, client_id = self._place
        await self._session.merge(
            FlagPushRow(
                municipality=municipality,
                client_id=client_id,
                sequence=sequence,
                digest=digest,
                received_at=at,
            )
        )
