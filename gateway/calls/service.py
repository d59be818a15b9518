"""Counts calls of consumers in this process, and stores them from time to time.

A write for each call would cost more than many calls do. A process that is killed loses what it
counted since the last time; no right and no duty hangs on these figures.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Final

from adapters.contract import Clock
from gateway.calls.store import Calls, CallStore
from gateway.clock import TOKYO
from gateway.metrics import Metrics

KEPT: Final = dt.timedelta(days=400)
"""So long that the same month of the year before is there: some affairs come once a year."""


class CallCounts:
    """Counts by day in Asia/Tokyo, consumer and operation."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._counted: Counter[tuple[dt.date, str, str]] = Counter()

    def called(self, client_id: str, method: str, path: str, version: str) -> None:
        """Count a call of a registered consumer. ``path`` is the template, never what was sent."""
        operation = f"{method} {path}"
        self._metrics.consumer_called(client_id, version, operation)
        self._counted[self._today(), client_id, operation] += 1

    async def store(self, store: CallStore) -> None:
        """Add what was counted since the last time to what is stored; on failure it is kept."""
        counted, self._counted = self._counted, Counter()
        if not counted:
            return
        calls = [Calls(*key, count) for key, count in sorted(counted.items())]
        try:
            await store.add(calls, forget_before=self._today() - KEPT)
        except BaseException:
            self._counted.update(counted)
            raise

    def _today(self) -> dt.date:
        return self._clock.now().astimezone(TOKYO).date()
