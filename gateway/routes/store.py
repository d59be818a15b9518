"""SQL of the routes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import bindparam, select, tuple_

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import RouteRow
from gateway.store.together import Together, padded

_ROUTE: Final = RouteRow.__table__.c
_OF_GROUPS: Final = select(
    _ROUTE.municipality, _ROUTE.group_ref, _ROUTE.mode, _ROUTE.adapter_id
).where(tuple_(_ROUTE.municipality, _ROUTE.group_ref).in_(bindparam("groups", expanding=True)))
Groups: TypeAlias = tuple[str, tuple[str, ...]]
"""A municipality, and references of groups."""


class RouteStore:
    """Rows of the table ``route``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._routes = Together(self._load)

    async def find(self, municipality: str, groups: Iterable[str]) -> Mapping[str, Any]:
        """Return the rows of ``groups`` of the municipality, by group."""
        wanted = tuple(sorted(groups))
        return await self._routes.look_up((municipality, wanted)) or {} if wanted else {}

    async def _load(self, asked: Sequence[Groups]) -> Mapping[Groups, Mapping[str, Any]]:
        places = dict.fromkeys((town, group) for town, groups in asked for group in groups)
        rows = await self._store.look_up(_OF_GROUPS, {"groups": padded(list(places))})
        found = {(row.municipality, row.group_ref): row for row in rows}
        return {
            (town, groups): {g: row for g in groups if (row := found.get((town, g))) is not None}
            for town, groups in asked
        }

    async def list(self, municipality: str) -> Sequence[RouteRow]:
        """Return every row of the municipality, by group."""
        query = (
            select(RouteRow)
            .where(RouteRow.municipality == municipality)
            .order_by(RouteRow.group_ref)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def everywhere(self) -> Sequence[RouteRow]:
        """Return every row of every municipality."""
        query = select(RouteRow).order_by(RouteRow.municipality, RouteRow.group_ref)
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
