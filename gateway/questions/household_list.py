"""The list of a household: who is on it, on the day, by the basis that was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adapters.contract import Deadline
from adapters.errors import Foreign
from adapters.manifest import Capability
from gateway.access import Caller
from gateway.connections import Alarm
from gateway.households import REGISTER, Basis, Listed, household_bases, listed_members
from gateway.problems import Problem
from gateway.questions.conditions import aged, held_on
from gateway.questions.fan_out import Calls, SystemCall, ask_system
from gateway.questions.members import each_once
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.rooms import HouseholdCall, QuestionRooms
from gateway.subjects import Subject


@dataclass(slots=True)
class HouseholdList:
    """The list of a basis as it was read, and the numbering in which it names members."""

    part: Part
    numbering: str = ""
    alarms: list[Alarm] = field(default_factory=list)
    call: SystemCall | None = None
    dropped: int = 0

    def drop(self, rows: int, trace_id: str) -> None:
        """Sound the alarm: rows are of somebody else's household. Rule WP-5."""
        if rows and self.call is not None:
            self.dropped += rows
            self.alarms.append(
                self.call.connection.alarm(
                    Foreign.OTHER_LINK, capability=Capability.FETCH, trace_id=trace_id, count=rows
                )
            )


@dataclass(frozen=True, slots=True)
class _Asking:
    """Whose list of which basis is read, with which fields, by when."""

    basis: Basis
    planned: PlannedPart
    municipality: str
    subject: Subject
    deadline: Deadline
    caller: Caller


class ListReader:
    """Reads lists of households.

    Args:
        calls: returns who answers for parts of one person.
    """

    def __init__(self, rooms: QuestionRooms, calls: Calls) -> None:
        self._rooms = rooms
        self._calls = calls

    async def read(self, call: HouseholdCall) -> HouseholdList:
        """Return the list of the subject's household on the day, or why there is none."""
        basis = call.basis
        asked = [p for p in call.permitted.plan.parts if p.group.ref == basis.group]
        fields = (*basis.fields, *(name for part in asked for name in part.fields))
        group = self._rooms.dictionary.groups[basis.group]
        planned = PlannedPart(group, tuple(dict.fromkeys(fields)))
        if call.day < basis.valid_from:
            return HouseholdList(Part.without_records(planned, PartStatus.NO_HISTORY))
        asking = _Asking(
            basis, planned, call.access.municipality, call.subject, call.deadline, call.caller
        )
        listed = await self._ask(asking, call.day)
        if listed.call is not None:
            held = held_on([listed.part], call.question.as_of)
            (listed.part,) = aged(held, call.question.max_age, self._rooms.clock.now())
        if listed.part.status is PartStatus.NOT_FOUND:
            listed.part = not_found(listed.part)
        return listed

    async def numbers_now(
        self, municipality: str, subject: Subject, deadline: Deadline, caller: Caller
    ) -> tuple[PartStatus, Sequence[Mapping[str, Sequence[str]] | None], list[Alarm]]:
        """Return by which numbers everybody is known who is on the list of the register today.

        None stands for somebody whose number the list does not tell. The status is that of the
        list; a list that does not name ``subject`` is of another household, and not believed.
        """
        basis = household_bases().by_id[REGISTER]
        planned = PlannedPart(self._rooms.dictionary.groups[basis.group], basis.fields)
        listed = await self._ask(
            _Asking(basis, planned, municipality, subject, deadline, caller), None
        )
        status = listed.part.status
        if status is not PartStatus.OK:
            return status, (), listed.alarms
        members = listed_members(basis, listed.part.records)
        known = await self._rooms.subjects.find_by_numbers(
            municipality, listed.numbering, {m.number for m in members if m.number is not None}
        )
        people = [(member, known.get(member.number or "")) for member in members]
        if not names_subject(people, subject):
            listed.drop(len(people), caller.trace_id)
            return PartStatus.UNAVAILABLE, (), listed.alarms
        whole = not listed.part.lost_records
        return (
            status if whole else PartStatus.UNAVAILABLE,
            [
                who.numbers
                if who is not None
                else {listed.numbering: (member.number,)}
                if member.number is not None
                else None
                for member, who in people
            ],
            listed.alarms,
        )

    async def _ask(self, asking: _Asking, on: dt.date | None) -> HouseholdList:
        basis, planned = asking.basis, asking.planned
        calls, unanswered = await self._calls(asking.municipality, asking.subject, [planned], on)
        if not calls:
            return HouseholdList(unanswered[0])
        answer = await ask_system(calls[0], asking.deadline, asking.caller.trace_id)
        (part,) = answer.parts
        numbering = calls[0].connection.manifest.numbering_of(f"{basis.group}.{basis.member}")
        return HouseholdList(part, numbering, list(answer.alarms), calls[0])

    async def people(
        self, call: HouseholdCall, listed: HouseholdList
    ) -> list[tuple[Listed, Subject | None]]:
        """Return whom the list names, each once, and who that is.

        A list that does not name its own subject is of another household: nobody is on it.

        Raises:
            Problem: ``too-many-members``.
        """
        rows = listed.part.records
        if len(rows) > household_bases().most_members:
            raise Problem("too-many-members")
        members = listed_members(call.basis, rows)
        numbers = {member.number for member in members if member.number is not None}
        known = await self._rooms.subjects.find_by_numbers(
            call.access.municipality, listed.numbering, numbers
        )
        people = [(member, known.get(member.number or "")) for member in members]
        if not call.basis.subject_listed and listed.part.status is PartStatus.OK:
            people = [(Listed(None, {}), call.subject), *people]
        people = each_once(people)
        if people and not names_subject(people, call.subject):
            listed.drop(len(people), call.caller.trace_id)
            listed.part = Part.without_records(listed.part.planned, PartStatus.UNAVAILABLE)
            return []
        return people


def names_subject(people: Sequence[tuple[Listed, Subject | None]], subject: Subject) -> bool:
    """Tell whether the person who was asked for is on the list."""
    return any(who is not None and who.subject_id == subject.subject_id for _, who in people)


def not_found(part: Part) -> Part:
    """Return the part of somebody who belongs to no household, the same for whatever cause."""
    return Part.without_records(part.planned, PartStatus.NOT_FOUND)
