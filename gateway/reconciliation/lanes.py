"""Both sides of a group, read a piece of each in turn, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import TypeAlias

from adapters.contract import ControlTotals
from gateway.comparison import Columns, Profile, Profiler, Ranges
from gateway.reconciliation.sides import Side
from gateway.reconciliation.spill import Spill
from standard_models.answers import StandardRecord
from standard_models.dictionary import DataItem

Progress: TypeAlias = Callable[[str, int, int | None], None]
"""Gets a group, how many records were read, and of how many if that is known."""


class Lane:
    """One side while it is read."""

    def __init__(self, side: Side, items: Sequence[DataItem], ranges: Ranges, spill: Spill) -> None:
        self.side = side
        self.ranges = ranges
        self.spill = spill
        self.profiler = Profiler(items)
        self.totals = ControlTotals()
        self.fields: frozenset[str] = frozenset()
        self._first: Sequence[StandardRecord] = ()
        self._rest: AsyncIterator[Sequence[StandardRecord]] = side.pieces()

    async def begin(self) -> None:
        """Read as far as it takes to know which items the side supplies."""
        self.totals = await self.side.totals()
        async for piece in self._rest:
            if piece:
                self._first = piece
                self.fields = frozenset(piece[0].answers)
                return

    async def next(self) -> Sequence[StandardRecord] | None:
        """Return the next piece, None behind the last one."""
        if self._first:
            piece, self._first = self._first, ()
            return piece
        return await anext(self._rest, None)

    def take(self, piece: Sequence[StandardRecord], columns: Columns) -> None:
        """Count a piece and lay its rows down."""
        self.profiler.see(piece)
        for record in piece:
            row = columns.row(record)
            self.spill.add(self.ranges.see(row), row)

    def profile(self) -> Profile:
        """Return what the side looks like as a whole."""
        return self.profiler.profile(self.side.lost)


async def read_all(lanes: Sequence[Lane], columns: Columns, ref: str, progress: Progress) -> None:
    """Read all sides, a piece of each in turn: what changes meanwhile, changes for both."""
    counts = [lane.totals.records for lane in lanes]
    total = None if None in counts else sum(count or 0 for count in counts)
    unread = list(lanes)
    while unread:
        for lane in list(unread):
            piece = await lane.next()
            if piece is None:
                unread.remove(lane)
                continue
            if len(lanes) > 1:
                lane.take(piece, columns)
            else:
                lane.profiler.see(piece)
            progress(ref, sum(one.side.read for one in lanes), total)


def columns_of(items: Sequence[DataItem], lanes: Sequence[Lane]) -> Columns:
    """Return what is compared: the key, and the items that every side with records supplies."""
    supplied = [lane.fields for lane in lanes if lane.fields]
    keys = tuple(item.field_name for item in items if item.primary_key)
    others = tuple(
        item.field_name
        for item in items
        if not item.primary_key and all(item.field_name in fields for fields in supplied)
    )
    return Columns(keys, others)
