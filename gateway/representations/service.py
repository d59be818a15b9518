"""Who may act for whom, now, for this consumer and purpose.

A representation counts only for a citizen who has logged in, for a purpose that is granted to
representatives, within its own scope and days, and while no measure of protection speaks against
it (DV-12). Whatever is missing, the refusal is one and the same, and takes as long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.contract import Clock
from gateway.access import Access, AccessService, Caller, Relation
from gateway.access.entries import operation_entry
from gateway.access.logins import LoginLevel, LoginRule, login_needed
from gateway.access.refusals import CHALLENGE
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.clock import TOKYO
from gateway.problems import Problem
from gateway.protection.parties import OtherParties
from gateway.representations.kinds import representing
from gateway.representations.schemas import RepresentationDocument, RepresentationsDocument
from gateway.representations.store import RepresentationStore
from gateway.store.tables import RepresentationRow
from gateway.subjects import Acting, Asker, Subject, SubjectService
from gateway.subjects.acting import in_whose_place

FUNCTION: Final = "representations"
REFUSED: Final = "representation-refused"
_ANY_LOGIN: Final = LoginRule(LoginLevel.SINGLE_FACTOR, dt.timedelta(minutes=5))


class RepresentationService:
    """Says by which representation somebody acts."""

    def __init__(
        self,
        store: RepresentationStore,
        access: AccessService,
        parties: OtherParties,
        audit: AuditLog,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._access = access
        self._parties = parties
        self._audit = audit
        self._clock = clock

    async def acting(
        self, asker: Asker, representative: Subject, represented: Subject, items: Sequence[str]
    ) -> Acting | None:
        """Return by what ``representative`` may ask for ``items`` of ``represented`` now.

        None for whatever reason: every lookup is made in every case, and one record of every
        refusal, so that security officers learn what nobody else does.

        Raises:
            Problem: ``audit-unavailable``.
        """
        found = await self.in_force(asker, representative)
        barred = await self._parties.barred(asker.municipality, representative, [represented])
        named = await self._parties.is_named(asker.municipality, representative)
        granted = await self._granted(asker)
        fitting = [
            row
            for row in found
            if row.represented_id == represented.subject_id
            and (row.items is None or set(items) <= set(row.items))
        ]
        able = [
            row
            for row in fitting
            if represented.subject_id not in barred and not (named and is_by_law(row))
        ]
        if able and granted:
            return acting_by(able[0])
        outcome = "barred" if fitting and not able else "not-represented"
        await self._refused(asker, representative, represented, outcome)
        return None

    async def in_force(self, asker: Asker, representative: Subject) -> list[RepresentationRow]:
        """Return what ``representative`` holds today for the asker's purpose."""
        today = self._clock.now().astimezone(TOKYO).date()
        rows = await self._store.in_force(asker.municipality, representative.subject_id, today)
        return [row for row in rows if row.purposes is None or asker.purpose_id in row.purposes]

    async def _refused(
        self, asker: Asker, representative: Subject, represented: Subject, outcome: str
    ) -> None:
        """Make durable who tried to act for whom; of nobody under a name of nobody."""
        town = asker.municipality
        who = self._audit.pseudonym(town, representative.subject_id)
        await self._audit.append(
            AuditEntry(
                municipality=town,
                at=self._clock.now(),
                kind=AuditKind.EVENT,
                outcome=outcome,
                trace_id="",
                client_id=asker.client_id,
                purpose=asker.purpose_id,
                subject_key=self._audit.pseudonym(town, represented.subject_id),
                function=REFUSED,
                representation={"representative_key": who},
            )
        )

    async def _granted(self, asker: Asker) -> bool:
        """Return whether anything is granted to representatives who have logged in like this."""
        if not isinstance(asker, Access):
            return False
        try:
            granted = await self._access.grants_of(asker, asker.purpose_id, Relation.REPRESENTED)
        except Problem:
            return False
        return bool(granted.items)


def is_by_law(row: RepresentationRow) -> bool:
    """Tell whether somebody acts by law and for everything, as parents and guardians do.

    Such a one inherits no access while any measure names them (DV-12): whoever they act for may
    live with the person it protects. An agent for named affairs acts because somebody wants it.
    """
    return not representing().kinds[row.kind].scoped


def acting_by(row: RepresentationRow) -> Acting:
    """Return how somebody acts by a representation."""
    return Acting(row.representation_id, row.kind, row.representative_id)


@dataclass(frozen=True, slots=True)
class ListRooms:
    """The rooms that the list is made from."""

    representations: RepresentationService
    parties: OtherParties
    access: AccessService
    subjects: SubjectService
    audit: AuditLog
    clock: Clock


class RepresentationList:
    """Tells a consumer for whom the citizen who has logged in may act."""

    def __init__(self, rooms: ListRooms) -> None:
        self._rooms = rooms

    async def show(self, access: Access, caller: Caller) -> RepresentationsDocument:
        """Return handles and kinds for the purpose of the token; one record for each person.

        Raises:
            Problem: ``login-needed``, ``unknown-purpose``, ``purpose-not-granted``,
                ``unknown-subject``, each recorded; ``audit-unavailable``, and nothing leaves.
        """
        try:
            await self._permit(access)
            representative = await self._rooms.subjects.resolve(access, access.login_handle or "")
        except Problem as problem:
            await self._record(access, caller, "refused", problem=problem.type.slug)
            raise
        shown = await self._shown(access, representative)
        for row, subject in shown:
            await self._record(access, caller, "shown", replace(subject, acting=acting_by(row)))
        if not shown:
            await self._record(access, caller, "none")
        return RepresentationsDocument(
            purpose=access.purpose_id,
            representations=[self._document(access, row) for row, _ in shown],
        )

    async def _permit(self, access: Access) -> None:
        if access.login is None:
            raise login_needed(_ANY_LOGIN, CHALLENGE)
        granted = await self._rooms.access.grants_for(
            access.municipality,
            access.client_id,
            access.purpose_id,
            access.login,
            Relation.REPRESENTED,
        )
        if not granted.items and granted.login is not None:
            raise login_needed(granted.login, CHALLENGE)

    async def _shown(
        self, access: Access, representative: Subject
    ) -> list[tuple[RepresentationRow, Subject]]:
        """Return what holds; in as many lookups for nothing as for much (DV-8, DV-12)."""
        rows = await self._rooms.representations.in_force(access, representative)
        ids = list(dict.fromkeys(row.represented_id for row in rows))
        people = await self._rooms.subjects.find_all(access.municipality, ids)
        barred = await self._rooms.parties.barred(access.municipality, representative, people)
        named = await self._rooms.parties.is_named(access.municipality, representative)
        known = {one.subject_id: one for one in people if one.subject_id not in barred}
        return [
            (row, known[row.represented_id])
            for row in rows
            if row.represented_id in known and not (named and is_by_law(row))
        ]

    def _document(self, access: Access, row: RepresentationRow) -> RepresentationDocument:
        handle = self._rooms.subjects.handle_for(
            access.municipality, access.client_id, row.represented_id
        )
        return RepresentationDocument(
            subject=handle,
            kind=row.kind,
            label=representing().kinds[row.kind].name_ja,
            items=row.items,
        )

    async def _record(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        subject: Subject | None = None,
        *,
        problem: str | None = None,
    ) -> None:
        audit, town = self._rooms.audit, access.municipality
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=FUNCTION,
            outcome=outcome,
            subject_key=audit.pseudonym(town, subject.subject_id) if subject else None,
            problem=problem,
        )
        await audit.append(replace(entry, representation=in_whose_place(audit, town, subject)))
