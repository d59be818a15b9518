"""SQL of what was withheld and revealed on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.engine import Store
from gateway.store.tables import ProtectionCountRow


class CountStore:
    """Rows of the table ``protection_count``; every process adds to them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, counted: Iterable[tuple[str, dt.date, int, int]]) -> None:
        """Add (municipality, day, withheld, revealed) to what is there, all or nothing."""
        insert = postgresql.insert if self._store.dialect == "postgresql" else sqlite.insert
        row = ProtectionCountRow
        async with self._store.transaction() as session:
            for municipality, day, withheld, revealed in counted:
                none = {"municipality": municipality, "day": day, "withheld": 0, "revealed": 0}
                await session.execute(insert(row).values(**none).on_conflict_do_nothing())
                await session.execute(
                    update(row)
                    .where(row.municipality == municipality, row.day == day)
                    .values(withheld=row.withheld + withheld, revealed=row.revealed + revealed)
                )

    async def withheld_everywhere(self, day: dt.date) -> int:
        """Return how many items were withheld on a day in all municipalities."""
        query = select(func.coalesce(func.sum(ProtectionCountRow.withheld), 0))
        async with self._store.session() as session:
            return int(await session.scalar(query.where(ProtectionCountRow.day == day)) or 0)

    async def of_day(self, municipality: str, day: dt.date) -> tuple[int, int]:
        """Return how many items were withheld, and how many revealed, on a day."""
        query = select(ProtectionCountRow.withheld, ProtectionCountRow.revealed).where(
            ProtectionCountRow.municipality == municipality, ProtectionCountRow.day == day
        )
        async with self._store.session() as session:
            row = (await session.execute(query)).one_or_none()
            return (row.withheld, row.revealed) if row is not None else (0, 0)
