"""What a consumer reads of recalls, and what it says back; every call recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from adapters.contract import Clock
from gateway.access import Access, Caller
from gateway.access.entries import operation_entry
from gateway.audit import AuditEntry, AuditLog, to_record
from gateway.problems import Problem
from gateway.recalls.schemas import PURGE, AcknowledgedDocument, EventDocument, EventsDocument
from gateway.recalls.store import RecallStore
from gateway.store.tables import RecallRow
from gateway.subjects import SubjectService

READ: Final = "events"
ACKNOWLEDGE: Final = "event-acknowledge"


@dataclass(frozen=True, slots=True)
class FeedRooms:
    """The rooms that the feed reads from."""

    store: RecallStore
    subjects: SubjectService
    audit: AuditLog
    clock: Clock


class EventFeed:
    """The events of one consumer. No right is needed to learn that one must erase something."""

    def __init__(self, rooms: FeedRooms) -> None:
        self._rooms = rooms

    async def read(
        self, access: Access, cursor: str | None, limit: int, caller: Caller
    ) -> EventsDocument:
        """Return the events behind ``cursor``, oldest first; again and again the same.

        Raises:
            Problem: ``cursor-invalid``, recorded; ``login-other-subject``: the token is good for
                one citizen alone; ``audit-unavailable``, and nothing leaves.
        """
        entry = self._entry(access, caller, READ)
        await self._require_all_subjects(access, entry)
        rows = await self._rooms.store.page(access.municipality, access.client_id, cursor, limit)
        if rows is None:
            raise await self._refused(entry, "cursor-invalid")
        # One record for each person who was touched (AU-10), and one for a look at nothing.
        for subject_id in sorted({row.subject_id for row in rows}):
            key = self._rooms.audit.pseudonym(access.municipality, subject_id)
            await self._rooms.audit.append(replace(entry, subject_key=key))
        if not rows:
            await self._rooms.audit.append(replace(entry, outcome="none"))
        return EventsDocument(
            events=[self._event(access, row) for row in rows],
            next=rows[-1].event_id if rows else cursor,
        )

    def _event(self, access: Access, row: RecallRow) -> EventDocument:
        newest, *earlier = self._rooms.subjects.handles_for(
            access.municipality, access.client_id, row.subject_id
        )
        return EventDocument(event_id=row.event_id, type=PURGE, subject=newest, earlier=earlier)

    async def acknowledge(
        self, access: Access, event_id: str, caller: Caller
    ) -> AcknowledgedDocument:
        """Note that the consumer has erased what it held; again and again with the same effect.

        Raises:
            Problem: ``unknown-event``, ``login-other-subject``, recorded.
        """
        entry = self._entry(access, caller, ACKNOWLEDGE)
        await self._require_all_subjects(access, entry)
        record = to_record(replace(entry, outcome="acknowledged"))
        known = await self._rooms.store.acknowledge(
            access.municipality, access.client_id, event_id, self._rooms.clock.now(), record
        )
        if not known:
            raise await self._refused(entry, "unknown-event")
        return AcknowledgedDocument(event_id=event_id)

    async def _require_all_subjects(self, access: Access, entry: AuditEntry) -> None:
        if access.login_handle is not None:
            raise await self._refused(entry, "login-other-subject")

    async def _refused(self, entry: AuditEntry, slug: str) -> Problem:
        """Record a refusal and return it."""
        await self._rooms.audit.append(replace(entry, outcome="refused", problem=slug))
        return Problem(slug)

    def _entry(self, access: Access, caller: Caller, function: str) -> AuditEntry:
        now = self._rooms.clock.now()
        return operation_entry(access, caller, now, function=function, outcome="shown")
