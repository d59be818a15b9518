"""How many items protection kept back, by day, over all workers.

Each seat counts for itself; only sums of days that are over are told: see
``gateway.metrics``.
"""

from __future__ import annotations

import datetime as dt
import mmap
import struct
from collections import Counter
from pathlib import Path
from typing import Final

_DAYS: Final = 3
"""Days that a seat remembers: the running one, the one before, and one more."""
_CELL: Final = struct.Struct("qq")
_SEAT_BYTES: Final = _DAYS * _CELL.size


def lay_out(path: Path, seats: int) -> None:
    """Make the empty counts."""
    path.write_bytes(bytes(seats * _SEAT_BYTES))


class SharedDays:
    """The counts, as the worker of one seat sees them."""

    def __init__(self, path: Path, seat: int) -> None:
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self._seat = seat

    def add(self, count: int, on: dt.date) -> None:
        """Count ``count`` items on that day."""
        ordinal = on.toordinal()
        place = self._seat * _SEAT_BYTES + ordinal % _DAYS * _CELL.size
        day, before = _CELL.unpack_from(self._memory, place)
        total = count + (before if day == ordinal else 0)
        _CELL.pack_into(self._memory, place, ordinal, total)

    def finished(self) -> tuple[dt.date, int] | None:
        """Return the last day that is over and its sum, None where no day is over."""
        sums: Counter[int] = Counter()
        for day, count in _CELL.iter_unpack(self._memory[:]):
            if day:
                sums[day] += count
        over = sorted(sums)[:-1]
        return (dt.date.fromordinal(over[-1]), sums[over[-1]]) if over else None
