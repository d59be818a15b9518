"""SQL of representations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select, update

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import PurposeRow, RepresentationRow


class RepresentationStore:
    """Rows of ``representation``. Every change is written together with the record of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def in_force(
        self, municipality: str, representative_id: str, day: dt.date
    ) -> Sequence[RepresentationRow]:
        """Return what somebody may do in others' places on ``day``, oldest first."""
        row = RepresentationRow
        query = (
            select(row)
            .where(
                row.municipality == municipality,
                row.representative_id == representative_id,
                row.approved_at.is_not(None),
                row.ended_at.is_(None),
                row.valid_from <= day,
                or_(row.valid_to.is_(None), row.valid_to >= day),
            )
            .order_by(row.proposed_at, row.representation_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def unknown_purposes(self, municipality: str, purposes: Iterable[str]) -> set[str]:
        """Return those of the purposes that the municipality has not registered."""
        asked = set(purposes)
        query = select(PurposeRow.purpose_id).where(
            PurposeRow.municipality == municipality, PurposeRow.purpose_id.in_(asked)
        )
        async with self._store.session() as session:
            return asked - set(await session.scalars(query))

    async def add(self, row: RepresentationRow, audit: AuditRecord) -> None:
        """Insert a representation."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, representation_id: str) -> RepresentationRow | None:
        """Return the representation if it belongs to the municipality."""
        query = select(RepresentationRow).where(
            RepresentationRow.municipality == municipality,
            RepresentationRow.representation_id == representation_id,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def change(
        self, row: RepresentationRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on a row that is as ``row`` says; return whether it still was."""
        unchanged = update(RepresentationRow).where(
            RepresentationRow.representation_id == row.representation_id,
            RepresentationRow.ended_at.is_(None),
            RepresentationRow.approved_by.is_not_distinct_from(row.approved_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(RepresentationRow.representation_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def all(self, municipality: str) -> Sequence[RepresentationRow]:
        """Return the representations that nobody has ended, oldest first."""
        query = (
            select(RepresentationRow)
            .where(
                RepresentationRow.municipality == municipality,
                RepresentationRow.ended_at.is_(None),
            )
            .order_by(RepresentationRow.proposed_at, RepresentationRow.representation_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()
