"""Where a call comes from, and the audit record of an operation that a known consumer called."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from gateway.access.tokens import Access
from gateway.audit import AuditEntry, AuditKind


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from, for its audit record."""

    trace_id: str = ""
    terminal: str = ""


def operation_entry(
    access: Access,
    caller: Caller,
    at: dt.datetime,
    *,
    function: str,
    outcome: str,
    subject_key: str | None = None,
    problem: str | None = None,
    items_asked: tuple[str, ...] = (),
) -> AuditEntry:
    """Return who called from where for which purpose, and what became of it."""
    return AuditEntry(
        municipality=access.municipality,
        at=at,
        kind=AuditKind.OPERATION,
        outcome=outcome,
        problem=problem,
        trace_id=caller.trace_id,
        terminal=caller.terminal,
        client_id=access.client_id,
        subject_key=subject_key,
        purpose=access.purpose_id,
        items_asked=items_asked,
        function=function,
    )
