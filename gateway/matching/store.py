"""SQL of how often a consumer has looked for people in vain."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import bindparam, func, select

from gateway.store.engine import Store
from gateway.store.tables import AuditRow

_AUDIT: Final = AuditRow.__table__.c
_MISSES: Final = select(func.count().label("misses"), func.min(_AUDIT.at).label("first")).where(
    _AUDIT.municipality == bindparam("municipality"),
    _AUDIT.client_id == bindparam("client_id"),
    _AUDIT.at > bindparam("since"),
    _AUDIT.outcome == bindparam("outcome"),
    _AUDIT.function == bindparam("function"),
)


class MissStore:
    """Reads the audit record, so that the count is that of every gateway of the town."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def misses(
        self, municipality: str, client_id: str, function: str, outcome: str, since: dt.datetime
    ) -> tuple[int, dt.datetime | None]:
        """Return how many of the client's calls ended like this after ``since``, and the first."""
        (row,) = await self._store.look_up(
            _MISSES,
            {
                "municipality": municipality,
                "client_id": client_id,
                "since": since,
                "outcome": outcome,
                "function": function,
            },
        )
        return row.misses, row.first
