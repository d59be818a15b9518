"""A server that is one of several workers: it says that it serves, and that it lives."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import ClassVar, Final

import uvicorn

from gateway.api.accepting import AMONG_SEVERAL
from gateway.api.drain import Drain, DrainingServer

PULSE_S: Final = 5.0


class WorkerServer(DrainingServer):
    """A server that tells ``said`` when it serves and every ``PULSE_S`` seconds from then on.

    ``supervisor`` is the process that looks after it. A worker whose supervisor is gone ends as if
    it had been asked to.
    """

    AT_A_TURN: ClassVar = AMONG_SEVERAL

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Drain,
        *,
        notice_s: float,
        said: Callable[[], None],
        supervisor: int,
    ) -> None:
        super().__init__(config, drain, notice_s=notice_s)
        self._said = said
        self._supervisor = supervisor
        self._pulse: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, and say so."""
        await super().startup(sockets)
        self._pulse = asyncio.create_task(self._live())

    async def _live(self) -> None:
        while True:
            if os.getppid() != self._supervisor:
                self.should_exit = True
                return
            self._said()
            await asyncio.sleep(PULSE_S)
