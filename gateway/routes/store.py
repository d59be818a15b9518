"""SQL of the routes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import RouteRow
from gateway.store.together import Together, padded

_ROUTE: Final = RouteRow.__table__.c
_OF_TOWNS: Final = select(
    _ROUTE.municipality, _ROUTE.group_ref, _ROUTE.mode, _ROUTE.adapter_id
).where(_ROUTE.municipality.in_(bindparam("municipalities", expanding=True)))


class RouteStore:
    """Rows of the table ``route``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._routes = Together(self._load)

    async def find(self, municipality: str) -> Mapping[str, Any]:
        """Return the rows of the municipality, by group."""
        return await self._routes.look_up(municipality) or {}

    async def _load(self, municipalities: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        rows = await self._store.look_up(_OF_TOWNS, {"municipalities": padded(municipalities)})
        found: dict[str, dict[str, Any]] = {}
        for row in rows:
            found.setdefault(row.municipality, {})[row.group_ref] = row
        return found

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
