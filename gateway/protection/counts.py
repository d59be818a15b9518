"""How many items were withheld and revealed on a day. Rule DV-17.

Figures are kept in the process and stored from time to time: to write them while a question is
answered would take longer for protected people than for others, and so tell of them.
"""

from __future__ import annotations

import datetime as dt

from adapters.contract import Clock
from gateway.clock import TOKYO
from gateway.protection.store import CountStore

_Key = tuple[str, dt.date]


class DayCounts:
    """Counts by municipality and day in Asia/Tokyo."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._withheld: dict[_Key, int] = {}
        self._revealed: dict[_Key, int] = {}
        self._alarmed: set[_Key] = set()

    def withheld(self, municipality: str, count: int) -> None:
        """Count items that were kept back today."""
        key = self._key(municipality)
        self._withheld[key] = self._withheld.get(key, 0) + count

    def revealed(self, municipality: str, count: int) -> bool:
        """Count items that left today; return whether they are the first since this day began."""
        key = self._key(municipality)
        self._revealed[key] = self._revealed.get(key, 0) + count
        first = key not in self._alarmed
        self._alarmed = {key, *(k for k in self._alarmed if k[1] == key[1])}
        return first

    async def store(self, store: CountStore) -> None:
        """Add what was counted since the last time to what is stored; on failure it is kept."""
        withheld, self._withheld = self._withheld, {}
        revealed, self._revealed = self._revealed, {}
        keys = sorted(withheld.keys() | revealed.keys())
        if not keys:
            return
        try:
            await store.add((*k, withheld.get(k, 0), revealed.get(k, 0)) for k in keys)
        except BaseException:
            for key in keys:
                self._withheld[key] = self._withheld.get(key, 0) + withheld.get(key, 0)
                self._revealed[key] = self._revealed.get(key, 0) + revealed.get(key, 0)
            raise

    def _key(self, municipality: str) -> _Key:
        return municipality, self._clock.now().astimezone(TOKYO).date()
