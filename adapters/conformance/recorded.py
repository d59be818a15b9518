"""A source that answers what the vendor recorded, for transports that the kit does not speak."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from adapters.conformance.description import Person
from adapters.deadline import Deadline
from adapters.mapping.model import Read
from adapters.sources import Source
from adapters.sources.base import Slots


@dataclass(frozen=True, slots=True)
class SourceCall:
    """One read as it was asked; ``good`` is what was recorded for it."""

    read: Read
    name: str
    slots: Slots
    person: Person | None
    good: Any


SourceFault = Callable[[SourceCall], Awaitable[Any]]
Recorded = Callable[[Read, Slots], SourceCall]


class RecordedSource:
    """Stands in the place of an adapter's source. ``fault`` answers in its own way."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self.fault: SourceFault | None = None
        self.asked: list[SourceCall] = []
        self.asked_at: list[float] = []
        self.first_question = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return what was recorded."""
        deadline.require_s()
        call = self._recorded(read, slots)
        self.asked.append(call)
        self.asked_at.append(time.monotonic())
        self.first_question.set()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.fault is not None:
                return await self.fault(call)
            return copy.deepcopy(call.good)
        finally:
            self.at_once -= 1

    async def ping(self, deadline: Deadline) -> str | None:
        """Answer like a source that is well."""
        deadline.require_s()
        return None

    async def aclose(self) -> None:
        """Do nothing."""


class Listening:
    """Keeps what the source around it answered, by the name of the read."""

    def __init__(self, inner: Source, name_of: Callable[[Read], str], kept: dict[str, Any]) -> None:
        self._inner, self._name_of, self._kept = inner, name_of, kept

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the answer of the source."""
        answer = await self._inner.read(read, slots, deadline)
        self._kept[self._name_of(read)] = copy.deepcopy(answer)
        return answer

    async def ping(self, deadline: Deadline) -> str | None:
        """Return what the source says."""
        return await self._inner.ping(deadline)

    async def aclose(self) -> None:
        """Close the source."""
        await self._inner.aclose()
