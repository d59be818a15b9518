"""SQL of exemptions and lifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, update

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import ClientRow, ProtectionOpeningRow, PurposeRow


class OpeningStore:
    """Rows of the table ``protection_opening``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def is_registered(self, municipality: str, client_id: str, purpose_id: str) -> bool:
        """Return whether the client is registered and not revoked, and the purpose is too."""
        async with self._store.session() as session:
            client = await session.get(ClientRow, client_id)
            purpose = await session.get(PurposeRow, (municipality, purpose_id))
            return client is not None and client.revoked_at is None and purpose is not None

    async def add(self, row: ProtectionOpeningRow, audit: AuditRecord) -> None:
        """Insert an opening, together with its audit record."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, opening_id: str) -> ProtectionOpeningRow | None:
        """Return the opening if it belongs to the municipality."""
        query = select(ProtectionOpeningRow).where(
            ProtectionOpeningRow.municipality == municipality,
            ProtectionOpeningRow.opening_id == opening_id,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def change(
        self, row: ProtectionOpeningRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on an opening that is as ``row`` says; return whether it still was."""
        unchanged = update(ProtectionOpeningRow).where(
            ProtectionOpeningRow.opening_id == row.opening_id,
            ProtectionOpeningRow.ended_at.is_(None),
            ProtectionOpeningRow.approved_by.is_not_distinct_from(row.approved_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(ProtectionOpeningRow.opening_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def all(self, municipality: str, now: dt.datetime) -> Sequence[ProtectionOpeningRow]:
        """Return the openings that are neither taken back nor over at ``now``, oldest first."""
        query = (
            select(ProtectionOpeningRow)
            .where(
                ProtectionOpeningRow.municipality == municipality,
                ProtectionOpeningRow.ended_at.is_(None),
                or_(ProtectionOpeningRow.closes_at.is_(None), ProtectionOpeningRow.closes_at > now),
            )
            .order_by(ProtectionOpeningRow.proposed_at, ProtectionOpeningRow.opening_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()
