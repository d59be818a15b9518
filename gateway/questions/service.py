"""The way of a question: may it be asked, of whom, of which systems, what may leave, is it noted.

Nothing personal is touched before the rights are clear, and nothing leaves before the audit
record of it is durable.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import NoReturn

from adapters.contract import Deadline
from gateway.access import Access, Caller, Relation
from gateway.api.admission import Admission
from gateway.clock import TOKYO
from gateway.connections import Alarm, Connection, joined
from gateway.households import household_bases
from gateway.problems import Problem
from gateway.protection import Protection, ProtectionStatus
from gateway.questions.co_residents import (
    CoResidents,
    with_household,
    with_members,
)
from gateway.questions.conditions import (
    aged,
    check_dated,
    check_require,
    held_on,
    require_answers,
    with_not_granted,
)
from gateway.questions.derived import as_planned, cut, with_derived, with_inputs
from gateway.questions.door import through_the_door, usable, withheld_items
from gateway.questions.explain import Explanation, explained
from gateway.questions.fan_out import SystemCall, ask_system
from gateway.questions.granted import relation_asked, require_granted, require_groups
from gateway.questions.household import HouseholdAnswers, asked_relation
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PLANS, Permitted, Plan, PlannedPart, plan_question
from gateway.questions.record import QuestionRecord, revealed_items
from gateway.questions.relation_schemas import Include
from gateway.questions.removed import (
    is_removed,
    require_removed,
    with_fields,
    with_state,
    without_register,
)
from gateway.questions.rooms import (
    Gathering,
    HouseholdCall,
    QuestionAnswer,
    QuestionRooms,
    issued,
    outcome_of,
)
from gateway.questions.sameness import Look
from gateway.questions.schemas import Asked, Mode, Question
from gateway.questions.statements import Statements, check_preferred
from gateway.subjects import Subject

__all__ = ["QuestionAnswer", "QuestionRooms", "QuestionService"]


class QuestionService:
    """Answers questions.

    Args:
        deadline_s: seconds that the systems together have for one question.
        admission: every question takes a place of it, wherever it comes from.
    """

    def __init__(
        self, rooms: QuestionRooms, *, deadline_s: float, admission: Admission | None = None
    ) -> None:
        self._rooms = rooms
        self._deadline_s = deadline_s
        self.admission = admission or Admission()
        self._read_for = lru_cache(PLANS)(self._parts_to_read)
        self._co_residents = CoResidents(rooms)
        self._households = HouseholdAnswers(rooms, self._gather, self._calls)

    def place(self) -> AbstractContextManager[None]:
        """Hold one of the places for questions; before any work is done for whoever asks.

        Raises:
            Problem: ``overloaded``, when the block begins: all of them are taken.
        """
        return self.admission.place()

    async def ask(
        self, access: Access, question: Question, caller: Caller, *, use_openings: bool = True
    ) -> QuestionAnswer:
        """Return the answer to ``question``.

        Without ``use_openings`` nothing leaves that a measure of protection withholds, also where
        officers have opened it to whoever asks.

        Raises:
            Problem: a refusal, itself audited; ``audit-unavailable`` when no record could be
                made, in which case nothing of the answer leaves.
        """
        record = self._record(access, caller, mode=question.mode)
        record.as_of = question.as_of
        try:
            permitted = await self.permit(access, question)
            plan, record.plan = permitted.plan, permitted.asked
            subject = await self._rooms.subjects.resolve(access, question.subject, question.items)
            record.subject = subject
            await self._rooms.consents.require(access, subject, permitted.by_consent)
        except Problem as problem:
            await record.refused(problem)
            raise
        if question.relation is not None:
            day, deadline = question.as_of or self._today(), Deadline.after(self._deadline_s)
            return await self._households.ask(
                HouseholdCall(access, question, permitted, subject, caller, record, day, deadline)
            )
        parts, alarms, opened = await self._collect(
            access, subject, plan, caller, question, use_openings=use_openings
        )
        parts = with_not_granted(parts, permitted.asked)
        if alarms:
            await asyncio.gather(*(record.alarmed(alarm) for alarm in joined(alarms)))
        answered_at = self._rooms.clock.now()
        try:
            if subject.acting is not None:
                # A measure, or an end, that came while a slow system was answering counts.
                await self._rooms.subjects.resolve(access, question.subject, question.items)
            require_answers(parts, question.require, answered_at)
        except Problem as problem:
            await record.refused(problem, parts)
            raise
        outcome = outcome_of(parts)
        revealed = revealed_items(parts, opened)
        question_id = await record.answered(outcome, parts, answered_at, revealed)
        if revealed:
            self._rooms.metrics.items_revealed(len(revealed))
            asker = (access.client_id, access.purpose_id)
            self._rooms.protection.revealed(access.municipality, asker, len(revealed))
        receipt = (
            self._rooms.receipts.issue(
                access, question.subject, question_id, answered_at, [issued(p) for p in parts]
            )
            if question.receipt
            else None
        )
        return QuestionAnswer(
            question_id, outcome, access.municipality, question.purpose, answered_at, parts, receipt
        )

    async def protection_of_household(
        self, access: Access, subject: Subject, caller: Caller
    ) -> ProtectionStatus:
        """Return what counts for where somebody lives now: one protected person counts for all.

        By the list of the resident register, whatever is granted to whoever asks: nothing of it
        leaves. Unknown where it cannot be told who lives there. Rule DV-9.

        Raises:
            Problem: ``audit-unavailable``: an alarm could not be recorded.
        """
        status, alarms = await self._households.protection_now(
            access.municipality, subject, Deadline.after(self._deadline_s), caller
        )
        record = self._record(access, caller)
        record.subject = subject
        await asyncio.gather(*(record.alarmed(alarm) for alarm in joined(alarms)))
        return status

    async def explain(self, access: Access, asked: Asked, caller: Caller) -> Explanation:
        """Return what would become of a question. No system is asked, and nobody's data touched.

        Raises:
            Problem: ``audit-unavailable``: that it was asked could not be recorded.
        """
        found = await explained(self.permit(access, asked), asked)
        await self._record(access, caller, mode=asked.mode).explained(found)
        return found

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that is no question, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable`` if the refusal could not be recorded.
        """
        await self._record(access, caller).refused(problem)
        raise problem

    async def permit(self, access: Access, asked: Asked) -> Permitted:
        """Return what may be answered of what is asked, before anything personal is touched.

        Raises:
            Problem: ``unknown-purpose``, ``purpose-not-granted``, ``unknown-item``,
                ``invalid-body``, ``item-not-granted``, ``mode-not-granted``,
                ``login-other-subject``.
        """
        relation, basis = asked_relation(asked, access)
        if relation is Relation.SELF:
            relation = relation_asked(self._rooms.subjects, access, asked)
        own = await self._rooms.access.grants_of(access, asked.purpose, relation, basis)
        granted = with_derived(own, self._rooms.predicates)
        if asked.purpose != access.purpose_id:
            raise Problem(
                "purpose-not-granted",
                "トークンが結び付いている利用目的と異なります。",
                "The token is bound to another purpose.",
            )
        dictionary = self._rooms.dictionary
        everything = plan_question(asked.items, dictionary)
        check_require(asked.require, everything)
        check_preferred(asked.prefer_stated, everything)
        check_dated(asked)
        require_removed(asked, granted)
        if asked.mode is Mode.REFUSE:
            granted.require_login(asked.items)
            require_granted(asked.items, granted.items)
            return Permitted(everything, everything, granted)
        if not granted.intersect:
            granted.require_login(asked.items)
            raise Problem("mode-not-granted")
        kept = [reference for reference in asked.items if reference in granted.items]
        plan = plan_question(kept, dictionary)
        require_groups(asked.require, plan)
        return Permitted(plan, everything, granted)

    async def _collect(
        self,
        access: Access,
        subject: Subject,
        plan: Plan,
        caller: Caller,
        question: Question,
        *,
        use_openings: bool,
    ) -> tuple[tuple[Part, ...], list[Alarm], frozenset[str]]:
        """Return the parts as they may leave, and what sources did that is not about them.

        The last are the references of items that are open although a measure protects the person.
        """
        municipality = access.municipality
        predicates = self._rooms.predicates
        needed, with_register = self._read_for(plan)
        if subject.acting is not None:
            needed = with_household(needed, self._rooms.dictionary)
            with_register = with_household(with_register, self._rooms.dictionary)
        deadline = Deadline.after(self._deadline_s)
        asking = Gathering(access, subject, question, caller, deadline)
        found, alarms = await self._of_register(asking, needed, with_register)
        # Looked up last: a flag that arrived while a slow system was answering counts.
        asker = (access.client_id, access.purpose_id)
        # DV-18: whoever is there in person sees a protected address only after a visit to the desk.
        exemptions = access.login is None
        status, opened = await self._rooms.protection.protection(
            municipality, asker, subject.numbers, exemptions=exemptions
        )
        opened = usable(opened, status, needed) if use_openings else frozenset()
        known = Protection(status, opened)
        apart = await self._co_residents.withheld(
            municipality,
            asker,
            subject,
            known,
            found,
            exemptions=exemptions,
            use_openings=use_openings,
        )
        refs = [part.group.ref for part in needed]
        before = [found[ref] for ref in refs]
        if subject.acting is not None:
            # DV-12: where somebody lives who is protected, nobody else's representative is told.
            status = await self._co_residents.status_at_home(municipality, status, found)
        after = tuple(through_the_door(apart[ref], status, opened) for ref in refs)
        changed = [(a, b) for a, b in zip(after, before, strict=True) if a is not b]
        if withheld := sum(withheld_items(a) - withheld_items(b) for a, b in changed):
            self._rooms.protection.withheld(municipality, withheld)
        found_by_group = {part.planned.group.ref: part for part in after}
        day = question.as_of or self._today()
        return as_planned(plan.parts, found_by_group, predicates, day), alarms, opened

    def _today(self) -> dt.date:
        return self._rooms.clock.now().astimezone(TOKYO).date()

    def _parts_to_read(self, plan: Plan) -> tuple[tuple[PlannedPart, ...], tuple[PlannedPart, ...]]:
        """Return what systems are asked for a plan, and the same with the state on the register."""
        dictionary = self._rooms.dictionary
        needed = with_members(with_inputs(plan.parts, self._rooms.predicates), dictionary)
        person = household_bases().person
        return needed, with_state(needed, person, dictionary)

    async def _of_register(
        self, asking: Gathering, needed: Sequence[PlannedPart], read: Sequence[PlannedPart]
    ) -> tuple[Mapping[str, Part], list[Alarm]]:
        """Return the ``needed`` parts by group; a removed entry only where it may be shown.

        ``read`` are the same with the state on the register.
        """
        question, person = asking.question, household_bases().person
        if Include.REMOVED in question.include:
            return await self._gather(asking, needed, question.as_of)
        found, alarms = await self._gather(asking, read, question.as_of)
        removed = is_removed(found, person)
        if question.as_of is not None and not removed and person.group in found:
            state = with_fields((), person.group, (person.state,), self._rooms.dictionary)
            now, more = await self._gather(asking, state, None)
            removed, alarms = is_removed(now, person), [*alarms, *more]
        return (without_register(found, person) if removed else found), alarms

    async def _gather(
        self, asking: Gathering, needed: Sequence[PlannedPart], on: dt.date | None
    ) -> tuple[Mapping[str, Part], list[Alarm]]:
        """Return what systems and the person say of the ``needed`` parts; nothing is withheld yet.

        By group, and with what sources did that is not about the person.
        """
        access, subject, question = asking.access, asking.subject, asking.question
        sameness = self._rooms.sameness
        operator = await sameness.operator_of(access.municipality, asking.caller.terminal)
        statements = Statements(
            self._rooms.stated, access.municipality, subject.subject_id, access.purpose_id
        )
        stated = await statements.before_systems(needed, question.prefer_stated)
        known = {part.planned.group.ref for part in stated}
        left = [part for part in needed if part.group.ref not in known]
        wanted = left if operator is None else sameness.with_facts(left)
        calls, no_system = await self._calls(access.municipality, subject, wanted, on)
        trace_id = asking.caller.trace_id
        async with asyncio.TaskGroup() as tasks:
            asked = [
                tasks.create_task(ask_system(call, asking.deadline, trace_id)) for call in calls
            ]
        found = [part for task in asked for part in task.result().parts]
        now = self._rooms.clock.now()
        answered = aged(held_on(found, question.as_of), question.max_age, now)
        instead = no_system if question.as_of else await statements.instead_of(no_system)
        others = aged([*stated, *instead], question.max_age, now)
        self._count(answered, now)
        alarms = [alarm for task in asked for alarm in task.result().alarms]
        by_group = {p.planned.group.ref: p for p in (*answered, *others)}
        if operator is not None:
            look = Look(
                operator, access.client_id, subject.subject_id, asking.caller, asking.deadline
            )
            await sameness.passed(look, by_group, self._calls)
            by_group |= {p.group.ref: cut(by_group[p.group.ref], p) for p in left}
        return by_group, alarms

    def _record(self, access: Access, caller: Caller, mode: Mode = Mode.REFUSE) -> QuestionRecord:
        rooms = self._rooms
        return QuestionRecord(rooms.audit, rooms.clock, access, caller, mode=mode)

    def _count(self, parts: Sequence[Part], now: dt.datetime) -> None:
        metrics = self._rooms.metrics
        for part in parts:
            told = part.provenance
            metrics.part_ended(told.adapter if told else "-", part.status.value)
            # What held of a day in the past is not late.
            if told is not None and told.as_of is not None and told.reference_date is None:
                metrics.source_lag(told.adapter, (now - told.as_of).total_seconds())

    async def _calls(
        self,
        municipality: str,
        subject: Subject,
        parts: Sequence[PlannedPart],
        on: dt.date | None = None,
    ) -> tuple[list[SystemCall], list[Part]]:
        """Return one call for each system, and the parts that no system can answer.

        With ``on``, a system whose history reaches that day is asked for it. One without answers
        for today alone.
        """
        routes = await self._rooms.routes.for_groups(municipality, [p.group.ref for p in parts])
        calls: dict[tuple[str, dt.date | None], tuple[Connection, list[PlannedPart]]] = {}
        unanswered: list[Part] = []
        for part in parts:
            route = routes.get(part.group.ref)
            if route is None:
                unanswered.append(Part.without_records(part, PartStatus.NOT_SUPPLIED))
            elif (found := self._rooms.connections.find(municipality, route.adapter_id)) is None:
                unanswered.append(Part.without_records(part, PartStatus.UNAVAILABLE))
            elif on is not None and found.reaches(part.group.ref, on, self._today()):
                calls.setdefault((route.adapter_id, on), (found, []))[1].append(part)
            elif on is None or on == self._today():
                calls.setdefault((route.adapter_id, None), (found, []))[1].append(part)
            else:
                unanswered.append(Part.without_records(part, PartStatus.NO_HISTORY))
        return [
            SystemCall(
                connection,
                subject.numbers.get(connection.manifest.numbering.id, ()),
                its_parts,
                subject.numbers,
                day,
            )
            for (_, day), (connection, its_parts) in calls.items()
        ], unanswered
