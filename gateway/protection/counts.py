"""How many items were withheld and revealed on a day. Rule DV-17.

Figures are kept in the process and stored from time to time: to write them while a question is
answered would take longer for protected people than for others, and so tell of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from adapters.contract import Clock
from gateway.clock import TOKYO
from gateway.metrics import Metrics
from gateway.protection.store import CountStore

_Key = tuple[str, dt.date]
_SETTLED: Final = dt.timedelta(hours=1)
"""By then every process has stored what it counted before midnight."""


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


class WithheldOfDay:
    """Tells the metrics how many items were withheld on the last day that is over (DV-17).

    The clock alone decides when the figure changes. One that changed with a question, if only with
    the first of a day, would tell whoever reads the metrics that a protected person was asked for
    (DV-8, DV-9). So each day's is told once, when all processes have stored theirs.
    """

    def __init__(self, store: CountStore, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._told: dt.date | None = None

    async def run_once(self) -> None:
        """Tell the figure of another day, if one is over."""
        day = (self._clock.now().astimezone(TOKYO) - _SETTLED).date() - dt.timedelta(days=1)
        if day == self._told:
            return
        self._metrics.withheld_of_day(await self._store.withheld_everywhere(day))
        self._told = day
