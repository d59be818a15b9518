"""SQL of the tree over the audit record: tiles and heads."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.audit.tree.heads import Head
from gateway.audit.tree.merkle import HASH_BYTES, root_of
from gateway.store.engine import Store
from gateway.store.tables import AuditHeadRow, AuditRow, AuditTileRow

TILE_LEAVES: Final = 256
"""Children of a tile: eight levels, as in the tiles of certificate transparency logs."""

_ONE_SEALER: Final = 4_175_322
"""Advisory lock: of several processes one grows the tree at a time."""

Tile: TypeAlias = AuditTileRow
Leaf: TypeAlias = tuple[int, bytes]
"""The ``sequence`` and the leaf hash of a row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row as the database has it, with the columns that repeat its entry."""

    sequence: int
    audit_id: str
    entry: str
    leaf_hash: bytes
    columns: dict[str, Any]


_REPEATED: Final = (
    "municipality",
    "kind",
    "client_id",
    "subject_key",
    "purpose_id",
    "outcome",
    "my_number",
    "terminal",
    "function",
    "at",
    "occurrences",
)


class TreeStore:
    """Rows of ``audit_tile`` and ``audit_head``, and those of ``audit`` in their order."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def dialect(self) -> str:
        """Return ``sqlite`` or ``postgresql``."""
        return self._store.dialect

    def session(self) -> AsyncSession:
        """Return a session for reading."""
        return self._store.session()

    async def settled_sequence(self) -> int:
        """Return a ``sequence`` below which no row will appear any more; 0 without rows.

        PostgreSQL gives numbers out before rows are committed, so the writers that are at it are
        waited for, a moment only: they must not queue up behind somebody who waits for long.

        Raises:
            sqlalchemy.exc.DBAPIError: a writer held the table for too long; try again later.
        """
        async with self._store.transaction() as session:
            if self._store.dialect == "postgresql":
                await session.execute(text("SET LOCAL lock_timeout = '250ms'"))
                await session.execute(text("LOCK TABLE audit IN SHARE MODE"))
            return await session.scalar(select(func.max(AuditRow.sequence))) or 0

    @asynccontextmanager
    async def growing(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction in which nobody else grows the tree."""
        async with self._store.transaction() as session:
            if self._store.dialect == "postgresql":
                await session.execute(text(f"SELECT pg_advisory_xact_lock({_ONE_SEALER})"))
            yield session

    async def last_tile(self, session: AsyncSession) -> Tile | None:
        """Return the last tile of leaves."""
        query = (
            select(AuditTileRow)
            .where(AuditTileRow.level == 0)
            .order_by(AuditTileRow.position.desc())
            .limit(1)
        )
        return (await session.scalars(query)).one_or_none()

    async def leaves_after(
        self, session: AsyncSession, sequence: int, until: int, limit: int
    ) -> list[Leaf]:
        """Return sequence and leaf hash of the rows after ``sequence``, ``until`` included."""
        query = (
            select(AuditRow.sequence, AuditRow.leaf_hash)
            .where(AuditRow.sequence > sequence, AuditRow.sequence <= until)
            .order_by(AuditRow.sequence)
            .limit(limit)
        )
        return [(row.sequence, row.leaf_hash) for row in await session.execute(query)]

    async def put_leaves(self, session: AsyncSession, position: int, leaves: list[Leaf]) -> None:
        """Write a tile of leaves, in the place of the incomplete one that may be there."""
        await session.execute(
            delete(AuditTileRow).where(
                AuditTileRow.level == 0,
                AuditTileRow.position == position,
                AuditTileRow.count < TILE_LEAVES,
            )
        )
        hashes = [leaf for _, leaf in leaves]
        await session.execute(
            insert(AuditTileRow).values(
                level=0,
                position=position,
                count=len(leaves),
                first_sequence=leaves[0][0],
                last_sequence=leaves[-1][0],
                root=root_of(hashes),
                leaves=b"".join(hashes),
            )
        )

    async def put_above(self, session: AsyncSession, level: int, position: int) -> None:
        """Write the tile over 256 complete tiles of the level below."""
        below = await self._tiles(session, level - 1, position)
        await session.execute(
            insert(AuditTileRow).values(
                level=level,
                position=position,
                count=TILE_LEAVES,
                first_sequence=below[0].first_sequence,
                last_sequence=below[-1].last_sequence,
                root=root_of([tile.root for tile in below]),
                leaves=None,
            )
        )

    async def children(self, session: AsyncSession, level: int, position: int) -> list[bytes]:
        """Return the hashes under a tile, also under one that is not complete."""
        if level > 0:
            return [tile.root for tile in await self._tiles(session, level - 1, position)]
        tile = await session.get(AuditTileRow, (0, position))
        return [] if tile is None else split_leaves(tile)

    async def tile_of(self, session: AsyncSession, sequence: int) -> Tile | None:
        """Return the tile of leaves in whose range of rows ``sequence`` lies."""
        query = (
            select(AuditTileRow)
            .where(AuditTileRow.level == 0, AuditTileRow.first_sequence <= sequence)
            .order_by(AuditTileRow.position.desc())
            .limit(1)
        )
        return (await session.scalars(query)).one_or_none()

    async def tiles(self, position: int, limit: int) -> Sequence[Tile]:
        """Return tiles of leaves from ``position`` on."""
        query = (
            select(AuditTileRow)
            .where(AuditTileRow.level == 0, AuditTileRow.position >= position)
            .order_by(AuditTileRow.position)
            .limit(limit)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def rank(self, session: AsyncSession, tile: Tile, sequence: int) -> int:
        """Return how many rows of the tile's range come before ``sequence``."""
        query = select(func.count()).where(
            AuditRow.sequence >= tile.first_sequence, AuditRow.sequence < sequence
        )
        return await session.scalar(query) or 0

    async def rows(self, first: int, last: int, limit: int) -> list[Row]:
        """Return rows in their order, both sequences included, with every repeated column."""
        repeated = [getattr(AuditRow, name) for name in _REPEATED]
        query = (
            select(
                AuditRow.sequence, AuditRow.audit_id, AuditRow.entry, AuditRow.leaf_hash, *repeated
            )
            .where(AuditRow.sequence >= first, AuditRow.sequence <= last)
            .order_by(AuditRow.sequence)
            .limit(limit)
        )
        async with self._store.session() as session:
            return [
                Row(row[0], row[1], row[2], row[3], dict(zip(_REPEATED, row[4:], strict=True)))
                for row in await session.execute(query)
            ]

    async def bounds(self) -> tuple[int, int, int]:
        """Return the first and the last ``sequence`` and the number of rows; zeros without any."""
        query = select(func.min(AuditRow.sequence), func.max(AuditRow.sequence), func.count())
        async with self._store.session() as session:
            first, last, count = (await session.execute(query)).one()
        return (first, last, count) if count else (0, 0, 0)

    async def window(
        self, since: dt.datetime | None, until: dt.datetime | None
    ) -> tuple[int, int] | None:
        """Return the first and last ``sequence`` of the rows of a time; None without any."""
        query = select(func.min(AuditRow.sequence), func.max(AuditRow.sequence))
        if since is not None:
            query = query.where(AuditRow.at >= since)
        if until is not None:
            query = query.where(AuditRow.at < until)
        async with self._store.session() as session:
            found: Any = (await session.execute(query)).one()
        return None if found[0] is None else (found[0], found[1])

    async def sequence_of(self, audit_id: str) -> int | None:
        """Return the ``sequence`` of a record."""
        async with self._store.session() as session:
            return await session.scalar(
                select(AuditRow.sequence).where(AuditRow.audit_id == audit_id)
            )

    async def find_leaf(self, leaf: bytes) -> int | None:
        """Return where a row with this leaf hash stands. Reads the whole table."""
        async with self._store.session() as session:
            return await session.scalar(
                select(AuditRow.sequence).where(AuditRow.leaf_hash == leaf).limit(1)
            )

    async def last_head(self, session: AsyncSession) -> AuditHeadRow | None:
        """Return the newest head."""
        query = select(AuditHeadRow).order_by(AuditHeadRow.size.desc()).limit(1)
        return (await session.scalars(query)).one_or_none()

    async def add_head(self, session: AsyncSession, head: Head) -> None:
        """Write a new head."""
        await session.execute(
            insert(AuditHeadRow).values(
                size=head.size,
                last_sequence=head.last_sequence,
                root=head.root,
                at=head.at,
                signed=head.signed,
                anchored_at=None,
            )
        )

    async def heads(self, above: int = 0, limit: int = 1_000) -> Sequence[AuditHeadRow]:
        """Return the heads of more than ``above`` rows, oldest first."""
        query = (
            select(AuditHeadRow)
            .where(AuditHeadRow.size > above)
            .order_by(AuditHeadRow.size)
            .limit(limit)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def newest_heads(self, limit: int) -> Sequence[AuditHeadRow]:
        """Return the newest heads, newest first."""
        query = select(AuditHeadRow).order_by(AuditHeadRow.size.desc()).limit(limit)
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def unanchored(self, limit: int = 1_000) -> Sequence[AuditHeadRow]:
        """Return the heads that were not copied outside yet, oldest first."""
        query = (
            select(AuditHeadRow)
            .where(AuditHeadRow.anchored_at.is_(None))
            .order_by(AuditHeadRow.size)
            .limit(limit)
        )
        async with self._store.session() as session:
            return (await session.scalars(query)).all()

    async def mark_anchored(self, sizes: Iterable[int], at: dt.datetime) -> None:
        """Note that the heads of these sizes stand outside."""
        async with self._store.transaction() as session:
            await session.execute(
                update(AuditHeadRow)
                .where(AuditHeadRow.size.in_(list(sizes)))
                .values(anchored_at=at)
            )

    async def _tiles(
        self, session: AsyncSession, level: int, position: int
    ) -> Sequence[AuditTileRow]:
        """Return the complete tiles of ``level`` under the tile ``position`` of the next one."""
        first = position * TILE_LEAVES
        query = (
            select(AuditTileRow.root, AuditTileRow.first_sequence, AuditTileRow.last_sequence)
            .where(
                AuditTileRow.level == level,
                AuditTileRow.position >= first,
                AuditTileRow.position < first + TILE_LEAVES,
                AuditTileRow.count == TILE_LEAVES,
            )
            .order_by(AuditTileRow.position)
        )
        return (await session.execute(query)).all()  # type: ignore[return-value]  # three columns


def split_leaves(tile: Tile) -> list[bytes]:
    """Return the leaf hashes of a tile."""
    leaves = tile.leaves or b""
    return [leaves[at : at + HASH_BYTES] for at in range(0, len(leaves), HASH_BYTES)]
