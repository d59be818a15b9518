"""A source that bears fewer calls at a time than there are workers: they share its slots."""

from __future__ import annotations

import asyncio
from typing import Final

from gateway.workers.locks import Locks

LOOK_S: Final = 0.005
"""How long a call waits before it looks for a free slot again."""


class SharedSlots:
    """Slots like those of a semaphore, over all workers."""

    def __init__(self, locks: Locks, first: int, count: int) -> None:
        """Use the locks ``first`` to ``first + count - 1``."""
        self._locks = locks
        self._free = set(range(first, first + count))
        self._held: list[int] = []

    def locked(self) -> bool:
        """Tell whether every slot is taken."""
        if not self._take():
            return True
        self.release()
        return False

    async def acquire(self) -> bool:
        """Wait for a slot and take it."""
        while not self._take():  # noqa: ASYNC110 - it is another process that gives it back
            await asyncio.sleep(LOOK_S)
        return True

    def release(self) -> None:
        """Give a slot back."""
        slot = self._held.pop()
        self._locks.give(slot)
        self._free.add(slot)

    def _take(self) -> bool:
        for slot in sorted(self._free):
            if self._locks.take(slot):
                self._free.discard(slot)
                self._held.append(slot)
                return True
        return False
