"""Ask every system that a question needs, side by side, under one deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.contract import Deadline, FetchRequest, GroupRecords
from adapters.errors import (
    AdapterError,
    BadAnswer,
    MappingFailed,
    PlannedUnavailable,
    SourceTimeout,
    WrongSubject,
)
from gateway.connections import Connection
from gateway.questions.guard import require_subject
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.records import choose_records
from standard_models.answers import Method, Provenance


@dataclass(frozen=True, slots=True)
class SystemCall:
    """Everything that one system is asked for one person: its parts, the person's numbers."""

    connection: Connection
    numbers: Sequence[str]
    parts: Sequence[PlannedPart]


Outcome = GroupRecords | AdapterError


async def ask_system(call: SystemCall, deadline: Deadline, trace_id: str) -> list[Part]:
    """Return what became of each part that the system answers for; never raises AdapterError."""
    if not call.numbers:
        return [Part.without_records(p, PartStatus.NOT_FOUND) for p in call.parts]
    groups = {p.group.ref: frozenset(p.fields) | p.group.key_fields for p in call.parts}
    results = await asyncio.gather(
        *(_ask_number(call.connection, n, groups, deadline, trace_id) for n in call.numbers)
    )
    return [
        _to_part(call.connection, part, [result[part.group.ref] for result in results])
        for part in call.parts
    ]


async def _ask_number(
    connection: Connection,
    number: str,
    groups: Mapping[str, frozenset[str]],
    deadline: Deadline,
    trace_id: str,
) -> Mapping[str, Outcome]:
    try:
        result = await connection.fetch(FetchRequest(number, groups, deadline, trace_id))
    except AdapterError as error:
        return dict.fromkeys(groups, _alarmed(connection, error))
    return {ref: _guarded(connection, result.groups.get(ref), number) for ref in groups}


def _guarded(connection: Connection, outcome: Outcome | None, number: str) -> Outcome:
    if outcome is None:
        return BadAnswer("the adapter left a group out of its result")
    if isinstance(outcome, AdapterError):
        return _alarmed(connection, outcome)
    try:
        require_subject(outcome.records, number)
    except WrongSubject as error:
        return _alarmed(connection, error)
    return outcome


def _alarmed(connection: Connection, error: AdapterError) -> AdapterError:
    """Return ``error``, after the alarm where the source answered with somebody else."""
    if isinstance(error, WrongSubject):
        connection.suspect()
    return error


def _to_part(connection: Connection, planned: PlannedPart, outcomes: Sequence[Outcome]) -> Part:
    """Join what the system said under each of the person's numbers. One failure fails the part."""
    found: list[GroupRecords] = []
    for outcome in outcomes:
        if isinstance(outcome, AdapterError):
            return _failed(planned, outcome)
        found.append(outcome)
    lost = sum(f.lost for f in found)
    provenance = _provenance(connection, planned, found)
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
    if isinstance(error, MappingFailed):
        return Part.without_records(planned, PartStatus.LOST_IN_MAPPING)
    return Part.without_records(planned, PartStatus.UNAVAILABLE)


def _provenance(
    connection: Connection, planned: PlannedPart, found: Sequence[GroupRecords]
) -> Provenance:
    manifest = connection.manifest
    claims = [f.as_of for f in found]
    return Provenance(
        adapter=manifest.id,
        adapter_version=manifest.version,
        mapping_version=connection.mapping_version,
        system_name=manifest.product.name_ja,
        edition=planned.group.edition_id,
        method=Method.LIVE,
        as_of=min(c for c in claims if c) if all(claims) else None,
        retrieved_at=min(f.retrieved_at for f in found),
    )
