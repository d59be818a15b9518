"""Keeps the calls per second that a source can bear (``limits.calls_per_second``)."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from adapters.deadline import Deadline
from adapters.errors import RateLimited

Sleep = Callable[[float], Awaitable[None]]
Turn = Callable[[], Awaitable[None]]


class Throttle:
    """Lets calls begin one after the other so that no window holds more than the limit.

    A whole limit of n allows n calls in any second, also all at once; any other is kept by a
    pause of ``1 / limit`` seconds between calls.

    Args:
        per_second: the limit; None for none.
        now: seconds on the clock of deadlines.
    """

    def __init__(
        self,
        per_second: float | None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._now = now
        self._sleep = sleep
        self._ahead = 0
        self.in_window, self.window_s = window_of(per_second)
        self._turns: Final[deque[float]] = deque(maxlen=self.in_window)

    @contextmanager
    def queued(self, deadline: Deadline) -> Iterator[Turn]:
        """Join those who wait; yields what waits for the call's own turn, once.

        Raises:
            RateLimited: everybody ahead would let the call begin after its deadline only;
                ``retry_after_s`` is when its turn would come.
        """
        self._require(self._turn_behind(self._ahead), deadline)
        self._ahead += 1
        waiting = True

        async def turn() -> None:
            nonlocal waiting
            waiting = False
            self._ahead -= 1
            await self.turn(deadline)

        try:
            yield turn
        finally:
            self._ahead -= waiting

    async def turn(self, deadline: Deadline | None = None) -> None:
        """Wait until the next call may begin.

        Raises:
            RateLimited: that is after the deadline; the turn is left to somebody else.
        """
        if not self.window_s:
            return
        begins = self._turn_behind(0)
        if deadline is not None:
            self._require(begins, deadline)
        self._turns.append(begins)
        if (wait := begins - self._now()) > 0:
            await self._sleep(wait)

    def _turn_behind(self, others: int) -> float:
        """Return when a call may begin that lets ``others`` go first which have no turn yet."""
        now, size = self._now(), self.in_window
        free = size - len(self._turns)
        if others < free:
            return now
        rounds, place = divmod(others - free, size)
        last = (*self._turns, *[now] * free)[place]
        return max(last + self.window_s * (rounds + 1), now + self.window_s * rounds)

    def _require(self, begins: float, deadline: Deadline) -> None:
        if self.window_s and begins >= deadline.at:
            wait = begins - self._now()
            raise RateLimited("the source bears no more calls in time", retry_after_s=wait)


def window_of(per_second: float | None) -> tuple[int, float]:
    """Return how many calls may begin in a window, and its seconds; 0 seconds for no limit."""
    if per_second is None:
        return 1, 0.0
    if per_second >= 1 and float(per_second).is_integer():
        return int(per_second), 1.0
    return 1, 1 / per_second


class _InTurn(httpx.AsyncBaseTransport):
    """Sends requests by a client that is lent, each in its turn."""

    def __init__(self, lent: httpx.AsyncClient, throttle: Throttle) -> None:
        self._lent = lent
        self._throttle = throttle

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._throttle.turn()
        answer = await self._lent.send(request, stream=True, follow_redirects=False)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=answer.stream,
            extensions=answer.extensions,
        )


def in_turn(lent: httpx.AsyncClient, throttle: Throttle) -> httpx.AsyncClient:
    """Return a client that sends by ``lent``, each request in its turn.

    Closing it leaves ``lent`` open.
    """
    return httpx.AsyncClient(
        transport=_InTurn(lent, throttle),
        timeout=lent.timeout,
        follow_redirects=False,
        trust_env=False,
    )
