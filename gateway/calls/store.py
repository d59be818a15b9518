"""SQL of the calls of consumers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.store.engine import Store
from gateway.store.tables import ConsumerCallRow


@dataclass(frozen=True, slots=True)
class Calls:
    """How often a consumer called an operation (method and template). ``day`` is the last one."""

    day: dt.date
    client_id: str
    operation: str
    calls: int


class CallStore:
    """Rows of the table ``consumer_call``; every process adds to them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def add(self, counted: Sequence[Calls], *, forget_before: dt.date) -> None:
        """Add to what is there, all or nothing, and erase what is of an earlier day.

        ``counted`` is in order, so that two processes never wait for each other.
        """
        insert = postgresql.insert if self._store.dialect == "postgresql" else sqlite.insert
        row = ConsumerCallRow
        async with self._store.transaction() as session:
            for calls in counted:
                adding = insert(row).values(**asdict(calls))
                await session.execute(
                    adding.on_conflict_do_update(
                        index_elements=[row.day, row.client_id, row.operation],
                        set_={"calls": row.calls + adding.excluded.calls},
                    )
                )
            await session.execute(delete(row).where(row.day < forget_before))

    async def between(self, first: dt.date, last: dt.date) -> list[Calls]:
        """Return the calls of these days, both included, by operation and consumer."""
        row = ConsumerCallRow
        query = (
            select(func.max(row.day), row.client_id, row.operation, func.sum(row.calls))
            .where(row.day >= first, row.day <= last)
            .group_by(row.client_id, row.operation)
            .order_by(row.operation, row.client_id)
        )
        async with self._store.session() as session:
            return [
                Calls(day, client_id, operation, int(calls))
                for day, client_id, operation, calls in await session.execute(query)
            ]
