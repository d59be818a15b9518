"""Finds what is past its time and erases it, piece by piece, each with its audit record.

What is past its ceiling must go. What is between floor and ceiling goes only where somebody asks
for that. Nothing goes below its floor, without an end, or under a legal hold. Rule PL-9.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from adapters.contract import Clock
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.clock import TOKYO
from gateway.retention.rules import RetentionRules, Rule
from gateway.retention.store import Counts, RetentionStore

PIECE: Final = 200
"""Records that are erased together; their audit record names each of them."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A record that is past its floor: what it is, when it ended, since when it may or must go."""

    kind: str
    record: str
    ended: dt.date
    since: dt.date
    must_go: bool


class Retention:
    """The rules of a town over its records. ``actor`` stands in the audit record."""

    def __init__(
        self,
        store: RetentionStore,
        *,
        clock: Clock,
        actor: str,
        rules: RetentionRules,
    ) -> None:
        self._store = store
        self._clock = clock
        self._actor = actor
        self.rules = rules

    async def overview(self, municipality: str) -> Sequence[tuple[Rule, Counts]]:
        """Return every rule by which records are erased, and how many stand where."""
        today = self._today()
        return [
            (
                rule,
                await self._store.counts(
                    municipality,
                    rule,
                    rule.last_end_past_floor(today),
                    rule.last_end_past_ceiling(today),
                ),
            )
            for rule in self.rules.erased.values()
        ]

    async def iter_expired(
        self, municipality: str, *, past_floor: bool = False
    ) -> AsyncIterator[Expired]:
        """Yield exactly what ``purge`` would erase now, by kind and name."""
        today = self._today()
        for rule in self.rules.erased.values():
            last_end = _last_end(rule, today, past_floor=past_floor)
            async for record, ended in self._store.iter_past(municipality, rule, last_end):
                must_go_on = rule.must_go_on(ended)
                must_go = must_go_on <= today
                since = must_go_on if must_go else rule.may_go_on(ended)
                yield Expired(rule.kind, record, ended, since, must_go)

    async def purge(
        self,
        municipality: str,
        *,
        past_floor: bool = False,
        progress: Callable[[int], None] = lambda _done: None,
    ) -> int:
        """Erase what must go, with ``past_floor`` also what may; return how many records.

        It may be stopped at any time: each piece is erased and recorded, or not at all.
        ``progress`` is told how many records are erased.
        """
        today, done = self._today(), 0
        for rule in self.rules.erased.values():
            last_end = _last_end(rule, today, past_floor=past_floor)
            while erased := await self._store.purge_some(
                municipality, rule, last_end, PIECE, self._recorder(municipality, rule, last_end)
            ):
                done += erased
                progress(done)
        return done

    def _recorder(
        self, municipality: str, rule: Rule, last_end: dt.date
    ) -> Callable[[Sequence[str]], AuditRecord]:
        def record(names: Sequence[str]) -> AuditRecord:
            return to_record(
                settings_entry(
                    municipality,
                    self._clock.now(),
                    self._actor,
                    "retention-purge",
                    before={"records": list(names)},
                    after={
                        "kind": rule.kind,
                        "ended_by": last_end.isoformat(),
                        "floor_years": rule.floor_years,
                        "ceiling_years": rule.ceiling_years,
                        "source": rule.source,
                        "rules_of": self.rules.checked_on.isoformat(),
                    },
                )
            )

        return record

    def _today(self) -> dt.date:
        return self._clock.now().astimezone(TOKYO).date()


def _last_end(rule: Rule, today: dt.date, *, past_floor: bool) -> dt.date:
    return rule.last_end_past_floor(today) if past_floor else rule.last_end_past_ceiling(today)
