"""SQL of the routes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import select

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import RouteRow


class RouteStore:
    """Rows of the table ``route``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, municipality: str, groups: Collection[str]) -> Sequence[RouteRow]:
        """Return the rows of these groups."""
        query = select(RouteRow).where(
            RouteRow.municipality == municipality, RouteRow.group_ref.in_(groups)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def list(self, municipality: str) -> Sequence[RouteRow]:
        """Return every row of the municipality, by group."""
        query = (
            select(RouteRow)
            .where(RouteRow.municipality == municipality)
            .order_by(RouteRow.group_ref)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def put(
        self,
        municipality: str,
        group_ref: str,
        *,
        mode: str,
        adapter_id: str,
        changed_at: dt.datetime,
        changed_by: str,
        record: AuditRecord,
    ) -> None:
        """Insert or replace the row of the group, and write ``record`` with it."""
        async with self._store.transaction() as session:
            await session.merge(
                RouteRow(
                    municipality=municipality,
                    group_ref=group_ref,
                    mode=mode,
                    adapter_id=adapter_id,
                    changed_at=changed_at,
                    changed_by=changed_by,
                )
            )
            await AuditStore(self._store).append_in(session, record)
