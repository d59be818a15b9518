"""How often one consumer may look for people in vain, whatever it looks for them by."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
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
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def under_way(self, access: Access) -> Iterator[int]:
        """Yield how many others of this consumer are looked for right now, and count one more.

        Until it is known how they end, they may all be misses: many guesses at once are no way
        past the limit.
        """
        place = (access.municipality, access.client_id)
        before = self._under_way[place]
        self._under_way[place] += 1
        try:
            yield before
        finally:
            self._under_way[place] -= 1
            if not self._under_way[place]:
                del self._under_way[place]

    async def require_few(self, access: Access, under_way: int) -> None:
        """Do nothing if the consumer may look for somebody beside those ``under_way``.

        Raises:
            Problem: ``too-many-misses``, until the first of them is an hour old.

        """
        now = self._clock.now()
        misses, first = await self._store.misses(
            access.municipality, access.client_id, self._function, NO_MATCH, now - WINDOW
        )
        if misses + under_way < self._per_hour:
            return
        if misses < self._per_hour or first is None:
            # Those that are under way may end well: to be asked again in a moment.
            raise Problem("too-many-misses", headers={"Retry-After": "1"})
        # The officer on duty must learn of it: somebody may be guessing.
        self._log.error(
            "too-many-misses",
            municipality=access.municipality,
            client_id=access.client_id,
            count=misses,
        )
        seconds = max(1, math.ceil((first + WINDOW - now).total_seconds()))
        raise Problem("too-many-misses", headers={"Retry-After": str(seconds)})
