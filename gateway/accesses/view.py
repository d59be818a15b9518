"""What one person may be shown of the audit record, wherever it is shown: on a screen, on paper.

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
from gateway.accesses.holds import DisclosureHolds
from gateway.accesses.schemas import AccessDocument, AccessPurpose, AskedItem
from gateway.accesses.store import AccessesStore, Hidden, Position
from gateway.audit import AuditLog
from gateway.clock import TOKYO
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.store.tables import AuditRow, PurposeRow
from gateway.subjects import Subject
from standard_models.dictionary import Dictionary

ASK_OFFICE: Final = "ask-office"
_UNREGISTERED: Final = "―"
"""Stands for what the municipality has not registered: 031 is called for any affair."""
_BATCH: Final = 500
"""How many rows of a whole list are read at once."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A stretch of the list, newest first; ``last`` is its end where more follows."""

    accesses: list[AccessDocument]
    last: Position | None


class AccessView:
    """Decides what a person is shown. The one place of these rules: no other shows this list."""

    def __init__(
        self,
        store: AccessesStore,
        protection: ProtectionService,
        audit: AuditLog,
        dictionary: Dictionary,
        clock: Clock,
    ) -> None:
        self._store = store
        self._protection = protection
        self._audit = audit
        self._dictionary = dictionary
        self._holds = DisclosureHolds(store, clock=clock)

    async def page(
        self,
        municipality: str,
        subject: Subject,
        *,
        at_counter: bool,
        after: Position | None,
        limit: int,
    ) -> Shown | None:
        """Return what comes after a place, or None: the list is had at the office alone.

        ``at_counter``: somebody of the staff has seen that the person stands there.
        """
        if not await self._open(municipality, subject, at_counter=at_counter):
            return None
        hidden = await self._holds.in_force(municipality)
        return await self._stretch(municipality, subject, hidden, after, limit)

    async def whole(
        self, municipality: str, subject: Subject, *, at_counter: bool
    ) -> list[AccessDocument] | None:
        """Return the whole list, or None: it is had at the office alone."""
        if not await self._open(municipality, subject, at_counter=at_counter):
            return None
        hidden = await self._holds.in_force(municipality)
        accesses: list[AccessDocument] = []
        after: Position | None = None
        while True:
            shown = await self._stretch(municipality, subject, hidden, after, _BATCH)
            accesses += shown.accesses
            after = shown.last
            if after is None:
                return accesses

    async def _open(self, municipality: str, subject: Subject, *, at_counter: bool) -> bool:
        status = await self._protection.status(municipality, subject.numbers)
        return at_counter or status is ProtectionStatus.CLEAR

    async def _stretch(
        self,
        municipality: str,
        subject: Subject,
        hidden: Sequence[Hidden],
        after: Position | None,
        limit: int,
    ) -> Shown:
        key = self._audit.pseudonym(municipality, subject.subject_id)
        rows = await self._store.page(municipality, key, hidden, after, limit + 1)
        shown = rows[:limit]
        more = len(rows) > limit
        last = Position(shown[-1].at, shown[-1].sequence) if more else None
        return Shown(await self._documents(municipality, shown), last)

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
            item = self._dictionary.find_item_by_id(item_id)
            if item is None:
                asked.append(AskedItem(ref=item_id, name=item_id, group=""))
            else:
                group = self._dictionary.group_of(item)
                asked.append(AskedItem(ref=item.ref, name=item.name, group=group.name))
        return asked


def _purpose(purpose_id: str, row: PurposeRow | None) -> AccessPurpose:
    if row is None:
        return AccessPurpose(
            id=purpose_id, name_ja=purpose_id, name_en=purpose_id, legal_basis=_UNREGISTERED
        )
    return AccessPurpose(
        id=purpose_id, name_ja=row.name_ja, name_en=row.name_en, legal_basis=row.legal_basis
    )
