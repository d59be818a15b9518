"""The proofs of possession that were used, remembered by all workers together.

A table of fixed size in memory that the workers share. Which bucket a proof belongs to follows from
a digest under a secret, so that nobody can fill one on purpose. A worker that is killed while it
writes gives its lock back; its half-written place is that of a call which nobody got an answer to.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from gateway.workers.memory import make_table, open_table

BUCKETS: Final = 16_384
PLACES: Final = 32
"""Proofs in a bucket; with 200,000 in use at a time, one bucket in a million is full."""
TAG_BYTES: Final = 16
_BUCKET_BYTES: Final = PLACES * TAG_BYTES
_ENDS: Final = struct.Struct(f"{PLACES}d")
_END: Final = struct.Struct("d")
SIZE: Final = BUCKETS * (_BUCKET_BYTES + _ENDS.size)


def lay_out(path: Path) -> None:
    """Make the empty table.

    Raises:
        OSError: there is not so much room.
    """
    make_table(path, SIZE)


class SharedProofs:
    """The table, as one worker sees it."""

    def __init__(self, path: Path) -> None:
        self._memory, self._locks = open_table(path)

    def add(self, digest: bytes, until: float, now: float) -> bool | None:
        """Remember a proof until then; False where it is known already, None without room.

        ``digest`` are 20 bytes or more, even to somebody who chooses what it is made of.
        """
        bucket = int.from_bytes(digest[:4], "big") % BUCKETS
        tag = digest[4 : 4 + TAG_BYTES]
        tags_at = bucket * _BUCKET_BYTES
        ends_at = BUCKETS * _BUCKET_BYTES + bucket * _ENDS.size
        memory = self._memory
        with self._locks.held(bucket):
            tags = memory[tags_at : tags_at + _BUCKET_BYTES]
            ends = _ENDS.unpack_from(memory, ends_at)
            if tag in tags and any(
                end > now and tags[i * TAG_BYTES : (i + 1) * TAG_BYTES] == tag
                for i, end in enumerate(ends)
            ):
                return False
            place = next((i for i, end in enumerate(ends) if end <= now), None)
            if place is None:
                return None
            begin = tags_at + place * TAG_BYTES
            memory[begin : begin + TAG_BYTES] = tag
            _END.pack_into(memory, ends_at + place * _END.size, until)
        return True
