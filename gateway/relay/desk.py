"""Where requests wait for the core, in memory alone, for a bounded time and in bounded number.

A request is handed out once and never again: whoever took it may have acted on it. Only what has
not left the desk yet, when whoever wanted it goes away, is handed to somebody else.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.problems import Problem
from gateway.relay.frames import Forwarded, Returned

GONE_S: Final = 5.0
"""A core that has not asked for so long is not there."""


@dataclass(slots=True, eq=False)
class _Waiting:
    request: Forwarded
    answer: asyncio.Future[Returned]
    handed: bool = field(default=False)


class Desk:
    """The requests that wait, and those that the core has taken.

    Args:
        deadline_s: seconds that a request waits for its answer.
        limit: requests at the desk at a time; the next one is refused.
        now: seconds that only grow.
    """

    def __init__(
        self, *, deadline_s: float, limit: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._deadline_s = deadline_s
        self._limit = limit
        self._now = now
        self._queue: deque[_Waiting] = deque()
        self._by_ticket: dict[str, _Waiting] = {}
        self._came = asyncio.Event()
        self._asking = 0
        self._asked_at: float | None = None
        self._closed = False

    def close(self) -> None:
        """Let nobody wait for a request any more."""
        self._closed = True
        self._came.set()

    @property
    def attended(self) -> bool:
        """Tell whether a core asks for requests."""
        if self._asking:
            return True
        return self._asked_at is not None and self._now() - self._asked_at < GONE_S

    @property
    def asking(self) -> int:
        """Return how many questions for a request are open."""
        return self._asking

    @property
    def waiting(self) -> int:
        """Return how many requests nobody has taken yet."""
        return sum(not one.handed for one in self._by_ticket.values())

    async def ask(self, request: Forwarded) -> Returned:
        """Return what the core answers.

        Raises:
            Problem: ``core-unreachable``: no core took the request, so nothing was done;
                ``core-late``: one took it and has not answered; ``overloaded``.
        """
        if not self.attended:
            raise _unreachable()
        if len(self._by_ticket) >= self._limit:
            raise Problem("overloaded", headers={"Retry-After": "1"})
        ticket = secrets.token_hex(16)
        future: asyncio.Future[Returned] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(replace(request, ticket=ticket), future)
        self._by_ticket[ticket] = waiting
        self._queue.append(waiting)
        self._came.set()
        try:
            async with asyncio.timeout(self._deadline_s):
                return await future
        except TimeoutError:
            raise Problem("core-late") if waiting.handed else _unreachable() from None
        finally:
            del self._by_ticket[ticket]

    async def take(self, wait_s: float) -> Forwarded | None:
        """Return the request that has waited longest, None if none comes within ``wait_s``."""
        self._asking += 1
        try:
            async with asyncio.timeout(wait_s):
                while (found := self._next()) is None and not self._closed:
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return None
        else:
            return found
        finally:
            self._asking -= 1
            self._asked_at = self._now()

    def take_back(self, request: Forwarded) -> None:
        """Hand a request to somebody else: whoever took it was gone before it left the desk."""
        waiting = self._by_ticket.get(request.ticket)
        if waiting is not None and not waiting.answer.done():
            waiting.handed = False
            self._queue.appendleft(waiting)
            self._came.set()

    def give(self, ticket: str, answer: Returned) -> bool:
        """Hand an answer over; False where nobody waits for it any more."""
        waiting = self._by_ticket.get(ticket)
        if waiting is None or not waiting.handed or waiting.answer.done():
            return False
        waiting.answer.set_result(answer)
        return True

    def _next(self) -> Forwarded | None:
        while self._queue:
            waiting = self._queue.popleft()
            if not waiting.answer.done() and waiting.request.ticket in self._by_ticket:
                waiting.handed = True
                return waiting.request
        return None


def _unreachable() -> Problem:
    return Problem("core-unreachable", headers={"Retry-After": "5"})
