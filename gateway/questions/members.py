"""Everybody on the list of a household: what their own records say, and who may be shown."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from gateway.clock import TOKYO
from gateway.connections import Alarm
from gateway.households import AgeRange, Basis, Listed, PersonState, household_bases
from gateway.problems import Problem
from gateway.protection import ProtectionStatus
from gateway.questions.co_residents import with_members
from gateway.questions.derived import with_inputs
from gateway.questions.parts import NotShown, Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.relation_schemas import Include
from gateway.questions.removed import is_removed, with_fields, with_state, without_register
from gateway.questions.rooms import Gathering, HouseholdCall, QuestionRooms
from gateway.subjects import Subject
from standard_models.answers import Answer, Value
from standard_models.values.three_valued import Judgement

Gather: TypeAlias = Callable[
    [Gathering, Sequence[PlannedPart], dt.date | None],
    Awaitable[tuple[Mapping[str, Part], list[Alarm]]],
]
AT_ONCE: Final = 8
"""Members of one household of whom systems are asked at a time: others ask as well."""


class Standing(StrEnum):
    """What a person's own record says of their place on the list."""

    MEMBER = "member"
    REMOVED = "removed"
    """A member on the day; the entry has been removed since."""
    UNKNOWN = "unknown"
    NOT_ON_DAY = "not-on-day"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Touched:
    """One person on the list. ``subject`` is None for a number that nobody is known by.

    ``found`` is what systems said of them, by group; nothing is withheld yet.
    """

    listed: Listed
    subject: Subject | None
    is_subject: bool = False
    standing: Standing = Standing.MEMBER
    consented: bool = True
    matches: Judgement = Judgement.YES
    found: Mapping[str, Part] = field(default_factory=dict)
    alarms: Sequence[Alarm] = ()

    @property
    def belongs(self) -> bool:
        """Tell whether the person counts as a member on the day."""
        return self.standing not in {Standing.NOT_ON_DAY, Standing.FOREIGN}


def not_shown(member: Touched, hidden: ProtectionStatus) -> NotShown | None:
    """Return why nothing is said of a member, None where they may be shown.

    ``hidden``: as what they are withheld beside the person who is asked about. Rules DV-3, DV-8b:
    one reason stands for protection, a removed entry and a number that nobody is known by.
    """
    if member.subject is None or member.standing is Standing.REMOVED:
        return NotShown.ASK_OFFICE
    if member.standing is Standing.UNKNOWN:
        return NotShown.UNAVAILABLE
    if not member.is_subject:
        if hidden is ProtectionStatus.UNKNOWN:
            return NotShown.UNAVAILABLE
        if hidden is ProtectionStatus.PROTECTED:
            return NotShown.ASK_OFFICE
    return None if member.consented else NotShown.CONSENT_NEEDED


class MemberReader:
    """Reads the members of one household, a few at a time."""

    def __init__(self, rooms: QuestionRooms, gather: Gather, call: HouseholdCall) -> None:
        self._rooms = rooms
        self._gather = gather
        self._call = call
        self._person = household_bases().person
        self._places = asyncio.Semaphore(AT_ONCE)

    async def touch(self, listed: Listed, subject: Subject | None) -> Touched:
        """Return what is known of one person of the list."""
        if subject is None:
            return Touched(listed, None)
        call = self._call
        asking = Gathering(call.access, subject, call.question, call.caller, call.deadline)
        async with self._places:
            found, alarms = await self._gather(asking, self._wanted(), call.day)
            removed = await self._removed(asking, found, alarms)
        standing = standing_of(call.basis, self._person, found, listed)
        birth = self._birth(listed, found)
        if removed and Include.REMOVED not in call.question.include:
            found = without_register(found, self._person)
            if standing is Standing.MEMBER and call.basis.residents_only:
                standing = Standing.REMOVED
        return Touched(
            listed,
            subject,
            subject.subject_id == call.subject.subject_id,
            standing,
            await self._consented(subject),
            self._matches(birth),
            found,
            alarms,
        )

    def _wanted(self) -> tuple[PlannedPart, ...]:
        """Return what is read of each: what is asked, and what tells who belongs."""
        call, dictionary = self._call, self._rooms.dictionary
        asked = [part for part in call.permitted.plan.parts if part.group.ref != call.basis.group]
        needed = with_members(with_inputs(asked, self._rooms.predicates), dictionary)
        if call.basis.residents_only:
            return with_fields(needed, self._person.group, self._person.fields, dictionary)
        if call.relation.age is not None and call.basis.birth is None:
            born = (self._person.state, self._person.birth)
            return with_fields(needed, self._person.group, born, dictionary)
        return with_state(needed, self._person, dictionary)

    async def _removed(
        self, asking: Gathering, found: Mapping[str, Part], alarms: list[Alarm]
    ) -> bool:
        """Return whether the person's entry is removed now, whatever it was on the day."""
        if self._person.group not in found:
            return False
        today = self._rooms.clock.now().astimezone(TOKYO).date()
        if self._call.day >= today:
            return is_removed(found, self._person)
        state = with_fields((), self._person.group, (self._person.state,), self._rooms.dictionary)
        now, more = await self._gather(asking, state, None)
        alarms += more
        return is_removed(now, self._person)

    def _birth(self, listed: Listed, found: Mapping[str, Part]) -> Answer | None:
        told = listed.row.get(self._call.basis.birth or "")
        part = found.get(self._person.group)
        own = [record.get(self._person.birth) for record in part.records] if part else []
        return told or next(iter(own), None)

    def _matches(self, birth: Answer | None) -> Judgement:
        age = self._call.relation.age
        if age is None:
            return Judgement.YES
        return AgeRange(age.at_least, age.at_most).holds(birth, self._call.day)

    async def _consented(self, subject: Subject) -> bool:
        by_consent = self._call.permitted.by_consent
        try:
            await self._rooms.consents.require(self._call.access, subject, by_consent)
        except Problem as problem:
            if problem.type.slug != "consent-needed":
                raise
            return False
        return True


def standing_of(
    basis: Basis, person: PersonState, found: Mapping[str, Part], listed: Listed
) -> Standing:
    """Return what a person's own record on the day says of their place on the list.

    A record of another household makes the row one of somebody else's household (WP-5).
    """
    if not basis.residents_only:
        return Standing.MEMBER
    part = found.get(person.group)
    if part is None or part.status is not PartStatus.OK or not part.records:
        return Standing.UNKNOWN
    record = part.records[0]
    state, own = record.get(person.state), record.get(person.household)
    told = listed.row.get(basis.household or "")
    if isinstance(own, Value) and isinstance(told, Value) and own.value != told.value:
        return Standing.FOREIGN
    if not isinstance(state, Value):
        return Standing.UNKNOWN
    if str(state.value) in person.current:
        return Standing.MEMBER
    return Standing.NOT_ON_DAY if str(state.value) in person.removed else Standing.UNKNOWN


def each_once(
    people: Sequence[tuple[Listed, Subject | None]],
) -> list[tuple[Listed, Subject | None]]:
    """Return everybody once, whoever has two numbers on the list."""
    seen: set[str] = set()
    once = []
    for listed, subject in people:
        if subject is not None:
            if subject.subject_id in seen:
                continue
            seen.add(subject.subject_id)
        once.append((listed, subject))
    return once


def numbers_of(member: Touched, numbering: str) -> Mapping[str, tuple[str, ...]]:
    """Return by which numbers protection knows the person, identified or not."""
    if member.subject is not None:
        return member.subject.numbers
    return {numbering: (member.listed.number or "-",)}
