"""How often one consumer may look for people in vain, whatever it looks for them by."""

from __future__ import annotations

import datetime as dt
import math
from typing import Final

from adapters.contract import Clock, EventLog
from gateway.access import Access
from gateway.matching.store import MissStore
from gateway.problems import Problem

NO_MATCH: Final = "no-match"
WINDOW: Final = dt.timedelta(hours=1)
"""For which misses are counted."""


class MissLimit:
    """The limit of one operation: ``function`` is its name in the audit record."""

    def __init__(
        self, store: MissStore, clock: Clock, log: EventLog, *, function: str, per_hour: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._function = function
        self._per_hour = per_hour

    async def require_few(self, access: Access) -> None:
        """Do nothing if the consumer may look for somebody.

        Raises:
            Problem: ``too-many-misses``, until the first of them is an hour old.

        """
        now = self._clock.now()
        misses, first = await self._store.misses(
            access.municipality, access.client_id, self._function, NO_MATCH, now - WINDOW
        )
        if misses < self._per_hour or first is None:
            return
        # The officer on duty must learn of it: somebody may be guessing.
        self._log.error(
            "too-many-misses",
            municipality=access.municipality,
            client_id=access.client_id,
            count=misses,
        )
        seconds = max(1, math.ceil((first + WINDOW - now).total_seconds()))
        raise Problem("too-many-misses", headers={"Retry-After": str(seconds)})
