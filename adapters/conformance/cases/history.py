"""K2: records as they were on a day."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from adapters.conformance.kit import NOW, Kit, Session
from adapters.conformance.model import Case, Layer
from adapters.conformance.recorded import RecordedSource, SourceCall
from adapters.contract import GroupRecords
from adapters.errors import NoHistory
from adapters.manifest import Capability, History
from adapters.mapping.rows import write_path

_TODAY: Final = NOW.date()


async def history(kit: Kit) -> list[str]:
    """Ask for two days: both reach the source; a group without history is refused unasked."""
    found: list[str] = []
    async with kit.session() as session:
        for ref in kit.manifest.groups:
            declared = kit.manifest.history_of(ref)
            if declared is None:
                found += await _refused(session, ref)
            else:
                found += await _answered(session, ref, declared)
                found += await _unclear(session, ref)
    return found


async def _refused(session: Session, ref: str) -> list[str]:
    asked = len(session.source.asked)
    outcome = (await session.fetch(session.kit.people[0].number, [ref], on=_TODAY))[ref]
    found = []
    if not isinstance(outcome, NoHistory):
        found.append(f"{ref}: {type(outcome).__name__} for a day, in the place of NoHistory")
    if len(session.source.asked) != asked:
        found.append(f"{ref}: the source is asked for a day that it cannot answer for")
    return found


async def _answered(session: Session, ref: str, declared: History) -> list[str]:
    number, found = session.kit.people[0].number, []
    before = len(session.source.asked)
    days = (declared.since, max(declared.since + dt.timedelta(days=400), _TODAY))
    for day in days:
        outcome = (await session.fetch(number, [ref], on=day))[ref]
        if not isinstance(outcome, GroupRecords):
            found.append(f"{ref}: {type(outcome).__name__} for a day within its history")
        elif any(record.subject_number != number for record in outcome.records):
            found.append(f"{ref}: a record for a day echoes another number")
    said = {_content(call) for call in session.source.asked[before:]}
    if len(said) < len(days):
        found.append(f"{ref}: the day does not reach the source")
    return found


async def _unclear(session: Session, ref: str) -> list[str]:
    """Let the source say that it does not know what held."""
    document = session.kit.document
    rule = document.mapping.history.get(ref) if document else None
    if rule is None or rule.unclear is None or not isinstance(session.source, RecordedSource):
        return []

    async def unsure(call: SourceCall, field: str = rule.unclear) -> Any:
        return [write_path(element, field, "1") for element in call.good or ()]

    session.source.fault = unsure
    outcome = (await session.fetch(session.kit.people[0].number, [ref], on=_TODAY))[ref]
    session.source.fault = None
    if isinstance(outcome, NoHistory):
        return []
    return [f"{ref}: {type(outcome).__name__} for a day that the source is not sure of"]


def _content(call: Any) -> str:
    """Return what was asked, whatever the transport."""
    if isinstance(call, SourceCall):
        return repr(sorted((name, str(value)) for name, value in call.slots.items()))
    return f"{call.target}{call.body!r}"


CASES: Final = (
    Case(
        "history", Layer.BEHAVIOUR, 1, history, lambda kit: kit.lacks(Capability.FETCH),
        Capability.FETCH,
    ),
)  # fmt: skip
