"""Whether a person is covered by a protective measure (支援措置), as far as the gateway knows.

The gateway keeps its own copy of the flags of every source that declares itself an authority.
A person flagged by any source is protected in all answers. Without a fresh copy of every
authority nobody's status is known, and everybody is treated alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from adapters.contract import Clock, Deadline, EventLog, FlagReport
from adapters.errors import AdapterError
from gateway.connections import Connection, Connections
from gateway.protection.counts import DayCounts
from gateway.protection.store import FlagChange, FlagLookup, FlagStore, flags_of

POLL_TIMEOUT_S = 30.0


class ProtectionStatus(StrEnum):
    """What the gateway knows about a person's protection."""

    CLEAR = "clear"
    PROTECTED = "protected"
    UNKNOWN = "unknown"


class Protection(NamedTuple):
    """What is known of a person; ``opened`` are references of items that leave nevertheless."""

    status: ProtectionStatus
    opened: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The list of a source now, beside our copy of it: how many flags stand on one side alone.

    ``altered``: the copy was not what the gateway had written; it is written anew. ``readable`` is
    false where the source did not give its list.
    """

    adapter_id: str
    flags: int = 0
    only_source: int = 0
    only_copy: int = 0
    altered: bool = False
    readable: bool = True

    @property
    def equal(self) -> bool:
        """Tell whether both sides are the same."""
        return self.readable and not (self.altered or self.only_source or self.only_copy)


class ProtectionService:
    """Keeps the copy of the flags and answers for one person.

    Args:
        flag_max_age: a copy older than this makes the status of everybody unknown.
    """

    def __init__(
        self,
        store: FlagStore,
        connections: Connections,
        *,
        clock: Clock,
        log: EventLog,
        flag_max_age: dt.timedelta,
    ) -> None:
        self._store = store
        self._connections = connections
        self._clock = clock
        self._log = log
        self._max_age = flag_max_age
        self._unknown: dict[tuple[str, str], int] = {}
        self._read_at: dict[tuple[str, str], dt.datetime] = {}
        self.counts = DayCounts(clock)
        """What was withheld and revealed, until it is stored."""

    async def status(
        self, municipality: str, numbers: Mapping[str, Iterable[str]]
    ) -> ProtectionStatus:
        """Return the status of the person with these numbers (numbering to numbers).

        Unknown wins over protected: while the copy is old, an answer must not tell a protected
        person from anybody else.
        """
        return self._status(municipality, await self._store.look_up(municipality, numbers))

    def _status(self, municipality: str, found: FlagLookup) -> ProtectionStatus:
        if not self._fresh(municipality, found.copies):
            return ProtectionStatus.UNKNOWN
        return ProtectionStatus.PROTECTED if found.flagged else ProtectionStatus.CLEAR

    async def protection(
        self,
        municipality: str,
        asker: tuple[str, str],
        numbers: Mapping[str, Iterable[str]],
        *,
        exemptions: bool = True,
    ) -> Protection:
        """Return the status, and what ``asker`` (client, purpose) may have nevertheless.

        Looked up for everybody alike, so that the time it takes tells nothing (DV-8). Without
        ``exemptions`` only what was lifted for this one person counts: a citizen who is there in
        person may not be who the card or phone belongs to. Rule DV-18.
        """
        found, opened = await self._store.look_up_with_openings(
            municipality, asker, numbers, self._clock.now(), exemptions=exemptions
        )
        return Protection(self._status(municipality, found), opened)

    def revealed(self, municipality: str, asker: tuple[str, str], count: int) -> None:
        """Call the officer on duty: ``count`` protected items have left. Rule DV-17.

        The first of a day is an error in the log, which wakes somebody; later ones are warnings.
        """
        first = self.counts.revealed(municipality, count)
        (self._log.error if first else self._log.warning)(
            "protected-items-revealed",
            municipality=municipality,
            client_id=asker[0],
            purpose=asker[1],
            count=count,
        )

    def withheld(self, municipality: str, count: int) -> None:
        """Count items that were kept back. Nothing is written here: it would take its time."""
        self.counts.withheld(municipality, count)

    async def copy_ages(self, municipality: str) -> Mapping[str, dt.timedelta]:
        """Return the age of each source's copy, by adapter id."""
        now = self._clock.now()
        return {a: now - at for a, at in (await self._store.copies(municipality)).items()}

    async def pull(self) -> None:
        """Read the flags of every authority anew. A source that fails keeps its old copy.

        Somebody is called where ``poll`` could read one only when its copy is already too old.
        """
        authorities = [c for c in self._connections.all() if c.is_flag_authority]
        for source in authorities:
            declared = source.manifest.flag_authority
            if declared and dt.timedelta(seconds=declared.poll_s) >= self._limit(source):
                self._log.error("flags-read-too-seldom", adapter=source.adapter_id)
        await asyncio.gather(*map(self._pull_one, authorities))

    async def poll(self) -> None:
        """Read anew what may be: no authority is asked more often than its manifest says.

        One that could not be read is asked again at the next time.
        """
        now = self._clock.now()
        await asyncio.gather(
            *(
                self._pull_one(c)
                for c in self._connections.all()
                if c.is_flag_authority and self._may_be_asked(c, now)
            )
        )

    def _may_be_asked(self, source: Connection, now: dt.datetime) -> bool:
        last = self._read_at.get((source.municipality, source.adapter_id))
        declared = source.manifest.flag_authority
        if last is None or declared is None:
            return True
        return not dt.timedelta(0) <= now - last < dt.timedelta(seconds=declared.poll_s)

    async def compare(self, municipality: str) -> list[Comparison]:
        """Compare our copy with the list of every authority, flag by flag. Rule RE-2.

        Where they differ, the copy is not believed and nobody's address leaves, until a later
        comparison finds them equal.
        """
        return [await self._compare(c) for c in self._connections.flag_authorities(municipality)]

    async def _compare(self, source: Connection) -> Comparison:
        place = (source.municipality, source.adapter_id)
        # Read anew first, so that what changed at the source a moment ago is no difference.
        change = await self._pull_one(source)
        report = await self._read(source) if change is not None else None
        if change is None or report is None:
            return Comparison(source.adapter_id, readable=False)
        listed = set(flags_of(report).items())
        held = set((await self._store.held(*place)).items())
        found = Comparison(
            source.adapter_id,
            len(listed),
            len(listed - held),
            len(held - listed),
            altered=change.differs,
        )
        await self._store.note_difference(*place, None if found.equal else self._clock.now())
        if not found.equal:
            self._log.error("flags-differ", adapter=source.adapter_id)
        return found

    async def _pull_one(self, source: Connection) -> FlagChange | None:
        """Read a source's list into the copy; None where it cannot be read."""
        read_at = self._clock.now()
        report = await self._read(source)
        if report is None:
            return None
        change = await self._store.replace(
            source.municipality, source.adapter_id, source.manifest.numbering.id, report, read_at
        )
        self._read_at[source.municipality, source.adapter_id] = read_at
        self._tell(source, change)
        return change

    async def _read(self, source: Connection) -> FlagReport | None:
        try:
            return await source.protection_flags(Deadline.after(POLL_TIMEOUT_S))
        except AdapterError as error:
            self._log.warning("flags-not-read", adapter=source.adapter_id, code=error.code)
            return None

    def _tell(self, source: Connection, change: FlagChange) -> None:
        """Call somebody where people left the list, or the copy was not what had been written.

        Also where it lists more people than before by numbers that nobody is known by: written
        otherwise than in the links (leading zeros), a flag protects nobody.
        """
        adapter_id, place = source.adapter_id, (source.municipality, source.adapter_id)
        if change.gone:
            self._log.warning("flags-gone", adapter=adapter_id, count=change.gone)
        if change.differs:
            self._log.error("flags-differ", adapter=adapter_id)
        if change.unknown > self._unknown.get(place, 0):
            self._log.warning("flags-of-nobody", adapter=adapter_id, count=change.unknown)
        self._unknown[place] = change.unknown

    def _fresh(self, municipality: str, copies: Mapping[str, dt.datetime]) -> bool:
        """Tell whether the copy of every authority is complete and young enough.

        Without any authority, or with an adapter that may be one and cannot be used, it is not.
        """
        authorities = self._connections.flag_authorities(municipality)
        if not authorities or self._connections.may_lack_flags(municipality):
            return False
        now = self._clock.now()
        return all(
            (read_at := copies.get(a.adapter_id)) is not None and now - read_at <= self._limit(a)
            for a in authorities
        )

    def _limit(self, source: Connection) -> dt.timedelta:
        """Return the lower of the installation's limit and the source's own."""
        declared = source.manifest.flag_authority
        if declared is None:
            return self._max_age
        return min(self._max_age, dt.timedelta(seconds=declared.max_age_s))
