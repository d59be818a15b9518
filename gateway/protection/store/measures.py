"""SQL of measures that officers set, and of those that a source has told of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, not_, or_, select, tuple_, update

from gateway.audit import AuditRecord, AuditStore
from gateway.protection.terms import ENDED, GONE, MOVED_OUT, MeasureState, last_reminded
from gateway.store.engine import Store
from gateway.store.tables import ProtectionMeasureRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which measures are looked for; without anything all that have not been ended.

    ``end_proposed``: one officer has proposed to end them. ``numbers`` are numbering and number of
    everything that one person is known by.
    """

    state: MeasureState | None = None
    kind: str | None = None
    end_proposed: bool = False
    numbers: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)


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

    async def page(
        self, municipality: str, wanted: Wanted, day: dt.date, *, limit: int, offset: int
    ) -> tuple[Sequence[ProtectionMeasureRow], int]:
        """Return a part of the measures that are looked for on a day, and how many there are."""
        row = ProtectionMeasureRow
        conditions = [row.municipality == municipality, row.ended_at.is_(None)]
        if wanted.kind is not None:
            conditions.append(row.kind == wanted.kind)
        if wanted.end_proposed:
            conditions.append(row.end_proposed_by.is_not(None))
        if wanted.numbers is not None:
            conditions.append(tuple_(row.numbering, row.number).in_(wanted.numbers))
        if wanted.state is not None:
            conditions.append(_stands(wanted.state, day))
        query = select(row).where(*conditions).order_by(row.until, row.measure_id)
        async with self._store.session() as session:
            total = await session.scalar(select(func.count()).select_from(row).where(*conditions))
            found = (await session.scalars(query.limit(limit).offset(offset))).all()
            return found, total or 0

    async def everywhere(self) -> Sequence[ProtectionMeasureRow]:
        """Return the measures of every municipality that have not been ended."""
        query = select(ProtectionMeasureRow).where(ProtectionMeasureRow.ended_at.is_(None))
        async with self._store.session() as session:
            return (await session.scalars(query.order_by(ProtectionMeasureRow.measure_id))).all()


def _stands(state: MeasureState, day: dt.date) -> ColumnElement[bool]:
    """Return the condition that a measure stands like this, as ``terms.state_of`` says it."""
    row = ProtectionMeasureRow
    said = func.coalesce(row.source_said, "")
    over = or_(said == ENDED, row.until < day)
    left = said.in_([GONE, MOVED_OUT])
    soon = row.until <= last_reminded(day)
    return {
        MeasureState.ENDED_REVIEW: over,
        MeasureState.PROVISIONAL: not_(over) & left,
        MeasureState.ENDS_SOON: not_(over) & not_(left) & soon,
        MeasureState.IN_FORCE: not_(over) & not_(left) & not_(soon),
    }[state]
