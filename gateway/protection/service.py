"""Whether a person is covered by a protective measure (支援措置), as far as the gateway knows.

The gateway keeps its own copy of the flags of every source that declares itself an authority.
A person flagged by any source is protected in all answers. Without a fresh copy of every
authority nobody's status is known, and everybody is treated alike.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Mapping
from enum import StrEnum

from adapters.contract import Clock, Deadline, EventLog
from adapters.errors import AdapterError
from gateway.connections import Connection, Connections
from gateway.protection.store import FlagStore

POLL_TIMEOUT_S = 30.0


class ProtectionStatus(StrEnum):
    """What the gateway knows about a person's protection."""

    CLEAR = "clear"
    PROTECTED = "protected"
    UNKNOWN = "unknown"


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

    async def status(
        self, municipality: str, numbers: Mapping[str, Iterable[str]]
    ) -> ProtectionStatus:
        """Return the status of the person with these numbers (numbering to numbers).

        Unknown wins over protected: while the copy is old, an answer must not tell a protected
        person from anybody else.
        """
        found = await self._store.look_up(municipality, numbers)
        if not self._fresh(municipality, found.copies):
            return ProtectionStatus.UNKNOWN
        return ProtectionStatus.PROTECTED if found.flagged else ProtectionStatus.CLEAR

    async def opened(
        self,
        municipality: str,
        asker: tuple[str, str],
        numbers: Mapping[str, Iterable[str]],
        *,
        exemptions: bool = True,
    ) -> frozenset[str]:
        """Return the items that ``asker`` (client, purpose) may have although a measure protects.

        To be looked up for everybody alike, so that the time it takes tells nothing (DV-8).
        Without ``exemptions`` only what was lifted for this one person counts: a citizen who is
        there in person may not be who the card or phone belongs to. Rule DV-18.
        """
        now = self._clock.now()
        return await self._store.opened(municipality, asker, numbers, now, exemptions=exemptions)

    def revealed(self, municipality: str, asker: tuple[str, str], count: int) -> None:
        """Call the officer on duty: ``count`` protected items have left. Rule DV-17."""
        self._log.warning(
            "protected-items-revealed",
            municipality=municipality,
            client_id=asker[0],
            purpose=asker[1],
            count=count,
        )

    async def copy_ages(self, municipality: str) -> Mapping[str, dt.timedelta]:
        """Return the age of each source's copy, by adapter id."""
        now = self._clock.now()
        return {a: now - at for a, at in (await self._store.copies(municipality)).items()}

    async def pull(self) -> None:
        """Read the flags of every authority anew. A source that fails keeps its old copy."""
        await asyncio.gather(
            *(self._pull_one(c) for c in self._connections.all() if c.is_flag_authority)
        )

    async def _pull_one(self, source: Connection) -> None:
        read_at = self._clock.now()
        try:
            report = await source.protection_flags(Deadline.after(POLL_TIMEOUT_S))
        except AdapterError as error:
            self._log.warning("flags-not-read", adapter=source.adapter_id, code=error.code)
            return
        await self._store.replace(
            source.municipality, source.adapter_id, source.manifest.numbering.id, report, read_at
        )

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
