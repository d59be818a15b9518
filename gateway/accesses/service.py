"""Who asked about me: the resident's own view of the audit record.

Shown are consumer, organ, time, purpose with its legal basis, the names of the items that were
asked for, and the outcome. Never shown: values, or whether there was one; what others asked about
others; uses under a hold; and anything at all of a person who is protected, or may be, because it
would tell the agency or municipality that deals with them now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

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
from gateway.accesses.holds import DisclosureHolds
from gateway.accesses.schemas import AccessDocument, AccessesDocument, AccessPurpose, AskedItem
from gateway.accesses.store import AccessesStore, Position
from gateway.audit import AuditLog
from gateway.clock import TOKYO
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.store.tables import AuditRow, PurposeRow
from gateway.subjects import Subject, SubjectService
from standard_models.dictionary import Dictionary

ASK_OFFICE: Final = "ask-office"
FUNCTION: Final = "own-accesses"
_UNREGISTERED: Final = "―"
"""Stands for what the municipality has not registered: 031 is called for any affair."""


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
        self._store = store
        self._rooms = rooms
        self._holds = DisclosureHolds(store, clock=rooms.clock)

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
        status = await self._rooms.protection.status(access.municipality, subject.numbers)
        if status is not ProtectionStatus.CLEAR and OWN_ACCESSES_AT_COUNTER not in rights:
            return AccessesDocument(
                municipality=access.municipality, withheld=ASK_OFFICE, accesses=[], next=None
            )
        hidden = await self._holds.in_force(access.municipality)
        rows = await self._store.page(access.municipality, key, hidden, after, limit + 1)
        shown = rows[:limit]
        more = len(rows) > limit
        last = Position(shown[-1].at, shown[-1].sequence) if more else None
        return AccessesDocument(
            municipality=access.municipality,
            withheld=None,
            accesses=await self._documents(access.municipality, shown),
            next=cipher.seal(last) if last else None,
        )

    async def _documents(self, municipality: str, rows: Sequence[AuditRow]) -> list[AccessDocument]:
        purposes = await self._store.purposes(municipality, {r.purpose_id or "" for r in rows})
        names = await self._store.client_names({r.client_id or "" for r in rows})
        documents = []
        for row in rows:
            purpose = purposes.get(row.purpose_id or "")
            entry = orjson.loads(row.entry)
            documents.append(
                AccessDocument(
                    record_id=row.audit_id,
                    at=row.at.astimezone(TOKYO).isoformat(timespec="seconds"),
                    client=names.get(row.client_id or "", _UNREGISTERED),
                    organ=purpose.organ if purpose else _UNREGISTERED,
                    purpose=_purpose(row.purpose_id or "", purpose),
                    function=row.function or "",
                    outcome=row.outcome,
                    # What was delivered would tell what is recorded, and what was withheld.
                    items=self._items(entry["items_asked"]),
                    by_representative="representation" in entry,
                )
            )
        return documents

    def _items(self, ids: Iterable[str]) -> list[AskedItem]:
        """Return the items by name; one that no installed edition has stands by its id."""
        asked = []
        for item_id in ids:
            item = self._rooms.dictionary.find_item_by_id(item_id)
            if item is None:
                asked.append(AskedItem(ref=item_id, name=item_id, group=""))
            else:
                group = self._rooms.dictionary.group_of(item)
                asked.append(AskedItem(ref=item.ref, name=item.name, group=group.name))
        return asked

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


def _purpose(purpose_id: str, row: PurposeRow | None) -> AccessPurpose:
    if row is None:
        return AccessPurpose(
            id=purpose_id, name_ja=purpose_id, name_en=purpose_id, legal_basis=_UNREGISTERED
        )
    return AccessPurpose(
        id=purpose_id, name_ja=row.name_ja, name_en=row.name_en, legal_basis=row.legal_basis
    )
