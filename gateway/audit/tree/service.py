"""Grows the tree over the audit record, signs its heads, proves what is in it.

Rows are durable before they are in the tree: a tree that cannot grow, or a head that cannot be
copied outside, stops no answer. It shows in the figures instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.contract import Clock, EventLog
from gateway.audit.tree.anchors import append_heads, newest_head
from gateway.audit.tree.heads import Head, HeadRefused, read_head, sign_head
from gateway.audit.tree.merkle import (
    Node,
    Range,
    consistency_ranges,
    inclusion_ranges,
    nodes_of,
    outer_ranges,
    range_hash,
    root_of,
)
from gateway.audit.tree.store import TILE_LEAVES, Leaf, TreeStore, split_leaves
from gateway.keys import KeyStore
from gateway.store.tables import AuditHeadRow

BATCH_LEAVES: Final = 32 * TILE_LEAVES


class TreeBrokenError(Exception):
    """The tree does not lead to its last head, here or outside. No head is signed.

    Somebody changed it, or put the database back to an earlier state.
    """


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """The way from one row to the root of a head, by RFC 6962, 2.1.1."""

    sequence: int
    index: int
    leaf: bytes
    path: list[bytes]
    head: Head


class AuditTree:
    """The tree of one installation.

    Args:
        issuer: names the installation in every head.
        anchors: folder outside to which every new head is appended, None for none.
    """

    def __init__(
        self,
        store: TreeStore,
        keys: KeyStore,
        *,
        clock: Clock,
        issuer: str,
        log: EventLog,
        anchors: Path | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._log = log
        self._anchors = anchors
        self._waiting_since: dt.datetime | None = None
        self._stuck_since: dt.datetime | None = None
        self._known: Head | None = None

    def unanchored_age_s(self) -> float:
        """Return the age in seconds of the oldest head that stands nowhere outside, or 0.

        While no head can be made it is counted from when that began: what is written then stands
        nowhere outside either.
        """
        since = [s for s in (self._waiting_since, self._stuck_since) if s is not None]
        if not since:
            return 0.0
        return max(0.0, (self._clock.now() - min(since)).total_seconds())

    async def run_once(self) -> None:
        """Take in new rows, sign a head, copy it outside. For the background; see ``seal``."""
        try:
            await self.seal()
        except TreeBrokenError:
            self._stuck_since = self._stuck_since or self._clock.now()
            self._log.error("audit-tree-broken")
        finally:
            await self.anchor()

    async def seal(self) -> Head | None:
        """Take in every row that is there and return the head over them; None without rows.

        A head is signed only when there is something new.

        Raises:
            KeysError: there is no key for heads.
            TreeBrokenError: the tree does not lead to its last head.
        """
        key = self._keys.keys().head_key
        try:
            until: int | None = await self._store.settled_sequence()
        except DBAPIError:
            self._log.warning("audit-tree-waits")
            self._stuck_since = self._stuck_since or self._clock.now()
            until = None
        while until is not None and await self._grow(until) == BATCH_LEAVES:
            pass
        async with self._store.growing() as session:
            last = await self._store.last_head(session)
            tile = await self._store.last_tile(session)
            size = tile.position * TILE_LEAVES + tile.count if tile is not None else 0
            await self._require_unbroken(session, last, size)
            self._stuck_since = None if until is not None else self._stuck_since
            if tile is None:
                return None
            if last is not None and last.size == size:
                return to_head(last, self._issuer)
            head = sign_head(
                key,
                size=size,
                last_sequence=tile.last_sequence,
                root=await self.root(session, size),
                at=self._clock.now(),
                issuer=self._issuer,
            )
            await self._store.add_head(session, head)
        self._known = head
        return head

    async def anchor(self) -> int:
        """Append the heads that stand nowhere outside to the folder; return how many.

        A folder that cannot be written is told and tried again the next time.
        """
        waiting = await self._store.unanchored()
        self._waiting_since = waiting[0].at if waiting else None
        if self._anchors is None or not waiting:
            return 0
        try:
            append_heads(self._anchors, waiting)
        except OSError as error:
            self._log.error("audit-head-not-anchored", error=type(error).__name__)
            return 0
        await self.note_anchored(waiting)
        return len(waiting)

    async def note_anchored(self, heads: Iterable[AuditHeadRow]) -> None:
        """Note that these heads stand outside."""
        await self._store.mark_anchored([h.size for h in heads], self._clock.now())
        rest = await self._store.unanchored(limit=1)
        self._waiting_since = rest[0].at if rest else None

    async def prove(self, audit_id: str, head: Head | None = None) -> InclusionProof | None:
        """Return the proof that a record is in the tree of ``head``, or of the newest one.

        Returns None where there is no such record, or it is younger than the head.

        Raises:
            HeadRefused: the newest head is not signed by a key of this installation.
        """
        sequence = await self._store.sequence_of(audit_id)
        async with self._store.session() as session:
            head = head or await self._newest(session)
            tile = await self._store.tile_of(session, sequence or 0)
            if sequence is None or tile is None or head is None or sequence > head.last_sequence:
                return None
            rank = await self._store.rank(session, tile, sequence)
            leaves = split_leaves(tile)
            if rank >= len(leaves):
                return None
            index = tile.position * TILE_LEAVES + rank
            path = await self.hashes(session, inclusion_ranges(index, head.size))
        return InclusionProof(sequence, index, leaves[rank], path, head)

    async def prove_growth(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of ``new`` rows starts with that of ``old``.

        Raises:
            ValueError: not ``0 < old <= new``, or the tree is smaller than ``new``.
        """
        async with self._store.session() as session:
            return await self.hashes(session, consistency_ranges(old, new))

    async def prove_range(self, first: int, end: int, size: int) -> list[bytes]:
        """Return the hashes that lead from the leaves ``first`` to ``end - 1`` to the root."""
        async with self._store.session() as session:
            return await self.hashes(session, outer_ranges((first, end), size))

    async def root(self, session: AsyncSession, size: int) -> bytes:
        """Return the root over the first ``size`` leaves, 1 or more."""
        return (await self.hashes(session, [(0, size)]))[0]

    async def hashes(self, session: AsyncSession, ranges: Iterable[Range]) -> list[bytes]:
        """Return the root of each range.

        Raises:
            ValueError: the tree is not as large.
        """
        wanted = list(ranges)
        blocks: dict[tuple[int, int], list[bytes]] = {}
        for block in {_place(node)[0] for found in wanted for node in nodes_of(found)}:
            blocks[block] = await self._store.children(session, *block)

        def hash_of(node: Node) -> bytes:
            block, first, end = _place(node)
            below = blocks[block][first:end]
            if len(below) != end - first:
                msg = "the tree is not as large"
                raise ValueError(msg)
            return root_of(below)

        return [range_hash(found, hash_of) for found in wanted]

    async def _newest(self, session: AsyncSession) -> Head | None:
        row = await self._store.last_head(session)
        return None if row is None else read_head(row.signed, self._keys.keys().heads)

    async def _require_unbroken(
        self, session: AsyncSession, last: AuditHeadRow | None, size: int
    ) -> None:
        """Do nothing if the tree starts with that of every head that is at hand.

        These are the last one of the database, the last one that this process has made, and, until
        it has made one, the last one outside: a database that was put back to yesterday knows
        nothing of today.

        Raises:
            TreeBrokenError: it does not.
        """
        self._known = self._known or self._outside()
        try:
            heads = [] if last is None else [read_head(last.signed, self._keys.keys().heads)]
            heads += [] if self._known is None else [self._known]
            grown = all(
                [h.size <= size and await self.root(session, h.size) == h.root for h in heads]
            )
        except (HeadRefused, ValueError):
            grown = False
        if not grown:
            raise TreeBrokenError

    def _outside(self) -> Head | None:
        """Return the last head outside; None where there is none, or nothing can be read there."""
        if self._anchors is None:
            return None
        try:
            return newest_head(self._anchors, self._keys.keys().heads)
        except OSError as error:
            self._log.error("audit-head-not-anchored", error=type(error).__name__)
            return None

    async def _grow(self, until: int) -> int:
        """Take in a batch of rows; return how many."""
        async with self._store.growing() as session:
            tile = await self._store.last_tile(session)
            after = tile.last_sequence if tile else 0
            new = await self._store.leaves_after(session, after, until, BATCH_LEAVES)
            if not new:
                return 0
            position = tile.position if tile else 0
            open_leaves: list[Leaf] = []
            if tile is not None and tile.count == TILE_LEAVES:
                position += 1
            elif tile is not None:
                # The sequences of what is in the tile already matter for its first one only.
                open_leaves = [(tile.first_sequence, leaf) for leaf in split_leaves(tile)]
            leaves = open_leaves + new
            for begin in range(0, len(leaves), TILE_LEAVES):
                part = leaves[begin : begin + TILE_LEAVES]
                await self._store.put_leaves(session, position, part)
                if len(part) == TILE_LEAVES:
                    await self._complete(session, position)
                position += 1
            return len(new)

    async def _complete(self, session: AsyncSession, position: int) -> None:
        """Write the tiles above a tile of leaves that is complete now."""
        level = 0
        while (position + 1) % TILE_LEAVES == 0:
            level, position = level + 1, position // TILE_LEAVES
            await self._store.put_above(session, level, position)


def to_head(row: AuditHeadRow, issuer: str) -> Head:
    """Return the head of a row, as the database says."""
    return Head(row.size, row.last_sequence, row.root, row.at, issuer, row.signed)


def _place(node: Node) -> tuple[tuple[int, int], int, int]:
    """Return the block (level of tiles, position) of a subtree and its part of the block."""
    level, position = node
    tile_level, rest = divmod(level, 8)
    first = position << rest
    block, offset = divmod(first, TILE_LEAVES)
    return (tile_level, block), offset, offset + (1 << rest)
