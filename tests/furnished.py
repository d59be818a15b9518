"""Rows that many tests begin with: written once by the rooms themselves, then as they were.

What is registered, linked and pulled for a test takes far longer than the test. Within one process
the rows are read after the first time, and every later database gets the same ones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Table, delete, insert, select

from gateway.store.backup import go_on_counting
from gateway.store.engine import Store
from gateway.store.my_number_tables import metadata_of

Made = TypeVar("Made")
Rows: TypeAlias = Sequence[dict[str, Any]]


@dataclass(frozen=True)
class _Kept:
    """What was made: all rows of the tables that changed, and what it returned."""

    rows: dict[Table, Rows]
    returned: Any


_KEPT: dict[Hashable, _Kept] = {}


async def furnished(store: Store, name: Hashable, make: Callable[[], Awaitable[Made]]) -> Made:
    """Let ``make`` write into the database, or write what it wrote before; return what it returned.

    ``name`` stands for everything that the rows follow from, also for what was furnished before.
    """
    place = (store.dialect, name)
    if place not in _KEPT:
        before = await _read(store)
        returned = await make()
        after = await _read(store)
        _KEPT[place] = _Kept({t: r for t, r in after.items() if r != before[t]}, returned)
        return returned
    kept = _KEPT[place]
    async with store.connection() as connection, connection.begin():
        for table in reversed(kept.rows):
            await connection.execute(delete(table))
        for table, rows in kept.rows.items():
            if rows:
                await connection.execute(insert(table), rows)
                await go_on_counting(store, connection, table)
    return kept.returned


async def _read(store: Store) -> dict[Table, Rows]:
    async with store.connection() as connection:
        return {
            table: [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for table in metadata_of(store.schema).sorted_tables
        }
