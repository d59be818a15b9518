"""SQL of My Numbers, in the database that holds nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Delete, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.my_numbers.sealing import Place
from gateway.store.engine import Store
from gateway.store.my_number_tables import MyNumberRow, NumberLoadRow, QuarantinedNumberRow

CHUNK: Final = 500
_COLUMNS: Final = MyNumberRow.__table__.c
_BY_DIGEST: Final = (
    select(_COLUMNS.numbering, _COLUMNS.number)
    .where(
        _COLUMNS.municipality == bindparam("municipality"),
        _COLUMNS.digest.in_(bindparam("digests", expanding=True)),
    )
    .order_by(_COLUMNS.numbering, _COLUMNS.number)
)


class NumbersUnavailable(Exception):
    """The database of My Numbers cannot be reached, or was never made. Everything else goes on."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of one 宛名番号, without the number: see ``MyNumberRow``."""

    version: int
    digest: bytes
    stored_by: str | None
    said_by: str | None


class MyNumberStore:
    """Rows of one municipality at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def places(self, municipality: str, digests: Sequence[bytes]) -> Sequence[Place]:
        """Return everybody who has a number with one of these digests.

        Raises:
            NumbersUnavailable: the database cannot be asked.

        """
        asked = {"municipality": municipality, "digests": list(digests)}
        try:
            found = await self._store.look_up(_BY_DIGEST, asked)
        except (SQLAlchemyError, OSError):
            raise NumbersUnavailable from None
        return [Place(municipality, row.numbering, row.number) for row in found]

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[Changes]:
        """Open a transaction; what is changed in it holds when it ends without an error."""
        async with self._store.transaction() as session:
            yield Changes(session)

    async def counts(self, municipality: str) -> Sequence[tuple[str, int, int]]:
        """Return numbering, version of the secret and how many numbers, for each of both."""
        query = (
            select(MyNumberRow.numbering, MyNumberRow.secret_version, func.count())
            .where(MyNumberRow.municipality == municipality)
            .group_by(MyNumberRow.numbering, MyNumberRow.secret_version)
            .order_by(MyNumberRow.numbering, MyNumberRow.secret_version)
        )
        async with self._store.session() as session:
            return [(row[0], row[1], row[2]) for row in await session.execute(query)]

    async def shared(self, municipality: str) -> Sequence[Sequence[Place]]:
        """Return the places that have one number together, two or more at a time."""
        again = (
            select(MyNumberRow.digest)
            .where(MyNumberRow.municipality == municipality)
            .group_by(MyNumberRow.digest)
            .having(func.count() > 1)
        )
        query = (
            select(MyNumberRow.digest, MyNumberRow.numbering, MyNumberRow.number)
            .where(MyNumberRow.municipality == municipality, MyNumberRow.digest.in_(again))
            .order_by(MyNumberRow.digest, MyNumberRow.numbering, MyNumberRow.number)
        )
        found: dict[bytes, list[Place]] = {}
        async with self._store.session() as session:
            for row in await session.execute(query):
                found.setdefault(row.digest, []).append(Place(municipality, *row[1:]))
        return list(found.values())

    async def outdated(self, version: int, limit: int) -> Sequence[MyNumberRow]:
        """Return at most ``limit`` rows that were sealed with an earlier secret."""
        query = select(MyNumberRow).where(MyNumberRow.secret_version < version).limit(limit)
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def loads(self, municipality: str) -> Sequence[NumberLoadRow]:
        """Return the loads of extracts that are kept, oldest first."""
        query = (
            select(NumberLoadRow)
            .where(NumberLoadRow.municipality == municipality)
            .order_by(NumberLoadRow.started_at, NumberLoadRow.load_id)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def note(self, load_id: str, **values: Any) -> None:
        """Write how far a load is, by itself.

        Raises:
            NumbersUnavailable: nothing can be written.

        """
        try:
            async with self.changing() as changes:
                await changes.note(load_id, **values)
        except (SQLAlchemyError, OSError):
            raise NumbersUnavailable from None

    async def quarantined(self, load_id: str) -> Sequence[QuarantinedNumberRow]:
        """Return the records of a load of which nothing was taken, as they were read."""
        query = (
            select(QuarantinedNumberRow)
            .where(QuarantinedNumberRow.load_id == load_id)
            .order_by(QuarantinedNumberRow.serial)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()


class Changes:
    """One transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def known(
        self, municipality: str, numbering: str, numbers: Iterable[str] | None = None
    ) -> Mapping[str, Known]:
        """Return what is kept of these people, or of all of the numbering, by 宛名番号."""
        query = select(
            MyNumberRow.number,
            MyNumberRow.secret_version,
            MyNumberRow.digest,
            MyNumberRow.stored_by,
            MyNumberRow.said_by,
        ).where(MyNumberRow.municipality == municipality, MyNumberRow.numbering == numbering)
        queries = [query]
        if numbers is not None:
            queries = [query.where(MyNumberRow.number.in_(p)) for p in _pieces(numbers)]
        return {
            row.number: Known(*row[1:])
            for piece in queries
            for row in await self._session.execute(piece)
        }

    async def put(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows of one numbering in the place of those that are there.

        Raises:
            NumbersUnavailable: nothing can be written.

        """
        for start in range(0, len(rows), CHUNK):
            piece = rows[start : start + CHUNK]
            town, numbering = piece[0]["municipality"], piece[0]["numbering"]
            try:
                await self.erase(town, numbering, [row["number"] for row in piece])
                await self._session.execute(insert(MyNumberRow), [dict(row) for row in piece])
            except (SQLAlchemyError, OSError):
                raise NumbersUnavailable from None

    async def reseal(self, row: MyNumberRow, sealed: bytes, digest: bytes, version: int) -> None:
        """Put a new seal in the place of that of ``row``, unless it was changed meanwhile."""
        same = and_(
            MyNumberRow.municipality == row.municipality,
            MyNumberRow.numbering == row.numbering,
            MyNumberRow.number == row.number,
            MyNumberRow.sealed == row.sealed,
        )
        values = {"sealed": sealed, "digest": digest, "secret_version": version}
        await self._session.execute(update(MyNumberRow).where(same).values(values))

    async def erase(
        self, municipality: str, numbering: str, numbers: Iterable[str] | None = None
    ) -> int:
        """Erase the numbers of these people, or of all; return how many there were."""
        query = delete(MyNumberRow).where(
            MyNumberRow.municipality == municipality, MyNumberRow.numbering == numbering
        )
        if numbers is None:
            return await self._erase(query)
        pieces = list(_pieces(numbers))
        return sum([await self._erase(query.where(MyNumberRow.number.in_(p))) for p in pieces])

    async def said(
        self, municipality: str, numbering: str, numbers: Iterable[str], load_id: str
    ) -> None:
        """Note that a load has read again what is kept of these people."""
        query = update(MyNumberRow).where(
            MyNumberRow.municipality == municipality, MyNumberRow.numbering == numbering
        )
        for piece in _pieces(numbers):
            await self._session.execute(
                query.where(MyNumberRow.number.in_(piece)).values(said_by=load_id)
            )

    async def begin(self, row: NumberLoadRow) -> None:
        """Write a load that begins."""
        self._session.add(row)
        await self._session.flush()

    async def note(self, load_id: str, **values: Any) -> None:
        """Write how far a load is."""
        query = update(NumberLoadRow).where(NumberLoadRow.load_id == load_id)
        await self._session.execute(query.values(**values))

    async def quarantine(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write records of a load of which nothing is taken."""
        if rows:
            await self._session.execute(insert(QuarantinedNumberRow), [dict(row) for row in rows])

    async def quarantined_as(self, load_id: str, code: str, numbers: Iterable[str]) -> set[str]:
        """Return which of these people stand in the quarantine of a load for this reason."""
        query = select(QuarantinedNumberRow.number, QuarantinedNumberRow.codes).where(
            QuarantinedNumberRow.load_id == load_id
        )
        return {
            row.number
            for piece in _pieces(numbers)
            for row in await self._session.execute(
                query.where(QuarantinedNumberRow.number.in_(piece))
            )
            if code in row.codes
        }

    async def forget_loads(self, load_ids: Iterable[str]) -> None:
        """Erase loads and their quarantine; the numbers that they stored stay."""
        for piece in _pieces(load_ids):
            for table in (QuarantinedNumberRow, NumberLoadRow):
                await self._session.execute(delete(table).where(table.load_id.in_(piece)))

    async def release(
        self, municipality: str, numbering: str, numbers: Iterable[str] | None = None
    ) -> None:
        """Erase what loads have quarantined of these people, or of all of the numbering."""
        loads = select(NumberLoadRow.load_id).where(
            NumberLoadRow.municipality == municipality, NumberLoadRow.numbering == numbering
        )
        query = delete(QuarantinedNumberRow).where(QuarantinedNumberRow.load_id.in_(loads))
        if numbers is None:
            await self._session.execute(query)
            return
        for piece in _pieces(numbers):
            await self._session.execute(query.where(QuarantinedNumberRow.number.in_(piece)))

    async def _erase(self, query: Delete) -> int:
        done: Any = await self._session.execute(query)
        return int(done.rowcount)


def _pieces(values: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield the different values, as many at a time as one statement takes."""
    asked = sorted(set(values))
    for start in range(0, len(asked), CHUNK):
        yield asked[start : start + CHUNK]
