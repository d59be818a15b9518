"""Who asked about me: the resident's own view of the audit record, asked for by a consumer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.contract import Clock
from gateway.access import (
    OWN_ACCESSES,
    OWN_ACCESSES_AT_COUNTER,
    Access,
    AccessService,
    Caller,
)
from gateway.access.entries import operation_entry
from gateway.accesses.cursors import CursorCipher
from gateway.accesses.schemas import AccessesDocument
from gateway.accesses.store import AccessesStore
from gateway.accesses.view import ASK_OFFICE, AccessView
from gateway.audit import AuditLog
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.protection import ProtectionService
from gateway.subjects import Subject, SubjectService
from standard_models.dictionary import Dictionary

FUNCTION: Final = "own-accesses"


@dataclass(frozen=True, slots=True)
class AccessesRooms:
    """The rooms that a view passes through."""

    access: AccessService
    subjects: SubjectService
    protection: ProtectionService
    audit: AuditLog
    keys: KeyStore
    dictionary: Dictionary
    clock: Clock


class AccessesService:
    """Shows residents who asked about them."""

    def __init__(self, store: AccessesStore, rooms: AccessesRooms) -> None:
        self._rooms = rooms
        self._view = AccessView(store, rooms.protection, rooms.audit, rooms.dictionary, rooms.clock)

    async def show(
        self, access: Access, handle: str, cursor: str | None, limit: int, caller: Caller
    ) -> AccessesDocument:
        """Return a page of the list of the person behind ``handle``; itself recorded.

        Raises:
            Problem: ``purpose-not-granted``, ``right-not-granted``, ``unknown-subject``,
                ``login-other-subject``, ``cursor-invalid``, each recorded; ``audit-unavailable``,
                and nothing leaves.
        """
        subject: Subject | None = None
        try:
            rights = await self._rights(access)
            # What others did with a child's or ward's data is for nobody else to see.
            subject = await self._rooms.subjects.resolve_own(access, handle)
            document = await self._page(access, rights, subject, cursor, limit)
        except Problem as problem:
            await self._record(access, caller, subject, "refused", problem.type.slug)
            raise
        outcome = "shown" if document.withheld is None else "withheld"
        await self._record(access, caller, subject, outcome)
        return document

    async def _rights(self, access: Access) -> frozenset[str]:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        rights = granted.items & {OWN_ACCESSES, OWN_ACCESSES_AT_COUNTER}
        if not rights:
            for right in (OWN_ACCESSES, OWN_ACCESSES_AT_COUNTER):
                granted.require_login([right])
            raise Problem("right-not-granted")
        return rights

    async def _page(
        self,
        access: Access,
        rights: frozenset[str],
        subject: Subject,
        cursor: str | None,
        limit: int,
    ) -> AccessesDocument:
        key = self._rooms.audit.pseudonym(access.municipality, subject.subject_id)
        cipher = CursorCipher(
            self._rooms.keys.keys().audit, access.municipality, access.client_id, key
        )
        after = cipher.open(cursor) if cursor is not None else None
        shown = await self._view.page(
            access.municipality,
            subject,
            at_counter=OWN_ACCESSES_AT_COUNTER in rights,
            after=after,
            limit=limit,
        )
        if shown is None:
            return AccessesDocument(
                municipality=access.municipality, withheld=ASK_OFFICE, accesses=[], next=None
            )
        return AccessesDocument(
            municipality=access.municipality,
            withheld=None,
            accesses=shown.accesses,
            next=cipher.seal(shown.last) if shown.last else None,
        )

    async def _record(
        self,
        access: Access,
        caller: Caller,
        subject: Subject | None,
        outcome: str,
        problem: str | None = None,
    ) -> None:
        key = (
            self._rooms.audit.pseudonym(access.municipality, subject.subject_id)
            if subject
            else None
        )
        now = self._rooms.clock.now()
        entry = operation_entry(
            access,
            caller,
            now,
            function=FUNCTION,
            outcome=outcome,
            subject_key=key,
            problem=problem,
        )
        await self._rooms.audit.append(entry)
