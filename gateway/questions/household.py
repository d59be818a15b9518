"""The same question of everybody of a household: who belongs to it, and what of each may leave.

The list of the basis says who; each member is asked about under their own numbers, goes through
the guard, and has an audit record of their own (AU-10). Where one of them is protected, nobody's
address leaves: they live together (DV-9).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from adapters.contract import Deadline
from gateway.access import Access, Caller, Relation
from gateway.connections import Alarm, joined
from gateway.households import heads_of, household_bases
from gateway.problems import FieldError, Problem
from gateway.protection import Protection, ProtectionStatus, of_all
from gateway.questions.co_residents import CoResidents
from gateway.questions.conditions import require_answers, with_not_granted
from gateway.questions.derived import as_planned
from gateway.questions.door import through_the_door, withheld_items
from gateway.questions.fan_out import Calls
from gateway.questions.household_door import Door, Leaving
from gateway.questions.household_list import HouseholdList, ListReader, not_found
from gateway.questions.members import (
    Gather,
    MemberReader,
    Standing,
    Touched,
    numbers_of,
)
from gateway.questions.parts import Household, Member, NotShown, Part, PartStatus
from gateway.questions.record import revealed_items
from gateway.questions.rooms import (
    HouseholdCall,
    QuestionAnswer,
    QuestionRooms,
    issued,
)
from gateway.questions.schemas import Asked
from gateway.subjects import Subject
from standard_models.values.three_valued import Judgement

_KNOWN: Final = frozenset({PartStatus.OK, PartStatus.NOT_FOUND})


def asked_relation(asked: Asked, access: Access) -> tuple[Relation, str | None]:
    """Return of whom is asked, and for a household by which basis.

    Raises:
        Problem: ``invalid-body``: there is no such basis; ``login-other-subject``: the token is
            good for the citizen who has logged in, and not for those who live with them (AT-6).
    """
    if asked.relation is None:
        return Relation.SELF, None
    if access.login_handle is not None:
        raise Problem("login-other-subject")
    if asked.relation.basis not in household_bases().by_id:
        known = "、".join(household_bases().by_id)
        raise Problem(
            "invalid-body",
            errors=[
                FieldError(
                    "/relation/basis",
                    f"この世帯の基礎はありません。あるのは {known} です。",
                    f"There is no such basis; there are {known}.",
                )
            ],
        )
    return Relation.HOUSEHOLD, asked.relation.basis


class HouseholdAnswers:
    """Answers questions of households.

    Args:
        gather: returns what systems say of one person.
        calls: returns who answers for parts of one person.
    """

    def __init__(self, rooms: QuestionRooms, gather: Gather, calls: Calls) -> None:
        self._rooms = rooms
        self._gather = gather
        self._lists = ListReader(rooms, calls)
        self._co_residents = CoResidents(rooms)

    async def ask(self, call: HouseholdCall) -> QuestionAnswer:
        """Return the answer; every record of it is durable.

        Raises:
            Problem: a refusal, itself recorded; ``audit-unavailable``, and nothing leaves.
        """
        call.record.scope = {
            "relation": Relation.HOUSEHOLD.value,
            "basis": call.basis.id,
            "reference_date": call.day.isoformat(),
        }
        listed = await self._lists.read(call)
        try:
            require_answers([listed.part], (), self._rooms.clock.now())
            people = await self._lists.people(call, listed)
        except Problem as problem:
            await call.record.refused(problem, [listed.part])
            raise
        reader = MemberReader(self._rooms, self._gather, call)
        touched = await asyncio.gather(*(reader.touch(row, who) for row, who in people))
        listed.drop(sum(t.standing is Standing.FOREIGN for t in touched), call.caller.trace_id)
        alarms = [*listed.alarms, *(alarm for t in touched for alarm in t.alarms)]
        await asyncio.gather(*(call.record.alarmed(alarm) for alarm in joined(alarms)))
        if any(t.is_subject and t.standing is Standing.REMOVED for t in touched):
            # To whoever may not see removed entries, there is no such household (PL-11).
            touched, listed.part = [], not_found(listed.part)
        return await self._answer(call, listed, touched)

    async def _answer(
        self, call: HouseholdCall, listed: HouseholdList, touched: Sequence[Touched]
    ) -> QuestionAnswer:
        """Return what may leave, after the record of everybody who was touched is durable."""
        door = await self._door(call, listed, touched)
        touched = await self._apart(call, touched, door)
        leaving = [
            self._leaving(call, listed, member, reason, door)
            for member, reason in zip(touched, door.reasons(touched), strict=True)
        ]
        now = self._rooms.clock.now()
        try:
            if call.question.require:
                require_answers([listed.part], [call.basis.group], now)
            for one in leaving:
                require_answers(one.parts, call.question.require if one.shown else (), now)
        except Problem as problem:
            await call.record.refused(problem, [listed.part])
            raise
        household = _household(call, listed, leaving)
        outcome = _outcome(household, [part for one in leaving for part in one.parts])
        ids = await self._recorded(call, listed, leaving, outcome, now)
        self._told(call, leaving)
        by_member = list(zip(leaving, ids, strict=True)) if leaving else []
        return QuestionAnswer(
            next((i for one, i in by_member if one.member.is_subject), ids[0]),
            outcome,
            call.access.municipality,
            call.question.purpose,
            now,
            (),
            None,
            household,
            tuple(self._member(call, one, i, now) for one, i in by_member if one.shown),
        )

    async def protection_now(
        self, municipality: str, subject: Subject, deadline: Deadline, caller: Caller
    ) -> tuple[ProtectionStatus, list[Alarm]]:
        """Return what counts for where the subject lives: of everybody on the register's list.

        Unknown where the list cannot be read or does not tell who somebody is. Where no system
        supplies it, and for whoever is on no list, the subject alone counts.
        """
        status, people, alarms = await self._lists.numbers_now(
            municipality, subject, deadline, caller
        )
        if status in {PartStatus.NOT_SUPPLIED, PartStatus.NOT_FOUND}:
            people = [subject.numbers]
        elif status is not PartStatus.OK or None in people:
            return ProtectionStatus.UNKNOWN, alarms
        protection = self._rooms.protection
        found = await asyncio.gather(
            *(protection.status(municipality, n) for n in people if n is not None)
        )
        return of_all(found), alarms

    async def _door(
        self, call: HouseholdCall, listed: HouseholdList, touched: Sequence[Touched]
    ) -> Door:
        """Look everybody up, last, and all alike: the time that it takes tells nothing (DV-8)."""
        town, asker = call.access.municipality, (call.access.client_id, call.access.purpose_id)
        numbers = [numbers_of(t, listed.numbering) for t in touched]
        protection = self._rooms.protection
        return Door(await asyncio.gather(*(protection.protection(town, asker, n) for n in numbers)))

    async def _apart(
        self, call: HouseholdCall, touched: Sequence[Touched], door: Door
    ) -> list[Touched]:
        """Return everybody with nobody named across a measure in records of their own."""
        town, asker = call.access.municipality, (call.access.client_id, call.access.purpose_id)

        async def apart(one: Touched, known: Protection) -> Touched:
            if one.subject is None:
                return one
            found = await self._co_residents.withheld(town, asker, one.subject, known, one.found)
            return replace(one, found=found)

        return await asyncio.gather(
            *(apart(one, known) for one, known in zip(touched, door.known, strict=True))
        )

    def _leaving(
        self,
        call: HouseholdCall,
        listed: HouseholdList,
        member: Touched,
        reason: NotShown | None,
        door: Door,
    ) -> Leaving:
        """Return what may leave of one person of the list."""
        if not member.belongs or reason is not None or member.matches is Judgement.NO:
            return Leaving(member, reason if member.belongs else None)
        parts = self._parts(call, listed, member, door)
        return Leaving(member, None, parts, revealed_items(parts, door.items), shown=True)

    def _parts(
        self, call: HouseholdCall, listed: HouseholdList, member: Touched, door: Door
    ) -> tuple[Part, ...]:
        """Return the parts of one member as protection lets them out."""
        row = member.listed.row
        own = (
            replace(listed.part, records=[row], lost_records=0)
            if row
            else Part.without_records(listed.part.planned, PartStatus.NOT_FOUND)
        )
        before = {**member.found, call.basis.group: own}
        after = {r: through_the_door(p, door.status, door.items) for r, p in before.items()}
        plan, predicates = call.permitted.plan, self._rooms.predicates
        found = as_planned(plan.parts, after, predicates, call.day)
        withheld = sum(withheld_items(part) for part in found)
        if withheld:
            self._rooms.protection.withheld(call.access.municipality, withheld)
        return with_not_granted(found, call.permitted.asked)

    async def _recorded(
        self,
        call: HouseholdCall,
        listed: HouseholdList,
        leaving: Sequence[Leaving],
        outcome: str,
        at: dt.datetime,
    ) -> list[str]:
        """Make a record of everybody who was touched durable; return their ids in order.

        That of the subject is the record of the question. If nobody was touched, it is the only
        one, and has no items.
        """
        status = replace(listed.part, records=())
        if not leaving:
            return [await call.record.answered(outcome, [status], at, ())]
        records = []
        for one in leaving:
            member = one.member
            record = call.record.of_member(
                member.subject, "subject" if member.is_subject else "member"
            )
            ended = outcome if member.is_subject else one.outcome
            parts = [status, *one.parts] if member.is_subject else one.parts
            records.append(record.answered(ended, parts, at, one.revealed))
        return list(await asyncio.gather(*records))

    def _told(self, call: HouseholdCall, leaving: Sequence[Leaving]) -> None:
        """Count what was revealed, and call the officer on duty (DV-17)."""
        if count := sum(len(one.revealed) for one in leaving):
            asker = (call.access.client_id, call.access.purpose_id)
            self._rooms.metrics.items_revealed(count)
            self._rooms.protection.revealed(call.access.municipality, asker, count)

    def _member(self, call: HouseholdCall, one: Leaving, audit_id: str, at: dt.datetime) -> Member:
        access, rooms = call.access, self._rooms
        member, parts = one.member, one.parts
        subject_id = member.subject.subject_id if member.subject else ""
        handle = (
            call.question.subject
            if member.is_subject
            else rooms.subjects.handle_for(access.municipality, access.client_id, subject_id)
        )
        receipt = (
            rooms.receipts.issue(access, handle, audit_id, at, [issued(p) for p in parts])
            if call.question.receipt
            else None
        )
        related = member.listed.relationship(call.basis) if call.asks_relationship else None
        said = str(related) if related else None
        return Member(handle, member.is_subject, member.matches, parts, said, receipt)


def _household(call: HouseholdCall, listed: HouseholdList, leaving: Sequence[Leaving]) -> Household:
    part = listed.part
    belong = [one for one in leaving if one.member.belongs]
    whole = part.status is PartStatus.OK and not part.lost_records and not listed.dropped
    counted = Counter(one.reason for one in belong if one.reason)
    return Household(
        basis=call.basis,
        reference_date=call.day,
        status=part.status,
        size=len(belong) if whole else None,
        not_shown={reason: counted[reason] for reason in NotShown if counted[reason]},
        provenance=part.provenance,
        opens_at=part.opens_at,
        lost_records=part.lost_records,
        dropped_rows=listed.dropped,
        quality=heads_of(call.basis, [one.member.listed for one in belong]),
    )


def _outcome(household: Household, parts: Sequence[Part]) -> str:
    """Return how much is known. Who is not shown for protection's sake changes nothing (PA-6)."""
    if household.status not in _KNOWN:
        return "none"
    whole = household.status is PartStatus.NOT_FOUND or household.size is not None
    missing = household.not_shown.get(NotShown.UNAVAILABLE, 0)
    known = all(part.status in _KNOWN for part in parts)
    return "complete" if whole and known and not missing else "partial"
