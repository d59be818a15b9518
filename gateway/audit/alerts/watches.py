"""Lists of people whom somebody must not look up: an officer's family, known names, a household.

What is kept is the pseudonym of the audit record: the list tells nobody who is on it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from adapters.contract import Clock
from gateway.audit.alerts.store import AlertStore
from gateway.audit.entries import AuditEntry, AuditKind, AuditRecord, to_record
from gateway.store.tables import AuditWatchRow

ANYBODY: Final = "*"
FUNCTION: Final = "watch"


class WatchKind(StrEnum):
    """Why a look would be one of curiosity."""

    FAMILY = "family"
    ACQUAINTANCE = "acquaintance"
    NOTABLE = "notable"
    HOUSEHOLD = "household"


class WatchRefused(Exception):
    """The list would mean nothing."""

    def __init__(self, detail_ja: str, detail_en: str) -> None:
        super().__init__(detail_en)
        self.detail_ja = detail_ja
        self.detail_en = detail_en


@dataclass(frozen=True, slots=True)
class Watches:
    """Changes the lists. ``actor`` stands in the audit record."""

    store: AlertStore
    clock: Clock
    actor: str

    async def add(
        self, municipality: str, kind: WatchKind, operator: str, keys: Sequence[str]
    ) -> str:
        """Put people on a new list, by their pseudonyms; return its id.

        ``operator`` is who must not look at them, as it stands in ``terminal`` of the audit
        record (``cli:yamada``); ``ANYBODY`` for known names and households.

        Raises:
            WatchRefused: family and acquaintances are somebody's; known names are everybody's.
        """
        personal = kind in {WatchKind.FAMILY, WatchKind.ACQUAINTANCE}
        if personal == (operator == ANYBODY):
            raise WatchRefused(
                "family と acquaintance には --operator が要り、ほかには付けられません。",
                "family and acquaintance need --operator; notable and household take none",
            )
        watch_id, now = secrets.token_hex(8), self.clock.now()
        rows = [
            {
                "watch_id": watch_id,
                "municipality": municipality,
                "operator": operator,
                "kind": kind.value,
                "subject_key": key,
                "added_by": self.actor,
                "added_at": now,
                "ended_at": None,
            }
            for key in sorted(set(keys))
        ]
        after = {"watch_id": watch_id, "kind": kind.value, "operator": operator}
        records = [
            self._record(municipality, None, after, subject_key=str(row["subject_key"]))
            for row in rows
        ]
        await self.store.add(rows, records)
        return watch_id

    async def all(self, municipality: str) -> Sequence[AuditWatchRow]:
        """Return every entry of every list."""
        return await self.store.watches(municipality)

    async def end(self, municipality: str, watch_id: str) -> bool:
        """End a list; False where there is none."""
        record = self._record(municipality, {"watch_id": watch_id}, None)
        return await self.store.end(municipality, watch_id, self.clock.now(), record)

    def _record(
        self,
        municipality: str,
        before: dict[str, str] | None,
        after: dict[str, str] | None,
        subject_key: str | None = None,
    ) -> AuditRecord:
        return to_record(
            AuditEntry(
                municipality=municipality,
                at=self.clock.now(),
                kind=AuditKind.SETTINGS,
                outcome="changed",
                trace_id="",
                terminal=self.actor,
                function=FUNCTION,
                subject_key=subject_key,
                before=before,
                after=after,
            )
        )
