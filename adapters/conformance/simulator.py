"""The kit's own legacy system: answers what the vendor recorded, and misbehaves on demand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from adapters.conformance.description import Person
from adapters.conformance.trees import Tree

MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of HTTP before it is sent."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, length: int | None = None) -> bytes:
        """Return status line and headers; ``length`` in the place of the true one."""
        lines = [
            f"HTTP/1.1 {self.status} X",
            f"Content-Type: {self.media_type}; charset=utf-8",
            f"Content-Length: {len(self.body) if length is None else length}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            "Connection: close",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that a fault may answer in its own way. None: not about one of the people."""

    asked: Asked
    person: Person | None
    read: str | None
    good: Reply
    tree: Tree | None
    writer: asyncio.StreamWriter

    async def send(self, reply: Reply, *, length: int | None = None) -> None:
        """Write a reply."""
        self.writer.write(reply.head(length) + reply.body)
        await self.writer.drain()

    async def send_tree(self, tree: Tree) -> None:
        """Write the good reply with another tree in its body."""
        await self.send(Reply(tree.body(), self.good.status, self.good.media_type))


Fault = Callable[[Exchange], Awaitable[None]]
Answer = Callable[[Asked], tuple[Person | None, str | None, Reply, Tree | None]]


class Simulator:
    """Listens on loopback. ``fault`` answers in the place of the recorded answer."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.fault: Fault | None = None
        self.asked: list[Asked] = []
        self.asked_at: list[float] = []
        self.first_question = asyncio.Event()
        self.at_once = 0
        self.most_at_once = 0
        self.left = 0
        self.address = ""
        self._server: asyncio.Server | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Simulator]:
        """Listen on a free port until the end of the block."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self.stop()

    def stop(self) -> None:
        """Listen no longer."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            asked = await _request(reader)
            self.asked.append(asked)
            self.asked_at.append(time.monotonic())
            self.first_question.set()
            replying = asyncio.create_task(self._reply(asked, writer))
            leaving = asyncio.create_task(reader.read(1))
            done, _ = await asyncio.wait({replying, leaving}, return_when="FIRST_COMPLETED")
            if replying not in done:
                self.left += 1
                replying.cancel()
            leaving.cancel()
            await asyncio.gather(replying, leaving, return_exceptions=True)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self.at_once -= 1
            writer.close()

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        person, read, good, tree = self._answer(asked)
        exchange = Exchange(asked, person, read, good, tree, writer)
        if self.fault is None:
            await asyncio.sleep(0)
            await exchange.send(good)
        else:
            await self.fault(exchange)


async def _request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    length = min(int(headers.get("content-length", "0")), MAX_BODY)
    return Asked(method, target, headers, await reader.readexactly(length))


class QuietLog:
    """A log that keeps its lines for the kit to read."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, **fields: Any) -> None:
        """Keep a line."""
        self.lines.append(f"{event} {fields}")

    def warning(self, event: str, **fields: Any) -> None:
        """Keep a line."""
        self.lines.append(f"{event} {fields}")

    def error(self, event: str, **fields: Any) -> None:
        """Keep a line."""
        self.lines.append(f"{event} {fields}")
