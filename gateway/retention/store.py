"""SQL of retention: rows of every table that has a rule, found by the rule; legal holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.clock import TOKYO
from gateway.retention.rules import Rule
from gateway.store.engine import Store
from gateway.store.tables import Base, RetentionHoldRow, SourceNumberRow

BETWEEN: Final = "/"
"""Stands between the parts of a record's name."""
_ONE_AT_A_TIME: Final = 7_305_027
"""Key of the advisory lock: a hold is set before a piece of a purge or after it, never within."""

Condition: TypeAlias = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records of a kind there are, and how many may, must, but for a hold could go."""

    total: int
    may_go: int
    must_go: int
    held: int

    @property
    def kept(self) -> int:
        """Return how many have not ended or are below their floor."""
        return self.total - self.may_go - self.must_go - self.held


class RetentionStore:
    """Rows of every table with a rule, and of ``retention_hold``."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def counts(
        self, municipality: str, rule: Rule, last_floor: dt.date, last_ceiling: dt.date
    ) -> Counts:
        """Return the counts of a kind; ``last_floor`` and ``last_ceiling`` are the latest ends."""
        table, held = _table(rule), _is_held(rule)
        past_floor, past_ceiling = _ended_by(rule, last_floor), _ended_by(rule, last_ceiling)

        def number(condition: Condition) -> Any:
            return func.count(func.distinct(case((condition, _name(rule)))))

        query = select(
            func.count(func.distinct(_name(rule))),
            number(and_(past_floor, not_(past_ceiling), not_(held))),
            number(and_(past_ceiling, not_(held))),
            number(and_(past_floor, held)),
        ).where(table.c.municipality == municipality)
        async with self._store.session() as session:
            return Counts(*(await session.execute(query)).one())

    async def iter_past(
        self, municipality: str, rule: Rule, last_end: dt.date
    ) -> AsyncIterator[tuple[str, dt.date]]:
        """Yield name and day of the end of the records that ended by then and are not held."""
        parts, ends = ([_table(rule).c[name] for name in names] for names in (rule.id, rule.ends))
        query = (
            select(*parts, *ends)
            .where(*_free(municipality, rule, last_end))
            .distinct()
            .order_by(*parts)
        )
        async with self._store.session() as session:
            async for row in await session.stream(query):
                days = [_day(end) for end in row[len(parts) :] if end is not None]
                yield BETWEEN.join(row[: len(parts)]), min(days)

    async def purge_some(
        self,
        municipality: str,
        rule: Rule,
        last_end: dt.date,
        limit: int,
        record: Callable[[Sequence[str]], AuditRecord],
    ) -> int:
        """Erase up to ``limit`` records together with the audit record of it; return how many.

        They are looked for where nobody who writes has to wait, and found anew among these in the
        transaction that erases them, in which nobody sets a hold.
        """
        table = _table(rule)
        columns = [table.c[name] for name in rule.id]
        free = _free(municipality, rule, last_end)
        expired = select(*columns).where(*free).distinct().order_by(*columns)
        while looked_up := await self._names(expired.limit(limit)):
            async with self._alone() as session:
                found = await session.execute(expired.where(tuple_(*columns).in_(looked_up)))
                names = [tuple(row) for row in found]
                if not names:
                    continue
                for other in rule.also:
                    await session.execute(
                        _of_these(Base.metadata.tables[other], rule, municipality, names)
                    )
                await session.execute(_of_these(table, rule, municipality, names).where(*free))
                written = record([BETWEEN.join(map(str, name)) for name in names])
                await self._audit.append_in(session, written)
            return len(names)
        return 0

    async def _names(self, query: Select[Any]) -> Sequence[Any]:
        async with self._store.session() as session:
            return [tuple(row) for row in await session.execute(query)]

    async def has(self, municipality: str, rule: Rule, name: str) -> bool:
        """Return whether there is a record with this name."""
        query = select(literal(1)).where(
            _table(rule).c.municipality == municipality, _name(rule) == name
        )
        async with self._store.session() as session:
            return (await session.execute(query.limit(1))).first() is not None

    async def add_hold(self, row: RetentionHoldRow, audit: AuditRecord) -> None:
        """Insert a hold, together with its audit record."""
        async with self._alone() as session:
            session.add(row)
            await session.flush()
            await self._audit.append_in(session, audit)

    async def find_hold(self, municipality: str, hold_id: str) -> RetentionHoldRow | None:
        """Return a hold that was not released."""
        row = RetentionHoldRow
        query = select(row).where(
            row.municipality == municipality, row.hold_id == hold_id, row.released_at.is_(None)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).one_or_none()

    async def holds(self, municipality: str) -> Sequence[RetentionHoldRow]:
        """Return the holds that were not released, oldest first."""
        row = RetentionHoldRow
        query = (
            select(row)
            .where(row.municipality == municipality, row.released_at.is_(None))
            .order_by(row.set_at, row.hold_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def change_hold(
        self, hold: RetentionHoldRow, values: Mapping[str, Any], audit: AuditRecord
    ) -> bool:
        """Set ``values`` on a hold that is as ``hold`` says; return whether it still was."""
        row = RetentionHoldRow
        unchanged = update(row).where(
            row.hold_id == hold.hold_id,
            row.released_at.is_(None),
            row.release_proposed_by.is_not_distinct_from(hold.release_proposed_by),
        )
        async with self._store.transaction() as session:
            changed = unchanged.values(**values).returning(row.hold_id)
            if (await session.execute(changed)).first() is None:
                return False
            await self._audit.append_in(session, audit)
            return True

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncSession]:
        async with self._store.transaction() as session:
            if self._store.dialect == "postgresql":
                await session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})"))
            yield session


def _table(rule: Rule) -> Table:
    return Base.metadata.tables[rule.table]


def _name(rule: Rule) -> ColumnElement[str]:
    """Return the name of a record, as it is shown and as holds say it."""
    first, *others = (_table(rule).c[name] for name in rule.id)
    name: ColumnElement[str] = first
    for column in others:
        name = name + literal(BETWEEN) + column
    return name


def _ended_by(rule: Rule, last_end: dt.date) -> Condition:
    """Return whether a row had ended on ``last_end``. Never unknown: without an end it had not."""
    table = _table(rule)
    after = dt.datetime.combine(last_end + dt.timedelta(days=1), dt.time(), TOKYO)
    ended = or_(
        *(
            and_(
                column.is_not(None),
                column <= last_end if isinstance(column.type, Date) else column < after,
            )
            for column in (table.c[name] for name in rule.ends)
        )
    )
    more = []
    if rule.waits_for is not None:
        other = Base.metadata.tables[rule.waits_for[0]]
        same = [other.c[name] == table.c[name] for name in ("municipality", *rule.id)]
        more.append(~exists().where(*same, other.c[rule.waits_for[1]].is_(None)))
    if rule.keeps_newest_of:
        newer = table.alias("newer")
        same = [newer.c[name] == table.c[name] for name in rule.keeps_newest_of]
        more.append(exists().where(*same, newer.c.sequence > table.c.sequence))
    return and_(ended, *more)


def _is_held(rule: Rule) -> Condition:
    """Return whether a hold is over a row: over all of its kind, over it, or over its person."""
    table, held = _table(rule), RetentionHoldRow.__table__.alias("held")
    hold = held.c
    everything = and_(hold.record.is_(None), hold.subject_id.is_(None))
    ways: list[Condition] = [everything, hold.record == _name(rule)]
    ways += [hold.subject_id == table.c[name] for name in rule.people.subjects]
    ways += [hold.subject_key == table.c[name] for name in rule.people.keys]
    if rule.people.numbers:
        numbering, number = (table.c[name] for name in rule.people.numbers)
        person = SourceNumberRow
        listed = [cast(table.c[name], String) for name in rule.people.named]
        ways += [named.contains(hold.subject_id) for named in listed]
        known = [person.number == number]
        known += [named.contains('"' + person.number + '"') for named in listed]
        ways.append(
            exists()
            .where(
                person.municipality == table.c.municipality,
                person.numbering == numbering,
                person.subject_id == hold.subject_id,
                or_(*known),
            )
            .correlate(table, held)
        )
    return exists().where(
        hold.municipality == table.c.municipality,
        hold.released_at.is_(None),
        or_(hold.kind.is_(None), hold.kind == rule.kind),
        or_(*ways),
    )


def _free(municipality: str, rule: Rule, last_end: dt.date) -> list[Condition]:
    return [
        _table(rule).c.municipality == municipality,
        _ended_by(rule, last_end),
        not_(_is_held(rule)),
    ]


def _of_these(table: Table, rule: Rule, municipality: str, names: Sequence[Any]) -> Any:
    """Return the deletion of the rows of ``table`` with these names."""
    columns = [table.c[name] for name in rule.id]
    query = delete(table).where(tuple_(*columns).in_(names))
    return query.where(table.c.municipality == municipality) if "municipality" in table.c else query


def _day(end: dt.date | dt.datetime) -> dt.date:
    return end.astimezone(TOKYO).date() if isinstance(end, dt.datetime) else end
