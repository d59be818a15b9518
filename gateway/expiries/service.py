"""Alarms before something ends: 60, 30 and 7 days ahead. Rule AT-8."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from adapters.contract import Clock, EventLog
from gateway.clock import TOKYO
from gateway.expiries.store import ExpiryStore
from gateway.metrics import Metrics

AHEAD: Final = (60, 30, 7)
"""Days before the end at which somebody is told; the last one is an error."""
OVER: Final = dt.timedelta(days=7)
"""For how long what has ended is still told of."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """A certificate of a consumer or a grant, and the last day on which it is good."""

    kind: str
    client_id: str
    name: str
    last_day: dt.date
    days_left: int


class Expiries:
    """Looks for what ends soon, and tells of each step once."""

    def __init__(
        self, store: ExpiryStore, *, clock: Clock, log: EventLog, metrics: Metrics
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._told: set[tuple[str, str, int]] = set()

    async def within(self, days: int) -> Sequence[Expiry]:
        """Return what ends in ``days`` days, or has in the last week, the soonest first."""
        now = self._clock.now()
        today = now.astimezone(TOKYO).date()
        found = [
            ("certificate", row.client_id, row.thumbprint, row.not_after.astimezone(TOKYO).date())
            for row in await self._store.certificates(now + dt.timedelta(days=days + 1))
        ]
        found += [
            ("grant", row.client_id, row.grant_id, row.valid_to)
            for row in await self._store.grants(today + dt.timedelta(days=days))
        ]
        ends = [Expiry(*one, (one[3] - today).days) for one in found]
        near = [e for e in ends if -OVER.days <= e.days_left <= days]
        return sorted(near, key=lambda e: (e.days_left, e.kind, e.client_id, e.name))

    async def run_once(self) -> None:
        """Tell of everything that has come a step nearer to its end."""
        near = await self.within(max(AHEAD))
        for kind in ("certificate", "grant"):
            left = [e.days_left for e in near if e.kind == kind]
            self._metrics.soonest_end(kind, min(left, default=None))
        for expiry in near:
            step = min(days for days in AHEAD if expiry.days_left <= days)
            told = (expiry.kind, expiry.name, step)
            if told not in self._told:
                self._told.add(told)
                self._tell(expiry, urgent=step == min(AHEAD))

    def _tell(self, expiry: Expiry, *, urgent: bool) -> None:
        tell = self._log.error if urgent else self._log.warning
        tell(
            "expires-soon",
            kind=expiry.kind,
            client_id=expiry.client_id,
            key_id=expiry.name,
            days=expiry.days_left,
        )
