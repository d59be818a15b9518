"""SQL of reconciliations: the figures of the day before, with the audit record beside them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import GroupProfileRow


class ReconciliationStore:
    """Rows of ``group_profile``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def find_profile(
        self, municipality: str, adapter_id: str, group_ref: str
    ) -> Mapping[str, Any] | None:
        """Return the figures that were right last."""
        async with self._store.session() as session:
            row = await session.get(GroupProfileRow, (municipality, adapter_id, group_ref))
            return None if row is None else row.profile

    async def finish(
        self,
        municipality: str,
        profiles: Mapping[tuple[str, str], Mapping[str, Any]],
        now: dt.datetime,
        audit: AuditRecord,
    ) -> None:
        """Keep profiles, by adapter and group, for the next day; record the reconciliation."""
        async with self._store.transaction() as session:
            for (adapter_id, group_ref), profile in profiles.items():
                await session.merge(
                    GroupProfileRow(
                        municipality=municipality,
                        adapter_id=adapter_id,
                        group_ref=group_ref,
                        taken_at=now,
                        profile=dict(profile),
                    )
                )
            await self._audit.append_in(session, audit)
