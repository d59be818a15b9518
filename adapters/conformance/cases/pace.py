"""K2: the calls per second that a source can bear."""

from __future__ import annotations

import asyncio
from typing import Final

from adapters.conformance.kit import Kit, Outcomes, Session
from adapters.conformance.model import Case, Layer
from adapters.errors import AdapterError, RateLimited, Unavailable
from adapters.manifest import Capability
from adapters.throttle import window_of

EARLY: Final = 0.75
"""Share of a window that must lie between arrivals; the rest is what ways to a source differ by."""

ATTEMPTS: Final = 3
"""Calls that began apart may arrive together on a busy machine, but hardly again and again."""

PATIENCE_S: Final = 60.0


async def pace(kit: Kit) -> list[str]:
    """Ask faster than the source bears: no window of time holds more than the manifest says."""
    found: list[str] = []
    for _ in range(ATTEMPTS):
        found = await _attempt(kit)
        if not found:
            break
    return found


async def _attempt(kit: Kit) -> list[str]:
    size, window_s = window_of(kit.manifest.limits.calls_per_second)
    async with kit.session() as session:
        outcomes = await _at_once(session, size + 2, PATIENCE_S)
        at = sorted(session.source.asked_at)
        found = sorted(
            {f"a call that waited: {error.code}" for o in outcomes for error in _errors(o)}
        )
        if len(at) < size + 2:
            found.append(f"{len(at)} calls reach the source, of {size + 2}")
        apart = min((b - a for a, b in zip(at, at[size:], strict=False)), default=window_s)
        if apart < window_s * EARLY:
            found.append(f"{size + 1} calls within {apart:.2f} s; {size} are allowed")
        return found or await _hopeless(session, size, window_s)


async def _hopeless(session: Session, size: int, window_s: float) -> list[str]:
    """Ask for more than can begin in time: what cannot is told so, with when to come again."""
    outcomes = await _at_once(session, size + 2, window_s / 2)
    late = [error for o in outcomes for error in _errors(o)]
    if any(not isinstance(error, Unavailable) for error in late) or not late:
        return ["a call that cannot begin before its deadline does not end as Unavailable"]
    told = [e for e in late if isinstance(e, RateLimited) and e.retry_after_s]
    if session.kit.document is not None and not told:
        return ["a call that cannot begin before its deadline is not told when to come again"]
    return []


async def _at_once(session: Session, number: int, deadline_s: float) -> list[Outcomes]:
    """Ask ``number`` times for one group, so that each call asks the source once."""
    kit = session.kit
    async with asyncio.TaskGroup() as together:
        calls = [
            together.create_task(
                session.fetch(
                    kit.people[n % len(kit.people)].number,
                    kit.manifest.groups[:1],
                    deadline_s=deadline_s,
                )
            )
            for n in range(number)
        ]
    return [call.result() for call in calls]


def _errors(outcomes: Outcomes) -> list[AdapterError]:
    return [outcome for outcome in outcomes.values() if isinstance(outcome, AdapterError)]


def _no_pace(kit: Kit) -> str | None:
    if reason := kit.lacks(Capability.FETCH):
        return reason
    if kit.manifest.limits.calls_per_second is None:
        return "the manifest states no calls per second"
    return None


CASES: Final = (Case("pace", Layer.BEHAVIOUR, 2, pace, _no_pace, Capability.FETCH),)
