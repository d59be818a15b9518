"""SQL of measures that officers set, and of those that a source has told of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import ProtectionMeasureRow


class MeasureStore:
    """Rows of the table ``protection_measure``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def add(self, row: ProtectionMeasureRow, audit: AuditRecord) -> None:
        """Insert a measure, together with its audit record."""
        async with self._store.transaction() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find(self, municipality: str, measure_id: str) -> ProtectionMeasureRow | None:
        """Return the measure if it belongs to the municipality."""
        query = select(ProtectionMeasureRow).where(
            ProtectionMeasureRow.municipality == municipality,
            ProtectionMeasureRow.measure_id == measure_id,
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def change(
        self, row: ProtectionMeasureRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on a measure that is as ``row`` says; return whether it still was."""
        unchanged = update(ProtectionMeasureRow).where(
            ProtectionMeasureRow.measure_id == row.measure_id,
            ProtectionMeasureRow.ended_at.is_(None),
            ProtectionMeasureRow.until == row.until,
            ProtectionMeasureRow.end_proposed_by.is_not_distinct_from(row.end_proposed_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(ProtectionMeasureRow.measure_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    async def all(self, municipality: str) -> Sequence[ProtectionMeasureRow]:
        """Return the measures that have not been ended, by the end of their term."""
        query = (
            select(ProtectionMeasureRow)
            .where(
                ProtectionMeasureRow.municipality == municipality,
                ProtectionMeasureRow.ended_at.is_(None),
            )
            .order_by(ProtectionMeasureRow.until, ProtectionMeasureRow.measure_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def everywhere(self) -> Sequence[ProtectionMeasureRow]:
        """Return the measures of every municipality that have not been ended."""
        query = select(ProtectionMeasureRow).where(ProtectionMeasureRow.ended_at.is_(None))
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(ProtectionMeasureRow.measure_id))).all()
