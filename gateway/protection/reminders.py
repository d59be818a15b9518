"""Officers are reminded of terms that end, and of measures that wait for them. Rule DV-5."""

from __future__ import annotations

from adapters.contract import Clock, EventLog
from gateway.clock import TOKYO
from gateway.protection.measures import state_on
from gateway.protection.store import MeasureStore
from gateway.protection.terms import MeasureState


class Reminders:
    """Tells of each measure once for each state that somebody must look at."""

    def __init__(self, store: MeasureStore, *, clock: Clock, log: EventLog) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._told: frozenset[tuple[str, MeasureState]] = frozenset()

    async def run_once(self) -> None:
        """Log how many measures have come into a state that waits for an officer.

        Never which: that a measure exists is secret.
        """
        today = self._clock.now().astimezone(TOKYO).date()
        waiting: dict[tuple[str, MeasureState], list[str]] = {}
        told: set[tuple[str, MeasureState]] = set()
        for row in await self._store.everywhere():
            state = state_on(row, today)
            one = (row.measure_id, state)
            if state is MeasureState.IN_FORCE:
                continue
            told.add(one)
            if one not in self._told:
                waiting.setdefault((row.municipality, state), []).append(row.measure_id)
        for (municipality, state), ids in sorted(waiting.items()):
            self._log.warning(
                "protection-to-be-reviewed",
                municipality=municipality,
                state=state.value,
                count=len(ids),
            )
        self._told = frozenset(told)
