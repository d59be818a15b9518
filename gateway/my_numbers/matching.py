"""From a My Number to a handle, for purposes that the law lists, and nothing more.

Whether a purpose may is decided when its grant is registered (MN-5). A number that nobody has, one
of a person who is not linked, one that stands with two persons, and one of somebody protected have
the same answer: a match would tell that a protected person is known to this town (DV-8, DV-13).
Rules MN-1 to MN-6; misses are counted (API6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from adapters.contract import Clock
from gateway.access import Access, AccessService, Caller
from gateway.access.entries import operation_entry
from gateway.access.registration import MATCH_BY_NUMBER
from gateway.audit import AuditLog
from gateway.matching import MissLimit
from gateway.matching.misses import NO_MATCH
from gateway.my_numbers.schemas import NumberMatchDocument
from gateway.my_numbers.sealing import Place
from gateway.my_numbers.service import MyNumbers
from gateway.my_numbers.store import NumbersUnavailable
from gateway.problems import Problem
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.subjects import Subject, SubjectService
from gateway.subjects.handles import new_subject_id
from standard_models.dictionary import Dictionary
from standard_models.values.identifiers import MyNumber

FUNCTION: Final = "subject-match-number"
MATCH: Final = "match"
ITEM: Final = "001.bangojoho.kojinbango"
"""What was searched by, for the audit record (AU-1)."""
_NOBODY: Final = "-"
_NOBODYS: Final = {"-": ("-", "--", "---")}
"""As many numbers as most people have, so that as much is looked up of nobody."""


@dataclass(frozen=True, slots=True)
class NumberMatchingRooms:
    """The rooms that a match passes through."""

    numbers: MyNumbers
    limit: MissLimit
    access: AccessService
    subjects: SubjectService
    protection: ProtectionService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock


class NumberMatching:
    """Finds the person of a number."""

    def __init__(self, rooms: NumberMatchingRooms) -> None:
        self._rooms = rooms

    async def match(
        self, access: Access, my_number: MyNumber, caller: Caller
    ) -> NumberMatchDocument:
        """Return the handle of whoever has the number; the record of it is durable.

        Raises:
            Problem: a refusal, itself recorded: ``right-not-granted``, ``purpose-not-granted``,
                ``login-other-subject``, ``too-many-misses``, ``register-unavailable``;
                ``audit-unavailable``, and nothing leaves.

        """
        with self._rooms.limit.under_way(access) as under_way:
            return await self._match(access, my_number, caller, under_way)

    async def _match(
        self, access: Access, my_number: MyNumber, caller: Caller, under_way: int
    ) -> NumberMatchDocument:
        try:
            await self._permit(access, under_way)
            subject, may_be_named = await self._found(access.municipality, my_number)
        except Problem as problem:
            await self._record(access, caller, "refused", problem=problem.type.slug)
            raise
        named = subject.subject_id if subject and may_be_named else None
        await self._record(access, caller, MATCH if named else NO_MATCH, subject=subject)
        # Made for nobody too: a miss takes as long as a match.
        handle = self._rooms.subjects.handle_for(
            access.municipality, access.client_id, named or new_subject_id()
        )
        if named is None:
            return NumberMatchDocument(outcome=NO_MATCH, subject=None)
        return NumberMatchDocument(outcome=MATCH, subject=handle)

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable``.

        """
        await self._record(access, caller, "refused", problem=problem.type.slug)
        raise problem

    async def _permit(self, access: Access, under_way: int) -> None:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        if MATCH_BY_NUMBER not in granted.items:
            granted.require_login([MATCH_BY_NUMBER])
            raise Problem("right-not-granted")
        if access.login_handle is not None:
            raise Problem("login-other-subject")
        await self._rooms.limit.require_few(access, under_way)

    async def _found(self, municipality: str, my_number: MyNumber) -> tuple[Subject | None, bool]:
        """Return the one person, and whether the caller may be told.

        Raises:
            Problem: the numbers cannot be asked, or nobody's protection is known now.

        """
        if await self._status(municipality, {}) is ProtectionStatus.UNKNOWN:
            raise Problem("register-unavailable")
        try:
            places = await self._rooms.numbers.places_of(municipality, my_number)
        except NumbersUnavailable:
            raise Problem("register-unavailable") from None
        subject = await self._one_person(municipality, places)
        # Looked up in every case, so that the time it takes tells nothing (DV-8).
        status = await self._status(municipality, subject.numbers if subject else _NOBODYS)
        return subject, subject is not None and status is ProtectionStatus.CLEAR

    async def _one_person(self, municipality: str, places: Sequence[Place]) -> Subject | None:
        """Return who has all of these 宛名番号, None where they are nobody's or two persons'."""
        found: dict[str, Subject | None] = {}
        for place in places or [Place(municipality, _NOBODY, _NOBODY)]:
            subject = await self._rooms.subjects.find_by_number(
                municipality, place.numbering, place.number
            )
            if subject is None:
                # As many look-ups as of somebody who is known.
                await self._rooms.subjects.find(municipality, new_subject_id())
            found[subject.subject_id if subject else ""] = subject
        return next(iter(found.values())) if len(found) == 1 else None

    async def _status(
        self, municipality: str, numbers: Mapping[str, Sequence[str]]
    ) -> ProtectionStatus:
        return await self._rooms.protection.status(municipality, numbers)

    async def _record(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        *,
        subject: Subject | None = None,
        problem: str | None = None,
    ) -> None:
        key = (
            self._rooms.audit.pseudonym(access.municipality, subject.subject_id)
            if subject
            else None
        )
        item = self._rooms.dictionary.find_item(ITEM)
        entry = operation_entry(
            access,
            caller,
            self._rooms.clock.now(),
            function=FUNCTION,
            outcome=outcome,
            subject_key=key,
            problem=problem,
            items_asked=(item.item_id,) if item else (),
        )
        await self._rooms.audit.append(replace(entry, my_number=True))
