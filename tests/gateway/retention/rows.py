"""Rows of every table, with nothing in them but what a rule of retention looks at."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
    insert,
    select,
)

from gateway.clock import TOKYO
from gateway.retention import Rule
from gateway.store.engine import Store
from gateway.store.tables import Base

TOWN, OTHER_TOWN = "999997", "999989"
FAR = dt.date(2099, 1, 1)
WHEN = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
SOMEBODY, SOMEBODY_ELSE = "a" * 32, "b" * 32
NUMBERS = {SOMEBODY: "000000000019", SOMEBODY_ELSE: "000000000027"}
_SAID = {"client_id": "online", "purpose_id": "kosodate", "numbering": "resident"}


async def everybody(store: Store) -> None:
    """Write what rows refer to: two towns, two people in each, a consumer and a purpose."""
    await put(store, "client", client_id="online", revoked_at=None)
    for town in (TOWN, OTHER_TOWN):
        await put(store, "purpose", municipality=town)
        for who, number in NUMBERS.items():
            await put(store, "subject", municipality=town, subject_id=who)
            await put(store, "source_number", municipality=town, number=number, subject_id=who)
        # Where its reader goes on.
        await put(
            store, "recall", municipality=town, sequence=10**9 + next(_count), acknowledged_at=None
        )


async def ended(
    store: Store,
    rule: Rule,
    name: str,
    day: dt.date | None,
    *,
    town: str = TOWN,
    who: str = SOMEBODY,
    column: int = 0,
    waiting: bool = False,
) -> str:
    """Write a record of a kind that ended on a day in Tokyo by ``column``; return its name.

    Without a day it has not ended; ``waiting``: something that it waits for is not done.
    """
    table = Base.metadata.tables[rule.table]
    names = {part: name if part == rule.id[-1] else "online" for part in rule.id}
    ends = {end: None if table.c[end].nullable else _at(table, end, FAR) for end in rule.ends}
    if day is not None:
        ends[rule.ends[column]] = _at(table, rule.ends[column], day)
    people: dict[str, Any] = dict.fromkeys(rule.people.subjects, who)
    people |= dict.fromkeys(rule.people.keys, who * 2)
    if rule.people.numbers:
        people |= {"numbering": "resident", "number": NUMBERS[who]}
    number = next(_count)
    more = {
        "recall": {"sequence": number, "marked_at": WHEN + dt.timedelta(seconds=number)},
        # A hold over nothing of what is looked at.
        "retention_hold": {"kind": "another"},
    }
    people |= more.get(rule.table, {})
    await put(store, rule.table, **{"municipality": town, **names, **ends, **people})
    done = {} if rule.waits_for is None or waiting else {rule.waits_for[1]: WHEN}
    for other in reversed(rule.also):
        await put(store, other, **{"municipality": town, **names, **done})
    return "/".join(names.values())


def _at(table: Table, column: str, day: dt.date) -> dt.date:
    """Return the last minute of the day in Tokyo, or the day, as the column has it."""
    if isinstance(table.c[column].type, Date):
        return day
    return dt.datetime.combine(day, dt.time(23, 59), TOKYO)


async def put(store: Store, table_name: str, **values: Any) -> None:
    """Insert a row with these values, and with anything in the columns that need something."""
    table = Base.metadata.tables[table_name]
    known = {name: value for name, value in values.items() if name in table.c}
    row = {
        column.name: known[column.name] if column.name in known else _anything(column)
        for column in table.c
        if column.name in known or not (column.nullable or column.autoincrement is True)
    }
    async with store.connection() as connection, connection.begin():
        await connection.execute(insert(table), [row])


_count = iter(range(1, 1_000_000))


def _anything(column: Any) -> Any:
    if column.name in _SAID:
        return _SAID[column.name]
    if column.name == "group_ref":
        return "001.renrakusaki"
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    number = next(_count)
    anything = {
        Date: WHEN.date(),
        DateTime: WHEN,
        JSON: [],
        Boolean: False,
        Integer: number,
        LargeBinary: number.to_bytes(32, "big"),
        String: str(number),
    }
    return next(value for of, value in anything.items() if isinstance(kind, of))


async def all_rows(store: Store, *but: str) -> dict[str, list[Any]]:
    """Return every row of every table, but those named."""
    async with store.connection() as connection:
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }
