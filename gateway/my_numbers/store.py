"""SQL of My Numbers, in the database that holds nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sqlalchemy import Delete, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.my_numbers.sealing import Place
from gateway.store.engine import Store
from gateway.store.my_number_tables import MyNumberRow

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


class Changes:
    """One transaction."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def known(self, municipality: str, numbering: str) -> Mapping[str, tuple[int, bytes]]:
        """Return version and digest of each number of the numbering, by 宛名番号."""
        query = select(MyNumberRow.number, MyNumberRow.secret_version, MyNumberRow.digest).where(
            MyNumberRow.municipality == municipality, MyNumberRow.numbering == numbering
        )
        rows = await self._session.execute(query)
        return {row.number: (row.secret_version, row.digest) for row in rows}

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
        asked = sorted(set(numbers))
        pieces = [asked[start : start + CHUNK] for start in range(0, len(asked), CHUNK)]
        return sum([await self._erase(query.where(MyNumberRow.number.in_(p))) for p in pieces])

    async def _erase(self, query: Delete) -> int:
        done: Any = await self._session.execute(query)
        return int(done.rowcount)
