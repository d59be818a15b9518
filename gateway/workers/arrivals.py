"""How much somebody may ask in a minute, counted over all workers of a port.

One number for each who asks: the time up to which what was asked already is paid for (the
theoretical arrival time). They stand in a table of fixed size, by a digest under a secret, so that
nobody can aim at a place and nothing of anybody is kept. A place is free again as soon as its time
has come. A worker that is killed while it writes gives its lock back; a time that cannot be right
counts as come.

Source: ITU-T I.371, generic cell rate algorithm (virtual scheduling).
"""

from __future__ import annotations

import mmap
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from struct import Struct
from typing import Final, Self

from gateway.workers.locks import Locks
from gateway.workers.memory import make_table, open_table

PERIOD_NS: Final = 60 * 10**9
"""A minute: what is allowed in it may also come all at once. Whole numbers, so that many additions
make nothing of nothing."""
LATE_NS: Final = 10 * 10**9
"""So long a process may stand still between its look at the clock and its turn: what another one
counted meanwhile, with a later time, still counts."""
CONSUMER_BUCKETS: Final = 64
SUBJECT_BUCKETS: Final = 4_096
"""131,072 persons at a time; some 3 MB."""
PLACES: Final = 32
TAG_BYTES: Final = 16
_PLACE: Final = Struct(f"={TAG_BYTES}sq")
_BUCKET: Final = Struct("=" + f"{TAG_BYTES}sq" * PLACES)
_FREE: Final = nullcontext()


def lay_out(path: Path, buckets: int) -> None:
    """Make an empty table.

    Raises:
        OSError: there is not so much room.
    """
    make_table(path, buckets * _BUCKET.size)


class Arrivals:
    """A table, as one process sees it; ``locks`` where it shares it with others."""

    def __init__(self, memory: mmap.mmap, locks: Locks | None = None) -> None:
        self._memory = memory
        self._locks = locks
        self._buckets = len(memory) // _BUCKET.size

    @classmethod
    def alone(cls, buckets: int) -> Self:
        """Return a table of this process."""
        return cls(mmap.mmap(-1, buckets * _BUCKET.size))

    @classmethod
    def shared(cls, path: Path) -> Self:
        """Return the table that ``lay_out`` made."""
        return cls(*open_table(path))

    def arrive(self, digest: bytes, per_minute: int, now_ns: int) -> int:
        """Count an arrival and return 0; or count nothing and return how much too soon it comes.

        Where no place is free, whoever has asked least in the bucket is forgotten: may ask a little
        more than allowed, and is never turned away for another's sake.

        Args:
            digest: 20 bytes or more, of whoever asks.
            per_minute: how many may come in a minute, and at once.
            now_ns: nanoseconds that only grow, the same for all processes.

        Returns:
            Nanoseconds.
        """
        bucket = int.from_bytes(digest[:4], "big") % self._buckets
        tag = digest[4 : 4 + TAG_BYTES]
        with self._held(bucket):
            place, paid_until = self._find(bucket, tag, now_ns)
            due = paid_until + PERIOD_NS // per_minute
            too_soon = due - PERIOD_NS - now_ns
            if too_soon > 0:
                return too_soon
            _PLACE.pack_into(self._memory, place, tag, due)
        return 0

    def _held(self, bucket: int) -> AbstractContextManager[None]:
        return self._locks.held(bucket) if self._locks else _FREE

    def _find(self, bucket: int, tag: bytes, now: int) -> tuple[int, int]:
        """Return where somebody's place is, or is to be, and up to when all is paid for."""
        begin = bucket * _BUCKET.size
        held = self._memory[begin : begin + _BUCKET.size]
        at = held.find(tag)
        while at >= 0 and at % _PLACE.size:
            at = held.find(tag, at + 1)
        if at >= 0:
            _, until = _PLACE.unpack_from(held, at)
            return begin + at, until if _to_come(until, now) else now
        times = _BUCKET.unpack(held)[1::2]
        free = (place for place, until in enumerate(times) if not _to_come(until, now))
        place = next(free, None)
        if place is None:
            place = min(range(PLACES), key=times.__getitem__)
        return begin + place * _PLACE.size, now


def _to_come(until: int, now: int) -> bool:
    """Tell whether a time is to come; nobody can owe more than a period and what is late."""
    return now < until <= now + PERIOD_NS + LATE_NS
