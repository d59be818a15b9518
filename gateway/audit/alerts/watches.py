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
from gateway.audit.entries import AuditRecord, settings_entry, to_record
from gateway.errors import ExplainedError
from gateway.store.tables import AuditOperatorRow, AuditWatchRow

ANYBODY: Final = "*"
FUNCTION: Final = "watch"


def account_of(terminal: str | None) -> str:
    """Return who it was, of who and where as the audit record says it (``staff:yamada@…``)."""
    return (terminal or "").partition("@")[0]


class WatchKind(StrEnum):
    """Why a look would be one of curiosity."""

    FAMILY = "family"
    ACQUAINTANCE = "acquaintance"
    NOTABLE = "notable"
    HOUSEHOLD = "household"


class WatchRefused(ExplainedError):
    """The list would mean nothing."""


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

    async def own(
        self, municipality: str, operator: str, person: tuple[str, str], *, surname: bool
    ) -> None:
        """State which resident an operator is; looks at people like them are told of.

        ``person`` is subject id and pseudonym. Without ``surname`` the address alone is compared.

        Raises:
            WatchRefused: nobody is named, or an account together with where it was.
        """
        if operator == ANYBODY or not operator.strip() or "@" in operator:
            raise WatchRefused(
                "職員は端末を付けずに書きます（staff:yamada など）。",
                "the operator is an account without its terminal (staff:yamada)",
            )
        subject_id, key = person
        row = AuditOperatorRow(
            municipality=municipality,
            operator=operator,
            subject_id=subject_id,
            surname=surname,
            added_by=self.actor,
            added_at=self.clock.now(),
        )
        after: dict[str, str] = {"operator": operator, "kind": "own", "surname": str(surname)}
        await self.store.set_operator(row, self._record(municipality, None, after, subject_key=key))

    async def operators(self, municipality: str) -> Sequence[AuditOperatorRow]:
        """Return of which operators it is known which residents they are."""
        return await self.store.operators(municipality)

    async def end_own(self, municipality: str, operator: str) -> bool:
        """Forget which resident an operator is; False where it was not known."""
        record = self._record(municipality, {"operator": operator, "kind": "own"}, None)
        return await self.store.end_operator(municipality, operator, record)

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
            settings_entry(
                municipality,
                self.clock.now(),
                self.actor,
                FUNCTION,
                subject_key=subject_key,
                before=before,
                after=after,
            )
        )
