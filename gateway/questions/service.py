"""The way of a question: may it be asked, of whom, of which systems, what may leave, is it noted.

Nothing personal is touched before the rights are clear, and nothing leaves before the audit
record of it is durable.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NoReturn

from adapters.contract import Clock, Deadline
from gateway.access import Access, AccessService, Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.connections import Alarm, Connections, joined
from gateway.metrics import Metrics
from gateway.problems import FieldError, Problem
from gateway.protection import ProtectionService, ProtectionStatus, withhold
from gateway.questions.conditions import (
    aged,
    check_require,
    require_answers,
    with_not_granted,
)
from gateway.questions.explain import Explanation, explained
from gateway.questions.fan_out import SystemCall, ask_system
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import Permitted, Plan, PlannedPart, plan_question
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
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.dictionary import Dictionary

_ANSWERED = frozenset({PartStatus.OK, PartStatus.NOT_FOUND, PartStatus.LOST_IN_MAPPING})


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
        record = _Record(self._rooms, access, caller, mode=question.mode)
        try:
            permitted = await self.permit(access, question)
            plan, record.plan = permitted.plan, permitted.asked
            subject = await self._rooms.subjects.resolve(
                access.municipality, access.client_id, question.subject
            )
            record.subject = subject
        except Problem as problem:
            await record.refused(problem)
            raise
        parts, alarms = await self._collect(access, subject, plan, caller, question)
        parts = with_not_granted(parts, permitted.asked)
        await asyncio.gather(*(record.alarmed(alarm) for alarm in joined(alarms)))
        answered_at = self._rooms.clock.now()
        try:
            require_answers(parts, question.require, answered_at)
        except Problem as problem:
            await record.refused(problem, parts)
            raise
        outcome = _outcome(parts)
        question_id = await record.answered(outcome, parts, answered_at)
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
        await _Record(self._rooms, access, caller, mode=asked.mode).explained(found)
        return found

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that is no question, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable`` if the refusal could not be recorded.
        """
        await _Record(self._rooms, access, caller).refused(problem)
        raise problem

    async def permit(self, access: Access, asked: Asked) -> Permitted:
        """Return what may be answered of what is asked, before anything personal is touched.

        Raises:
            Problem: ``unknown-purpose``, ``purpose-not-granted``, ``unknown-item``,
                ``invalid-body``, ``item-not-granted``, ``mode-not-granted``.
        """
        granted = await self._rooms.access.grants_for(
            access.municipality, access.client_id, asked.purpose
        )
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
            _require_granted(asked.items, granted.items)
            return Permitted(everything, everything, granted)
        if not granted.intersect:
            raise Problem("mode-not-granted")
        kept = [reference for reference in asked.items if reference in granted.items]
        plan = plan_question(kept, dictionary)
        _require_groups(asked.require, plan)
        return Permitted(plan, everything, granted)

    async def _collect(
        self,
        access: Access,
        subject: Subject,
        plan: Plan,
        caller: Caller,
        question: Question,
    ) -> tuple[tuple[Part, ...], list[Alarm]]:
        """Return the parts as they may leave, and what sources did that is not about them."""
        municipality = access.municipality
        statements = Statements(
            self._rooms.stated, municipality, subject.subject_id, access.purpose_id
        )
        stated = await statements.before_systems(plan.parts, question.prefer_stated)
        known = {part.planned.group.ref for part in stated}
        left = [part for part in plan.parts if part.group.ref not in known]
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
        by_group = {p.planned.group.ref: p for p in (*answered, *others)}
        before = [by_group[part.group.ref] for part in plan.parts]
        after = tuple(_through_the_door(part, status) for part in before)
        if withheld := sum(_withheld(a) - _withheld(b) for a, b in zip(after, before, strict=True)):
            self._rooms.metrics.items_withheld(withheld, self._rooms.clock.now().date())
        return after, alarms

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


@dataclass(slots=True)
class _Record:
    """The audit record of one question, filled in as the question goes along."""

    rooms: QuestionRooms
    access: Access
    caller: Caller
    plan: Plan | None = None
    subject: Subject | None = None
    mode: Mode = Mode.REFUSE

    async def refused(self, problem: Problem, parts: Iterable[Part] = ()) -> None:
        entry = self._entry("refused", self.rooms.clock.now(), problem=problem.type.slug)
        await self.rooms.audit.append(replace(entry, part_statuses=_statuses(parts)))

    async def explained(self, found: Explanation) -> None:
        entry = self._entry(f"explained-{found.verdict.value}", self.rooms.clock.now())
        await self.rooms.audit.append(replace(entry, function="explain"))

    async def alarmed(self, alarm: Alarm) -> None:
        """Make an alarm durable; the person asked for stands in it under the audit pseudonym."""
        entry = self._entry("discarded", self.rooms.clock.now())
        said: dict[str, str | int] = {
            "adapter": alarm.adapter_id,
            "capability": alarm.capability.value,
            "kind": alarm.kind.value,
            "count": alarm.count,
        }
        await self.rooms.audit.append(
            replace(entry, kind=AuditKind.EVENT, function="wrong-person", alarm=said)
        )

    async def answered(self, outcome: str, parts: Iterable[Part], answered_at: dt.datetime) -> str:
        parts = tuple(parts)
        entry = self._entry(outcome, answered_at)
        return await self.rooms.audit.append(
            replace(
                entry,
                items_delivered=_delivered(parts),
                part_statuses=_statuses(parts),
            )
        )

    def _entry(self, outcome: str, at: dt.datetime, problem: str | None = None) -> AuditEntry:
        subject_key = (
            self.rooms.audit.pseudonym(self.access.municipality, self.subject.subject_id)
            if self.subject
            else None
        )
        return AuditEntry(
            municipality=self.access.municipality,
            at=at,
            kind=AuditKind.OPERATION,
            client_id=self.access.client_id,
            subject_key=subject_key,
            purpose=self.access.purpose_id,
            items_asked=self.plan.item_ids if self.plan else (),
            mode=self.mode.value,
            outcome=outcome,
            problem=problem,
            trace_id=self.caller.trace_id,
            terminal=self.caller.terminal,
            function="question",
        )


def _statuses(parts: Iterable[Part]) -> dict[str, str]:
    return {part.planned.group.ref: part.status.value for part in parts}


def _require_granted(items: Sequence[str], granted: frozenset[str]) -> None:
    """Refuse the whole question when one item is outside the grant.

    Raises:
        Problem: ``item-not-granted``, pointing at every such item.
    """
    outside = [
        FieldError(
            f"/items/{position}",
            "この利用目的には許可されていない項目です。",
            "The grant of this purpose does not hold this item.",
        )
        for position, reference in enumerate(items)
        if reference not in granted
    ]
    if outside:
        raise Problem("item-not-granted", errors=outside)


def _require_groups(required: Sequence[str], plan: Plan) -> None:
    """Refuse a question that cannot do without a group of which nothing is granted.

    Raises:
        Problem: ``item-not-granted``, pointing at every such group.
    """
    left = {part.group.ref for part in plan.parts}
    outside = [
        FieldError(
            f"/require/{position}",
            "このグループの項目は一つも許可されていません。",
            "The grant holds no item of this group.",
        )
        for position, ref in enumerate(required)
        if ref not in left
    ]
    if outside:
        raise Problem("item-not-granted", errors=outside)


def _through_the_door(part: Part, status: ProtectionStatus) -> Part:
    """Withhold what protection withholds, also where the source has nothing recorded.

    A part that a source could not answer stays as it is: it holds nothing, and looks the same for
    a protected person as for anybody else.
    """
    address_class = part.planned.group.address_class
    if not address_class or part.status not in _ANSWERED:
        return part
    return replace(
        part,
        records=[withhold(record, address_class, status) for record in part.records],
        absences=withhold(part.absences, address_class, status),
    )


def _withheld(part: Part) -> int:
    """Return how many items of the part answer that the office must be asked."""
    holders = (*part.records, part.absences)
    return sum(
        isinstance(answer, Absence) and answer.reason is AbsenceReason.ASK_OFFICE
        for holder in holders
        for answer in holder.values()
    )


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


def _delivered(parts: Iterable[Part]) -> tuple[str, ...]:
    return tuple(
        sorted(
            part.planned.group.item(name).item_id
            for part in parts
            for name in part.planned.fields
            if _has_value(part.records, name)
        )
    )


def _has_value(records: Sequence[Mapping[str, Answer]], name: str) -> bool:
    return any(isinstance(record[name], Value) for record in records)
