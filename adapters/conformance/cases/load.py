"""K6, the part that needs no sandbox: many calls, no growth."""

from __future__ import annotations

import asyncio
import gc
from typing import Final

from adapters.conformance.judging import errors_of, fetched
from adapters.conformance.kit import Kit, Session
from adapters.conformance.model import Case, Layer
from adapters.contract import GroupRecords
from adapters.manifest import Capability

GROWTH: Final = 20
"""Objects that a call may leave behind, over many calls: caches that fill, no more."""


async def load(kit: Kit) -> list[str]:
    """Make many calls at the declared limit: all go well, and nothing grows with their number."""
    found: set[str] = set()
    async with kit.session() as session:
        await _calls(session, kit.calls // 4, found)
        before = _objects(session)
        await _calls(session, kit.calls, found)
        grown = _objects(session) - before
    if grown > GROWTH * kit.calls // 10:
        found.add("what the adapter holds grows with the number of calls")
    return sorted(found)


async def _calls(session: Session, number: int, found: set[str]) -> None:
    kit = session.kit
    todo = iter([kit.people[n % len(kit.people)] for n in range(number)])

    async def client() -> None:
        for person in todo:
            outcomes, wrong = await fetched(session, person, deadline_s=30)
            found.update(wrong + errors_of(outcomes, (GroupRecords,)))  # type: ignore[arg-type]

    async with asyncio.TaskGroup() as clients:
        for _ in range(kit.manifest.limits.max_concurrency):
            clients.create_task(client())


def _objects(session: Session) -> int:
    session.source.asked.clear()
    session.log.lines.clear()
    gc.collect()
    return len(gc.get_objects())


CASES: Final = (
    Case(
        "load", Layer.LOAD, 2, load, lambda kit: kit.lacks(Capability.FETCH), Capability.FETCH
    ),
)  # fmt: skip
