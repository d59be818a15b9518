"""Looks again and again for looks of curiosity, and calls somebody once for each.

An actor is who stands in the audit record: an account of staff, or the machine of a consumer's
service. Officers behind a consumer's service cannot be told apart here. Nothing of the person
leaves the audit record: the log and the figures tell that there was something, and of what kind.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from typing import Final

from adapters.contract import Clock, EventLog
from gateway.audit.alerts.store import AlertStore, Looks, Told
from gateway.audit.alerts.watches import ANYBODY, WatchKind, account_of
from gateway.audit.entries import AuditEntry, AuditKind
from gateway.audit.searches import OfficeCalendar, UnknownYearError, read_calendar
from gateway.audit.service import AuditLog
from gateway.clock import TOKYO
from gateway.metrics import Metrics
from gateway.store.tables import AuditWatchRow
from standard_models.safe_yaml import safe_load

FUNCTION: Final = "snooping"
WINDOW: Final = dt.timedelta(hours=1)
FIRST_WINDOW: Final = dt.timedelta(days=1)
"""What the first round holds against the lists: what was done while nobody looked."""


class Pattern(StrEnum):
    """Of what kind a suspicion is."""

    FAMILY = "family"
    ACQUAINTANCE = "acquaintance"
    NOTABLE = "notable"
    SAME_SURNAME = "same-surname"
    SAME_ADDRESS = "same-address"
    HOUSEHOLD = "household"
    REPEATED = "repeated"
    MASS = "mass"
    CLOSED_HOURS = "closed-hours"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From how many looks within an hour on somebody is called; see ``patterns.yaml``."""

    repeated_at_least: int
    mass_more_than: int
    household_at_least: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One pattern of one actor; of one person, where it is about one."""

    municipality: str
    pattern: Pattern
    client_id: str | None
    terminal: str | None
    subject_key: str | None
    count: int

    @property
    def told(self) -> Told:
        """Return what it is when it has been told."""
        return Told(
            self.municipality, self.pattern.value, self.client_id, self.terminal, self.subject_key
        )


def read_thresholds() -> Thresholds:
    """Return the figures that come with the package."""
    text = resources.files("gateway.audit.alerts").joinpath("patterns.yaml").read_text("utf-8")
    table = safe_load(text)
    return Thresholds(
        table["repeated_at_least"], table["mass_more_than"], table["household_at_least"]
    )


@dataclass(slots=True)
class Snooping:
    """The rounds. Each suspicion is told once a day (Asia/Tokyo), whichever process looks.

    Args:
        without: consumers that work day and night for many: only the lists count for them.
    """

    store: AlertStore
    audit: AuditLog
    clock: Clock
    log: EventLog
    metrics: Metrics
    without: Collection[str] = ()
    calendar: OfficeCalendar = field(default_factory=read_calendar)
    thresholds: Thresholds = field(default_factory=read_thresholds)
    _looked: bool = False
    _unknown_year: int | None = None

    async def run_once(self) -> int:
        """Look at the last hour, and tell what is new; return how much that was."""
        now = self.clock.now()
        towns = await self.store.towns()
        looks = await self.store.looks(towns, now - WINDOW)
        on_lists = looks if self._looked else await self.store.looks(towns, now - FIRST_WINDOW)
        self._looked = True
        if not on_lists:
            return 0
        watches = await self.store.watches()
        today = dt.datetime.combine(now.astimezone(TOKYO).date(), dt.time(), TOKYO)
        told = await self.store.told(towns, today, FUNCTION)
        new = 0
        # Not in the event loop: of a busy hour it takes as long as many questions.
        for suspicion in await asyncio.to_thread(self._all_suspicions, on_lists, looks, watches):
            if suspicion.told not in told:
                told.add(suspicion.told)
                await self._tell(suspicion)
                new += 1
        return new

    async def same(self, suspicions: Sequence[Suspicion]) -> int:
        """Tell at once that somebody looked at a person like themselves; return what was new.

        Raises:
            Problem: ``audit-unavailable``.
        """
        now = self.clock.now()
        today = dt.datetime.combine(now.astimezone(TOKYO).date(), dt.time(), TOKYO)
        told = await self.store.told({s.municipality for s in suspicions}, today, FUNCTION)
        new = [suspicion for suspicion in suspicions if suspicion.told not in told]
        for suspicion in new:
            await self._tell(suspicion)
        return len(new)

    def _all_suspicions(
        self, on_lists: Sequence[Looks], looks: Sequence[Looks], watches: Sequence[AuditWatchRow]
    ) -> list[Suspicion]:
        return [*_on_lists(on_lists, watches), *self._suspicions(looks, watches)]

    def _suspicions(
        self, looks: Sequence[Looks], watches: Sequence[AuditWatchRow]
    ) -> Iterator[Suspicion]:
        yield from self._households(looks, watches)
        by_actor: defaultdict[tuple[str, str | None, str | None], list[Looks]] = defaultdict(list)
        for look in looks:
            if look.client_id is None or look.client_id not in self.without:
                by_actor[look.municipality, look.client_id, look.terminal].append(look)
        for actor, own in by_actor.items():
            for look in own:
                if look.count >= self.thresholds.repeated_at_least:
                    yield _of(look, Pattern.REPEATED, look.count)
            if len(own) > self.thresholds.mass_more_than:
                municipality, client_id, terminal = actor
                yield Suspicion(municipality, Pattern.MASS, client_id, terminal, None, len(own))
            closed = sum(not self._is_open(look.last) for look in own)
            if closed:
                yield Suspicion(actor[0], Pattern.CLOSED_HOURS, actor[1], actor[2], None, closed)

    def _households(
        self, looks: Sequence[Looks], watches: Sequence[AuditWatchRow]
    ) -> Iterator[Suspicion]:
        """Yield who looked at several members of one household within the hour."""
        members: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for watch in watches:
            if watch.kind == WatchKind.HOUSEHOLD:
                members[watch.municipality, watch.subject_key].add(watch.watch_id)
        seen: defaultdict[tuple[str, str | None, str | None, str], list[Looks]] = defaultdict(list)
        for look in looks:
            for watch_id in members.get((look.municipality, look.subject_key), ()):
                seen[look.municipality, look.client_id, look.terminal, watch_id].append(look)
        for own in seen.values():
            if len(own) >= self.thresholds.household_at_least:
                first = min(own, key=lambda look: look.subject_key)
                yield _of(first, Pattern.HOUSEHOLD, len(own))

    def _is_open(self, at: dt.datetime) -> bool:
        local = at.astimezone(TOKYO)
        try:
            open_today = self.calendar.is_open_on(local.date())
        except UnknownYearError as error:
            if self._unknown_year != error.year:
                self._unknown_year = error.year
                self.log.error("holidays-unknown")  # noqa: TRY400 - no trace
            return True
        return open_today and self.calendar.opens <= local.time() < self.calendar.closes

    async def _tell(self, suspicion: Suspicion) -> None:
        await self.audit.append(
            AuditEntry(
                municipality=suspicion.municipality,
                at=self.clock.now(),
                kind=AuditKind.EVENT,
                outcome=suspicion.pattern.value,
                trace_id="",
                client_id=suspicion.client_id,
                subject_key=suspicion.subject_key,
                terminal=suspicion.terminal or "",
                function=FUNCTION,
            )
        )
        self.metrics.snooping(suspicion.pattern.value)
        self.log.error(
            "snooping-suspected",
            kind=suspicion.pattern.value,
            municipality=suspicion.municipality,
            client_id=suspicion.client_id,
            count=suspicion.count,
        )


def _on_lists(looks: Sequence[Looks], watches: Sequence[AuditWatchRow]) -> Iterator[Suspicion]:
    listed: defaultdict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for watch in watches:
        if watch.kind != WatchKind.HOUSEHOLD:
            listed[watch.municipality, watch.subject_key].add((watch.operator, watch.kind))
    for look in looks:
        for operator, kind in sorted(listed.get((look.municipality, look.subject_key), ())):
            if operator in {ANYBODY, look.terminal, account_of(look.terminal)}:
                yield _of(look, Pattern(kind), look.count)


def _of(look: Looks, pattern: Pattern, count: int) -> Suspicion:
    return Suspicion(
        look.municipality, pattern, look.client_id, look.terminal, look.subject_key, count
    )
