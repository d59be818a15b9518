"""The audit record of a question, an explanation or a refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.contract import Clock
from gateway.access import Access, Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.connections import Alarm
from gateway.problems import Problem
from gateway.questions.explain import Explanation
from gateway.questions.parts import Part
from gateway.questions.plan import Plan
from gateway.questions.schemas import Mode
from gateway.subjects import Subject
from gateway.subjects.acting import in_whose_place
from standard_models.answers import Answer, Value


@dataclass(slots=True)
class QuestionRecord:
    """The audit record of one question, filled in as the question goes along."""

    audit: AuditLog
    clock: Clock
    access: Access
    caller: Caller
    plan: Plan | None = None
    subject: Subject | None = None
    mode: Mode = Mode.REFUSE
    as_of: dt.date | None = None
    scope: Mapping[str, str | int] | None = None

    def of_member(self, subject: Subject | None, part: str) -> QuestionRecord:
        """Return the record of another person whom the same question touches. Rule AU-10."""
        return replace(self, subject=subject, scope={**(self.scope or {}), "part": part})

    async def refused(self, problem: Problem, parts: Iterable[Part] = ()) -> None:
        """Make a refusal durable, with what had become of the parts by then."""
        entry = self._entry("refused", self.clock.now(), problem.type.slug)
        await self.audit.append(replace(entry, part_statuses=_statuses(parts)))

    async def explained(self, found: Explanation) -> None:
        """Make durable that somebody asked what would become of a question."""
        entry = self._entry(f"explained-{found.verdict.value}", self.clock.now())
        await self.audit.append(replace(entry, function="explain"))

    async def alarmed(self, alarm: Alarm) -> None:
        """Make an alarm durable; the person asked for stands in it under the audit pseudonym."""
        entry = self._entry("discarded", self.clock.now())
        said: dict[str, str | int] = {
            "adapter": alarm.adapter_id,
            "capability": alarm.capability.value,
            "kind": alarm.kind.value,
            "count": alarm.count,
        }
        await self.audit.append(
            replace(entry, kind=AuditKind.EVENT, function="wrong-person", alarm=said)
        )

    async def answered(
        self,
        outcome: str,
        parts: Iterable[Part],
        answered_at: dt.datetime,
        revealed: tuple[str, ...],
    ) -> str:
        """Make the answer durable and return the id of its record.

        ``revealed`` are the ids of protected items of which a value leaves.
        """
        parts = tuple(parts)
        return await self.audit.append(
            self._entry(outcome, answered_at, parts=parts, revealed=revealed)
        )

    def _entry(
        self,
        outcome: str,
        at: dt.datetime,
        problem: str | None = None,
        *,
        parts: Sequence[Part] = (),
        revealed: tuple[str, ...] = (),
    ) -> AuditEntry:
        subject_key = (
            self.audit.pseudonym(self.access.municipality, self.subject.subject_id)
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
            items_delivered=_delivered(parts),
            items_revealed=revealed,
            part_statuses=_statuses(parts),
            mode=self.mode.value,
            outcome=outcome,
            problem=problem,
            trace_id=self.caller.trace_id,
            terminal=self.caller.terminal,
            function="question",
            representation=in_whose_place(self.audit, self.access.municipality, self.subject),
            scope=self.scope or self._day(),
            sources=sources_of(parts),
        )

    def _day(self) -> Mapping[str, str] | None:
        return {"reference_date": self.as_of.isoformat()} if self.as_of else None


def _statuses(parts: Iterable[Part]) -> dict[str, str]:
    return {part.planned.group.ref: part.status.value for part in parts}


def sources_of(parts: Iterable[Part]) -> dict[str, dict[str, str]]:
    """Return where the records of each group came from, as the audit record says it."""
    return {
        part.planned.group.ref: {
            "adapter": came.adapter,
            "version": came.adapter_version,
            "mapping": came.mapping_version,
            "edition": came.edition,
            "method": came.method.value,
        }
        for part in parts
        if part.records and (came := part.provenance) is not None
    }


def _delivered(parts: Iterable[Part]) -> tuple[str, ...]:
    delivered = [
        item_id
        for part in parts
        for name, item_id in part.planned.item_ids
        if _has_value(part.records, name)
    ]
    delivered.sort()
    return tuple(delivered)


def revealed_items(parts: Iterable[Part], opened: frozenset[str]) -> tuple[str, ...]:
    """Return the ids of the opened items of which a value leaves."""
    if not opened:
        return ()
    items = (
        part.planned.group.item(name)
        for part in parts
        for name in part.planned.fields
        if _has_value(part.records, name)
    )
    return tuple(sorted(item.item_id for item in items if item.ref in opened))


def _has_value(records: Sequence[Mapping[str, Answer]], name: str) -> bool:
    for record in records:  # noqa: SIM110 - for every item of every answer
        if type(record[name]) is Value:
            return True
    return False
