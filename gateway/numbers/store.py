"""SQL of the series of numbers and of what is registered under them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit import AuditRecord, AuditStore
from gateway.store.engine import Store
from gateway.store.tables import NumberedPersonRow, NumberSeriesRow

MOST_STEPS: Final = 16
"""How far numbers that were tied to one another are followed."""


class NumberStore:
    """Rows of one municipality at a time; every change stands with its audit record."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._audit = AuditStore(store)

    async def set_series(self, row: NumberSeriesRow, audit: AuditRecord) -> None:
        """Put ``row`` in the place of the municipality's series."""
        async with self._store.transaction() as session:
            await session.merge(row)
            await self._audit.append_in(session, audit)

    async def find_series(self, municipality: str) -> NumberSeriesRow | None:
        """Return the series of the municipality."""
        async with self._store.session() as session:
            return await session.get(NumberSeriesRow, municipality)

    async def current(self, municipality: str, number: str) -> NumberedPersonRow | None:
        """Return the current version under ``number``."""
        async with self._store.session() as session:
            return await _current(session, municipality, number)

    async def versions(self, municipality: str, number: str) -> Sequence[NumberedPersonRow]:
        """Return every version under ``number``, the first one first."""
        query = (
            select(NumberedPersonRow)
            .where(NumberedPersonRow.municipality == municipality)
            .where(NumberedPersonRow.number == number)
            .order_by(NumberedPersonRow.version)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def merged_with(self, municipality: str, number: str) -> frozenset[str]:
        """Return every number that 名寄せ ties to ``number``, itself among them."""
        row = NumberedPersonRow
        tied = frozenset({number})
        new = tied
        async with self._store.session() as session:
            for _ in range(MOST_STEPS):
                query = select(row.number, row.merged_into).where(
                    row.municipality == municipality,
                    row.merged_into.is_not(None),
                    or_(row.number.in_(new), row.merged_into.in_(new)),
                )
                pairs = (await session.execute(query)).all()
                new = frozenset(n for pair in pairs for n in pair) - tied
                if not new:
                    break
                tied |= new
        return tied

    async def search(
        self, municipality: str, name_key: bytes | None, birth_key: bytes | None, limit: int
    ) -> Sequence[NumberedPersonRow]:
        """Return at most ``limit`` current versions with these keys; None does not count."""
        query = select(NumberedPersonRow).where(
            NumberedPersonRow.municipality == municipality, NumberedPersonRow.current.is_(True)
        )
        if name_key is not None:
            query = query.where(NumberedPersonRow.name_key == name_key)
        if birth_key is not None:
            query = query.where(NumberedPersonRow.birth_key == birth_key)
        async with self._store.session() as session:
            found = await session.scalars(query.order_by(NumberedPersonRow.number).limit(limit))
            return found.all()

    @asynccontextmanager
    async def numbering(self, municipality: str) -> AsyncIterator[Numbering]:
        """Open a transaction in which this caller alone numbers for the municipality."""
        async with self._store.transaction() as session:
            query = select(NumberSeriesRow).where(NumberSeriesRow.municipality == municipality)
            series = (await session.scalars(query.with_for_update())).one_or_none()
            yield Numbering(session, self._audit, series)


class Numbering:
    """One transaction that numbers. ``series`` is locked until it ends."""

    def __init__(
        self, session: AsyncSession, audit: AuditStore, series: NumberSeriesRow | None
    ) -> None:
        self._session = session
        self._audit = audit
        self.series = series

    async def current(self, municipality: str, number: str) -> NumberedPersonRow | None:
        """Return the current version under ``number``."""
        return await _current(self._session, municipality, number)

    async def add(self, row: NumberedPersonRow, audit: AuditRecord) -> None:
        """Write ``row`` as the current version under its number."""
        await self._session.execute(
            update(NumberedPersonRow)
            .where(NumberedPersonRow.municipality == row.municipality)
            .where(NumberedPersonRow.number == row.number)
            .values(current=False)
        )
        self._session.add(row)
        await self._session.flush()
        await self._audit.append_in(self._session, audit)


async def _current(
    session: AsyncSession, municipality: str, number: str
) -> NumberedPersonRow | None:
    query = (
        select(NumberedPersonRow)
        .where(NumberedPersonRow.municipality == municipality)
        .where(NumberedPersonRow.number == number, NumberedPersonRow.current.is_(True))
    )
    return (await session.scalars(query)).one_or_none()
