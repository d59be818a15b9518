"""Who was given an address that must not be kept any longer. Rule DV-16.

A person who comes under protection, or of whom an officer recalls an address for another reason,
makes one event for each consumer that was given something of the address class. The event is the
same whatever the reason, so that it tells nothing.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import orjson

from adapters.contract import Clock, EventLog
from gateway.audit import AuditEntry, AuditKind, AuditLog, AuditRecord, to_record
from gateway.metrics import Metrics
from gateway.recalls.store import Marked, RecallStore, RecallWriting
from standard_models.dictionary import Dictionary

FUNCTION: Final = "recall"
SETTLED: Final = dt.timedelta(minutes=5)
"""An answer that was under way when somebody was marked is in the audit record by then."""


class RecallReason(StrEnum):
    """Why an officer recalls; stands in the audit record alone."""

    CORRECTION = "correction"
    RETURNED_MAIL = "returned-mail"
    PROTECTION = "protection"


@dataclass(frozen=True, slots=True)
class WatchRooms:
    """The rooms that recalls are made from."""

    store: RecallStore
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock


class Recalls:
    """Makes the events of one person.

    Args:
        window: how far back deliveries are recalled.
    """

    def __init__(self, rooms: WatchRooms, *, window: dt.timedelta) -> None:
        self._rooms = rooms
        self._window = window
        self._items = frozenset(
            item.item_id
            for group in rooms.dictionary.groups.values()
            for item in group.items
            if item.address_class
        )

    async def recall(
        self, municipality: str, subject_id: str, reason: RecallReason, *, actor: str
    ) -> int:
        """Recall the addresses of one person, as an officer; return how many were told.

        Each call recalls anew, also what was recalled before. That nobody had to be told is
        recorded as well (AU-11).
        """
        marked = Marked(municipality, subject_id, self._rooms.clock.now())
        async with self._rooms.store.writing() as writing:
            told = await self.tell(writing, marked, reason, actor=actor)
            if not told:
                key = self._rooms.audit.pseudonym(municipality, subject_id)
                await writing.note(self._record(marked, None, key, reason, actor))
            return told

    async def tell(
        self, writing: RecallWriting, marked: Marked, reason: RecallReason, *, actor: str = ""
    ) -> int:
        """Write one event for each client that was given an address and has no event of it yet."""
        now = self._rooms.clock.now()
        key = self._rooms.audit.pseudonym(marked.municipality, marked.subject_id)
        rows = await writing.deliveries(marked.municipality, key, marked.marked_at - self._window)
        given = {row.client_id for row in rows if self._holds_address(row.entry)}
        new = sorted(given - await writing.told(marked))
        for client_id in new:
            await writing.add(
                {
                    "event_id": secrets.token_hex(16),
                    "municipality": marked.municipality,
                    "client_id": client_id,
                    "subject_id": marked.subject_id,
                    "marked_at": marked.marked_at,
                    "created_at": now,
                    "acknowledged_at": None,
                },
                self._record(marked, client_id, key, reason, actor),
            )
        return len(new)

    def _holds_address(self, entry: str) -> bool:
        """Tell whether an address left that was not opened to the client by two officers."""
        said = orjson.loads(entry)
        delivered = self._items.intersection(said["items_delivered"])
        return bool(delivered - set(said.get("items_revealed", ())))

    def _record(
        self, marked: Marked, client_id: str | None, key: str, reason: RecallReason, actor: str
    ) -> AuditRecord:
        return to_record(
            AuditEntry(
                municipality=marked.municipality,
                at=self._rooms.clock.now(),
                kind=AuditKind.EVENT,
                outcome=reason.value,
                trace_id="",
                client_id=client_id,
                subject_key=key,
                terminal=actor,
                function=FUNCTION,
            )
        )


class RecallWatch:
    """Looks again and again for people who have come under protection.

    Args:
        overdue: how long a consumer may take to acknowledge before the officer is called.
    """

    def __init__(
        self,
        rooms: WatchRooms,
        recalls: Recalls,
        *,
        overdue: dt.timedelta,
        log: EventLog,
        metrics: Metrics,
    ) -> None:
        self._rooms = rooms
        self._recalls = recalls
        self._overdue = overdue
        self._log = log
        self._metrics = metrics
        self._called: frozenset[str] = frozenset()

    async def run_once(self) -> int:
        """Make the recalls that are due; return how many events were written."""
        made = 0
        now = self._rooms.clock.now()
        if await self._rooms.store.changed(now - SETTLED):
            async with self._rooms.store.writing() as writing:
                made = await self._look(writing, now)
        await self._call_officer(now)
        return made

    async def _look(self, writing: RecallWriting, now: dt.datetime) -> int:
        protected = await writing.protected()
        marks = await writing.marks()
        known = {(m.municipality, m.subject_id) for m in marks}
        new = [Marked(*who, now) for who in sorted(protected - known)]
        await writing.mark(new)
        await writing.unmark(m for m in marks if (m.municipality, m.subject_id) not in protected)
        young = [
            m
            for m in marks
            if (m.municipality, m.subject_id) in protected and m.marked_at > now - SETTLED
        ]
        return await self._tell(writing, [*new, *young])

    async def _tell(self, writing: RecallWriting, people: Iterable[Marked]) -> int:
        made = 0
        for marked in people:
            made += await self._recalls.tell(writing, marked, RecallReason.PROTECTION)
        return made

    async def _call_officer(self, now: dt.datetime) -> None:
        """Say once for each consumer that it has not acknowledged for too long."""
        waiting = await self._rooms.store.open()
        self._metrics.recalls_open(sum(client.count for client in waiting))
        late = {c.client_id: c for c in waiting if now - c.oldest > self._overdue}
        for client_id in sorted(late.keys() - self._called):
            self._log.error("recall-overdue", client_id=client_id, count=late[client_id].count)
        self._called = frozenset(late)
