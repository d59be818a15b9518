"""Going down in good order: what was begun is answered, what comes now is sent elsewhere."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar, Final

import uvicorn

from gateway.api.accepting import ALONE, Acceptor
from gateway.problems import Problem

DRAIN_S: Final = 30.0
"""How long requests that were begun may take to end once the notice is over."""
_STILL_ANSWERED: Final = frozenset({"/health", "/metrics"})


class Drain:
    """Counts the requests that are being answered, and lets no more in once it has begun."""

    def __init__(self) -> None:
        self._running = 0
        self._begun = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._told: list[Callable[[], None]] = []

    def tell(self, told: Callable[[], None]) -> None:
        """Let somebody know as soon as nothing more is let in."""
        self._told.append(told)

    def begin(self) -> None:
        """Let nothing more in."""
        self._begun = True
        for told in self._told:
            told()

    @contextmanager
    def admitted(self, path: str) -> Iterator[None]:
        """Count one request.

        Raises:
            Problem: ``shutting-down``: it came too late. Health and figures are told to the end.

        """
        if self._begun and path not in _STILL_ANSWERED:
            raise Problem("shutting-down", headers={"Retry-After": "5", "Connection": "close"})
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def ended(self) -> None:
        """Return when nothing is being answered any more."""
        await self._idle.wait()


class DrainingServer(uvicorn.Server):
    """uvicorn, but asked to end (SIGTERM) it listens on until what was begun is answered.

    New requests get 503 meanwhile, and for ``notice_s`` seconds at least, so that a balancer
    notices before connections are refused. Asked a second time (Ctrl-C) it ends at once.
    """

    AT_A_TURN: ClassVar = ALONE

    def __init__(self, config: uvicorn.Config, drain: Drain, *, notice_s: float) -> None:
        super().__init__(config)
        self.acceptors: list[Acceptor] = []
        self._drain = drain
        self._notice_s = notice_s
        self._retires = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        if sockets is None:
            await super().startup()
            return
        await super().startup([])

        def protocol() -> asyncio.Protocol:
            return self.config.http_protocol_class(  # type: ignore[call-arg]
                config=self.config,
                server_state=self.server_state,
                app_state=self.lifespan.state,
            )

        self.acceptors = [Acceptor(s, protocol, at_a_turn=self.AT_A_TURN) for s in sockets]
        for acceptor in self.acceptors:
            acceptor.begin()

    def retire(self) -> None:
        """End without a word to anybody: take no new connection, answer what was begun.

        For one of several processes of the same port, while the others go on.
        """
        self._retires = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what was begun, for ``DRAIN_S`` seconds after the notice at most, and close."""
        if self._retires:
            for acceptor in self.acceptors:
                acceptor.close()
            # A connection that was taken just now may not have sent its request yet.
            await asyncio.sleep(self._notice_s)
            self.config.timeout_graceful_shutdown = int(DRAIN_S)
            await super().shutdown(sockets)
            return
        self._drain.begin()
        ended = asyncio.create_task(self._noticed_and_ended())
        with suppress(TimeoutError):
            async with asyncio.timeout(self._notice_s + DRAIN_S):
                while not ended.done() and not self.force_exit:
                    await asyncio.wait([ended], timeout=0.1)
        ended.cancel()
        for acceptor in self.acceptors:
            acceptor.close()
        await super().shutdown(sockets)

    async def _noticed_and_ended(self) -> None:
        await asyncio.sleep(self._notice_s)
        await self._drain.ended()
