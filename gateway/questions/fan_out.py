"""Ask every system that a question needs, side by side, under one deadline."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.contract import Deadline, FetchRequest, GroupRecords
from adapters.errors import (
    AdapterError,
    BadAnswer,
    Foreign,
    MappingFailed,
    NoHistory,
    PlannedUnavailable,
    SourceTimeout,
    WrongSubject,
)
from adapters.manifest import Capability
from gateway.connections import Alarm, Connection
from gateway.questions.guard import Expected, guarded, linked_items
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.records import choose_records
from gateway.subjects import Subject
from standard_models.answers import Method, Provenance


@dataclass(frozen=True, slots=True)
class SystemCall:
    """Everything that one system is asked for one person: its parts, the person's numbers.

    ``known`` are the person's numbers in every numbering, for records that name them too. With
    ``on`` the system is asked what held on that day.
    """

    connection: Connection
    numbers: Sequence[str]
    parts: Sequence[PlannedPart]
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    on: dt.date | None = None


Calls: TypeAlias = Callable[
    [str, Subject, Sequence[PlannedPart], dt.date | None],
    Awaitable[tuple[list[SystemCall], list[Part]]],
]
"""Returns who answers for parts of one person, and the parts that nobody answers for."""


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What became of each part, and the alarms that were sounded on the way."""

    parts: Sequence[Part]
    alarms: Sequence[Alarm] = ()


Outcome = GroupRecords | AdapterError


async def ask_system(call: SystemCall, deadline: Deadline, trace_id: str) -> SystemAnswer:
    """Return what became of each part that the system answers for; never raises AdapterError."""
    if not call.numbers:
        return SystemAnswer([Part.without_records(p, PartStatus.NOT_FOUND) for p in call.parts])
    questions = [_NumberCall(call, number, deadline, trace_id) for number in call.numbers]
    if len(questions) == 1:
        results = [await questions[0].ask()]
    else:
        results = await asyncio.gather(*(question.ask() for question in questions))
    parts = [
        _to_part(call, part, [result[part.group.ref] for result in results]) for part in call.parts
    ]
    return SystemAnswer(parts, [alarm for question in questions for alarm in question.alarms])


class _NumberCall:
    """One call of a system about one number of a person, and its alarms."""

    def __init__(self, call: SystemCall, number: str, deadline: Deadline, trace_id: str) -> None:
        self.alarms: list[Alarm] = []
        self._connection = call.connection
        self._number = number
        self._deadline = deadline
        self._trace_id = trace_id
        self._on = call.on
        manifest = call.connection.manifest
        self._expected = {}
        for part in call.parts:
            ref = part.group.ref
            links = linked_items(manifest, ref, call.known)
            fields = part.wanted.union([link.field for link in links]) if links else part.wanted
            self._expected[ref] = Expected(ref, number, fields, links)

    async def ask(self) -> Mapping[str, Outcome]:
        """Return the outcome of every group; what is not this person's is an error there."""
        groups = {ref: expected.fields for ref, expected in self._expected.items()}
        request = FetchRequest(self._number, groups, self._deadline, self._trace_id, self._on)
        try:
            result = await self._connection.fetch(request)
        except AdapterError as error:
            return dict.fromkeys(groups, self._alarmed(error))
        return {ref: self._guarded(ref, result.groups.get(ref)) for ref in groups}

    def _guarded(self, ref: str, outcome: Outcome | None) -> Outcome:
        if outcome is None:
            return BadAnswer("the adapter left a group out of its result")
        if isinstance(outcome, AdapterError):
            return self._alarmed(outcome)
        try:
            own = guarded(outcome, self._expected[ref])
        except AdapterError as error:
            return self._alarmed(error)
        if own.lost:
            self._sound(Foreign.LOST_RECORD, own.lost)
        return own

    def _alarmed(self, error: AdapterError) -> AdapterError:
        """Return ``error``, after the alarm where the source answered with somebody else."""
        if isinstance(error, WrongSubject):
            self._sound(error.kind)
        return error

    def _sound(self, kind: Foreign, count: int = 1) -> None:
        self.alarms.append(
            self._connection.alarm(
                kind, capability=Capability.FETCH, trace_id=self._trace_id, count=count
            )
        )


def _to_part(call: SystemCall, planned: PlannedPart, outcomes: Sequence[Outcome]) -> Part:
    """Join what the system said under each of the person's numbers. One failure fails the part."""
    found: list[GroupRecords] = []
    for outcome in outcomes:
        if isinstance(outcome, AdapterError):
            return _failed(planned, outcome)
        found.append(outcome)
    lost = sum(f.lost for f in found)
    provenance = _provenance(call, planned, found)
    chosen = choose_records(planned.group, [r for f in found for r in f.records])
    if chosen is None:
        return Part.without_records(planned, PartStatus.CONFLICT, provenance=provenance)
    if not chosen:
        status = PartStatus.LOST_IN_MAPPING if lost else PartStatus.NOT_FOUND
        return Part.without_records(planned, status, provenance=provenance, lost_records=lost)
    records = [{name: r.answers[name] for name in planned.fields} for r in chosen]
    return Part(planned, PartStatus.OK, records, {}, provenance, None, lost)


def _failed(planned: PlannedPart, error: AdapterError) -> Part:
    if isinstance(error, PlannedUnavailable):
        return Part.without_records(planned, PartStatus.UNAVAILABLE_PLANNED, opens_at=error.until)
    if isinstance(error, SourceTimeout):
        return Part.without_records(planned, PartStatus.TIMEOUT)
    if isinstance(error, NoHistory):
        return Part.without_records(planned, PartStatus.NO_HISTORY)
    if isinstance(error, MappingFailed):
        return Part.without_records(planned, PartStatus.LOST_IN_MAPPING)
    return Part.without_records(planned, PartStatus.UNAVAILABLE)


def _provenance(
    call: SystemCall, planned: PlannedPart, found: Sequence[GroupRecords]
) -> Provenance:
    connection = call.connection
    manifest = connection.manifest
    claims = [f.as_of for f in found if f.as_of]
    as_of = min(claims) if len(claims) == len(found) else None
    retrieved_at = min([f.retrieved_at for f in found])
    made_by = next((f.mapping_version for f in found if f.mapping_version), None)
    return Provenance(
        adapter=manifest.id,
        adapter_version=manifest.version,
        mapping_version=made_by or connection.mapping_version,
        system_name=manifest.product.name_ja,
        edition=planned.group.edition_id,
        method=Method.SNAPSHOT if connection.answers_from_copy else Method.LIVE,
        as_of=as_of,
        retrieved_at=retrieved_at,
        stale=connection.is_old(as_of or retrieved_at),
        reference_date=call.on,
    )
