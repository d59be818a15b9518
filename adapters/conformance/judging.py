"""How the outcome of a call is judged, whatever the case."""

from __future__ import annotations

import asyncio
import time

from adapters.conformance.description import Person
from adapters.conformance.kit import Crashed, Outcomes, Session
from adapters.contract import GroupRecords
from adapters.errors import AdapterError
from standard_models.answers import StandardRecord, Value

GRACE_S = 1.5
"""How much later than its deadline a call may end on a busy machine."""


async def fetched(
    session: Session, person: Person, *, deadline_s: float = 5.0
) -> tuple[Outcomes, list[str]]:
    """Return the outcomes of one call, and what is wrong with its way of ending."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(deadline_s + GRACE_S):
            outcomes = await session.fetch(person.number, deadline_s=deadline_s)
    except TimeoutError:
        return {}, [f"the call goes on after its deadline of {deadline_s} s"]
    except Crashed as crash:
        return {}, [f"{crash.error} is raised, which is no AdapterError"]
    if time.monotonic() - begun > deadline_s + GRACE_S:
        return outcomes, [f"the call ends later than its deadline of {deadline_s} s"]
    return outcomes, []


def errors_of(outcomes: Outcomes, allowed: tuple[type[AdapterError], ...]) -> list[str]:
    """Return the groups whose outcome is none of the allowed errors."""
    names = " or ".join(kind.__name__ for kind in allowed)
    return [
        f"{ref}: {_what(outcome)} in the place of {names}"
        for ref, outcome in outcomes.items()
        if not isinstance(outcome, allowed)
    ]


def _what(outcome: GroupRecords | AdapterError) -> str:
    if isinstance(outcome, AdapterError):
        return type(outcome).__name__
    return f"an answer with {len(outcome.records)} records"


async def recovers(session: Session, person: Person) -> list[str]:
    """Return what is wrong with the first call after the source is well again."""
    outcomes, wrong = await fetched(session, person)
    return wrong + [
        f"{ref}: still {type(outcome).__name__} when the source is well again"
        for ref, outcome in outcomes.items()
        if isinstance(outcome, AdapterError)
    ]


def records(outcomes: Outcomes) -> list[StandardRecord]:
    """Return every record of every group."""
    return [
        record
        for outcome in outcomes.values()
        if isinstance(outcome, GroupRecords)
        for record in outcome.records
    ]


def values(record: StandardRecord) -> set[str]:
    """Return the values of a record as texts."""
    return {str(a.value) for a in record.answers.values() if isinstance(a, Value)}


def foreign(session: Session, person: Person, outcomes: Outcomes) -> list[str]:
    """Return the groups in which ``person`` gets what belongs to somebody else.

    A record that names the other person by its own number is what the host's guard needs, and an
    error is right as well. A record that names ``person`` and holds what the other has is neither.
    """
    others = [other for other in session.kit.people if other is not person]
    theirs = {c for other in others for c in session.kit.description.canaries(other)}
    mine = set(session.kit.description.canaries(person))
    found = []
    for ref, outcome in outcomes.items():
        if isinstance(outcome, AdapterError):
            continue
        mixed = [
            record
            for record in outcome.records
            if record.subject_number == person.number and values(record) & (theirs - mine)
        ]
        if mixed:
            found.append(f"{ref}: a record with the number asked for holds somebody else's")
    return found
