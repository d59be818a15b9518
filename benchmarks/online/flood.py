"""Sends prepared requests when they are due: ``python -m benchmarks.online.flood FILE PORT``.

FILE is a pickled list of times (s) and whole requests, in order. What is due is sent, whatever the
gateway does (an open loop): over a connection that is idle, or a new one. Prints a line when it
begins, and a list of ``[due, took, status, Retry-After, question id]`` when it has ended; status 0
is a connection that broke, -1 one that had no answer when all was over.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

import uvloop

MOST_CONNECTIONS = 8_000
PATIENCE_S = 30.0
"""How long after the last request answers are waited for."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"retry-after: *(\d+)", re.IGNORECASE)
_QUESTION = re.compile(rb'"question_id":"([^"]+)"')


class Flood:
    """What all connections share."""

    def __init__(self, port: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.idle: list[Line] = []
        self.said: list[tuple[float, float, int, int | None, str | None]] = []
        self.open: set[Line] = set()
        self.connecting = 0
        self._port = port

    async def run(self, plan: list[tuple[float, bytes]]) -> None:
        """Send everything, each when it is due."""
        print("begun", flush=True)
        began = self.loop.time()
        for at, request in plan:
            if (early := began + at - self.loop.time()) > 0:
                await asyncio.sleep(early)
            self._send(began, at, request)
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self._all_said(len(plan))
        for line in tuple(self.open):
            line.note(-1)

    async def _all_said(self, count: int) -> None:
        while len(self.said) < count:  # noqa: ASYNC110 - what is said is not told anybody
            await asyncio.sleep(0.05)

    def _send(self, began: float, at: float, request: bytes) -> None:
        if self.idle:
            self.idle.pop().ask(began, at, request)
        elif len(self.open) + self.connecting < MOST_CONNECTIONS:
            self.connecting += 1
            task = self.loop.create_task(self._connected(began, at, request))
            task.add_done_callback(lambda done: done.result())
        else:
            self.said.append((at, 0.0, -1, None, None))

    async def _connected(self, began: float, at: float, request: bytes) -> None:
        try:
            _, line = await self.loop.create_connection(lambda: Line(self), "127.0.0.1", self._port)
        except OSError:
            self.said.append((at, self.loop.time() - began - at, 0, None, None))
        else:
            line.ask(began, at, request)
        finally:
            self.connecting -= 1


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, flood: Flood) -> None:
        self._flood = flood
        self._held = b""
        self._asked: tuple[float, float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, began: float, at: float, request: bytes) -> None:
        """Send a request that was due ``at`` seconds after ``began``."""
        self._asked = began, at
        self._flood.open.add(self)
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._held, 0, end)
        if length is None or len(self._held) < end + 4 + int(length[1]):
            return
        held, self._held = self._held, b""
        again = _RETRY_AFTER.search(held, 0, end)
        question = _QUESTION.search(held, end)
        self.note(
            int(held[9:12]),
            int(again[1]) if again else None,
            question[1].decode() if question else None,
        )
        if not self._transport.is_closing():
            self._flood.idle.append(self)

    def note(self, status: int, again: int | None = None, question: str | None = None) -> None:
        """Write down what became of the request."""
        if self._asked is None:
            return
        (began, at), self._asked = self._asked, None
        took = self._flood.loop.time() - began - at
        self._flood.said.append((at, took, status, again, question))
        self._flood.open.discard(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of the protocol
        """Note a request that was not answered."""
        self.note(0)
        if self in self._flood.idle:
            self._flood.idle.remove(self)


async def _run(plan: list[tuple[float, bytes]], port: int) -> None:
    flood = Flood(port)
    await flood.run(plan)
    print(json.dumps(flood.said))


if __name__ == "__main__":
    uvloop.run(_run(pickle.loads(Path(sys.argv[1]).read_bytes()), int(sys.argv[2])))
