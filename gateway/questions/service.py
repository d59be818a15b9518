"""The way of a question: may it be asked, of whom, of which systems, what may leave, is it noted.

Nothing personal is touched before the rights are clear, and nothing leaves before the audit
record of it is durable.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from adapters.contract import Clock, Deadline
from gateway.access import Access, AccessService, Caller
from gateway.audit import AuditLog
from gateway.clock import TOKYO
from gateway.connections import Alarm, Connections, joined
from gateway.consents import Consents, NoConsents
from gateway.metrics import Metrics
from gateway.predicates import Predicates
from gateway.problems import Problem
from gateway.protection import ProtectionService
from gateway.questions.conditions import (
    aged,
    check_require,
    require_answers,
    with_not_granted,
)
from gateway.questions.derived import as_planned, with_derived, with_inputs
from gateway.questions.door import through_the_door, usable, withheld_items
from gateway.questions.explain import Explanation, explained
from gateway.questions.fan_out import SystemCall, ask_system
from gateway.questions.granted import require_granted, require_groups
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import Permitted, Plan, PlannedPart, plan_question
from gateway.questions.record import QuestionRecord, revealed_items
from gateway.questions.schemas import Asked, Mode, Question
from gateway.questions.statements import (
    NothingStated,
    StatedSource,
    Statements,
    check_preferred,
)
from gateway.receipts import IssuedPart, ReceiptService
from gateway.routes import RouteService
from gateway.subjects import Subject, SubjectService
from standard_models.dictionary import Dictionary


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """An answer whose audit record is durable."""

    question_id: str
    outcome: str
    municipality: str
    purpose: str
    answered_at: dt.datetime
    parts: tuple[Part, ...]
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionRooms:
    """The rooms that a question passes through."""

    access: AccessService
    subjects: SubjectService
    routes: RouteService
    connections: Connections
    protection: ProtectionService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock
    metrics: Metrics
    receipts: ReceiptService
    stated: StatedSource = field(default_factory=NothingStated)
    consents: Consents = field(default_factory=NoConsents)
    predicates: Predicates = field(default_factory=Predicates)


class QuestionService:
    """Answers questions.

    Args:
        deadline_s: seconds that the systems together have for one question.
        at_once: questions that are taken at a time.
    """

    def __init__(self, rooms: QuestionRooms, *, deadline_s: float, at_once: int = 256) -> None:
        self._rooms = rooms
        self._deadline_s = deadline_s
        self._places = at_once

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places for questions; before any work is done for whoever asks.

        Raises:
            Problem: ``overloaded``: all of them are taken.
        """
        if self._places <= 0:
            raise Problem("overloaded", headers={"Retry-After": "1"})
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    async def ask(self, access: Access, question: Question, caller: Caller) -> QuestionAnswer:
        """Return the answer to ``question``.

        Raises:
            Problem: a refusal, itself audited; ``audit-unavailable`` when no record could be
                made, in which case nothing of the answer leaves.
        """
        record = self._record(access, caller, mode=question.mode)
        try:
            permitted = await self.permit(access, question)
            plan, record.plan = permitted.plan, permitted.asked
            subject = await self._rooms.subjects.resolve(access, question.subject)
            record.subject = subject
            await self._rooms.consents.require(access, subject, permitted.by_consent)
        except Problem as problem:
            await record.refused(problem)
            raise
        parts, alarms, opened = await self._collect(access, subject, plan, caller, question)
        parts = with_not_granted(parts, permitted.asked)
        await asyncio.gather(*(record.alarmed(alarm) for alarm in joined(alarms)))
        answered_at = self._rooms.clock.now()
        try:
            require_answers(parts, question.require, answered_at)
        except Problem as problem:
            await record.refused(problem, parts)
            raise
        outcome = _outcome(parts)
        revealed = revealed_items(parts, opened)
        question_id = await record.answered(outcome, parts, answered_at, revealed)
        if revealed:
            self._rooms.metrics.items_revealed(len(revealed))
            asker = (access.client_id, access.purpose_id)
            self._rooms.protection.revealed(access.municipality, asker, len(revealed))
        receipt = (
            self._rooms.receipts.issue(
                access, question.subject, question_id, answered_at, [_issued(p) for p in parts]
            )
            if question.receipt
            else None
        )
        return QuestionAnswer(
            question_id, outcome, access.municipality, question.purpose, answered_at, parts, receipt
        )

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
                ``invalid-body``, ``item-not-granted``, ``mode-not-granted``.
        """
        own = await self._rooms.access.grants_of(access, asked.purpose)
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
    ) -> tuple[tuple[Part, ...], list[Alarm], frozenset[str]]:
        """Return the parts as they may leave, and what sources did that is not about them.

        The last are the references of items that are open although a measure protects the person.
        """
        municipality = access.municipality
        statements = Statements(
            self._rooms.stated, municipality, subject.subject_id, access.purpose_id
        )
        predicates = self._rooms.predicates
        needed = with_inputs(plan.parts, predicates)
        stated = await statements.before_systems(needed, question.prefer_stated)
        known = {part.planned.group.ref for part in stated}
        left = [part for part in needed if part.group.ref not in known]
        calls, no_system = await self._calls(municipality, subject, left)
        deadline = Deadline.after(self._deadline_s)
        async with asyncio.TaskGroup() as tasks:
            asking = [
                tasks.create_task(ask_system(call, deadline, caller.trace_id)) for call in calls
            ]
        found = [part for task in asking for part in task.result().parts]
        answered = aged(found, question.max_age, self._rooms.clock.now())
        others = aged(
            [*stated, *await statements.instead_of(no_system)],
            question.max_age,
            self._rooms.clock.now(),
        )
        alarms = [alarm for task in asking for alarm in task.result().alarms]
        self._count(answered)
        # Looked up last: a flag that arrived while a slow system was answering counts.
        status = await self._rooms.protection.status(municipality, subject.numbers)
        asker = (access.client_id, access.purpose_id)
        opened = await self._rooms.protection.opened(municipality, asker, subject.numbers)
        opened = usable(opened, status, needed)
        by_group = {p.planned.group.ref: p for p in (*answered, *others)}
        before = [by_group[part.group.ref] for part in needed]
        after = tuple(through_the_door(part, status, opened) for part in before)
        if withheld := sum(
            withheld_items(a) - withheld_items(b) for a, b in zip(after, before, strict=True)
        ):
            self._rooms.metrics.items_withheld(withheld, self._rooms.clock.now().date())
            self._rooms.protection.withheld(municipality, withheld)
        found_by_group = {part.planned.group.ref: part for part in after}
        day = self._rooms.clock.now().astimezone(TOKYO).date()
        return as_planned(plan.parts, found_by_group, predicates, day), alarms, opened

    def _record(self, access: Access, caller: Caller, mode: Mode = Mode.REFUSE) -> QuestionRecord:
        rooms = self._rooms
        return QuestionRecord(rooms.audit, rooms.clock, access, caller, mode=mode)

    def _count(self, parts: Sequence[Part]) -> None:
        for part in parts:
            adapter = part.provenance.adapter if part.provenance else "-"
            self._rooms.metrics.part_ended(adapter, part.status.value)

    async def _calls(
        self, municipality: str, subject: Subject, parts: Sequence[PlannedPart]
    ) -> tuple[list[SystemCall], list[Part]]:
        """Return one call for each system, and the parts that no system can answer."""
        routes = await self._rooms.routes.for_groups(municipality, [p.group.ref for p in parts])
        by_adapter: dict[str, list[PlannedPart]] = {}
        unanswered: list[Part] = []
        for part in parts:
            route = routes.get(part.group.ref)
            if route is None:
                unanswered.append(Part.without_records(part, PartStatus.NOT_SUPPLIED))
            elif self._rooms.connections.find(municipality, route.adapter_id) is None:
                unanswered.append(Part.without_records(part, PartStatus.UNAVAILABLE))
            else:
                by_adapter.setdefault(route.adapter_id, []).append(part)
        calls = []
        for adapter_id, its_parts in by_adapter.items():
            connection = self._rooms.connections.find(municipality, adapter_id)
            if connection is not None:
                numbers = subject.numbers.get(connection.manifest.numbering.id, ())
                calls.append(SystemCall(connection, numbers, its_parts, subject.numbers))
        return calls, unanswered


def _issued(part: Part) -> IssuedPart:
    found = part.provenance
    return IssuedPart(
        group=part.planned.group,
        fields=part.planned.fields,
        records=part.records,
        absences=part.absences,
        source=found.adapter if found else None,
        as_of=found.as_of if found else None,
    )


def _outcome(parts: Sequence[Part]) -> str:
    """Return ``complete`` when every part is known, ``none`` when no part is, else ``partial``.

    That a source knows no record is an answer; that it could not be asked is not.
    """
    known = [p.status in {PartStatus.OK, PartStatus.NOT_FOUND} for p in parts]
    return "complete" if all(known) else "partial" if any(known) else "none"
