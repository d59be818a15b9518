"""Consumers over connections that are kept, some of which leave in the middle."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

IDLE_S = 3.0
"""The gateway closes a connection that nobody has used for five seconds."""
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"retry-after: *(\d+)", re.IGNORECASE)


class Leaving(StrEnum):
    """When a consumer breaks its connection."""

    NEVER = "never"
    IN_ITS_BODY = "in-its-body"
    BEFORE_THE_ANSWER = "before-the-answer"
    IN_THE_ANSWER = "in-the-answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``retry_after_s`` is what it says about coming again."""

    status: int
    body: bytes
    retry_after_s: int | None


class Lines:
    """Connections to one port of this machine; the one used last is used first."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes, leaving: Leaving = Leaving.NEVER) -> Reply | None:
        """Send a request and return its answer, None where the consumer has left before.

        Raises:
            OSError: the gateway cannot be reached.
            EOFError: it broke the connection.
        """
        async with self._line(keep=leaving is Leaving.NEVER) as (reader, writer):
            if leaving is Leaving.IN_ITS_BODY:
                writer.write(request[: request.index(b"\r\n\r\n") + 24])
                await writer.drain()
                return None
            writer.write(request)
            if leaving is Leaving.BEFORE_THE_ANSWER:
                await writer.drain()
                return None
            head = await reader.readuntil(b"\r\n\r\n")
            if leaving is Leaving.IN_THE_ANSWER:
                return None
            length = _LENGTH.search(head)
            body = await reader.readexactly(int(length[1])) if length else b""
            again = _RETRY_AFTER.search(head)
            return Reply(int(head[9:12]), body, int(again[1]) if again else None)

    def close(self) -> None:
        """Close every connection."""
        for _, _, writer in self._idle:
            writer.close()

    @asynccontextmanager
    async def _line(
        self, *, keep: bool
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await self._taken()
        try:
            yield reader, writer
        except BaseException:
            writer.transport.abort()
            raise
        if keep and not reader.at_eof():
            self._idle.append((time.monotonic(), reader, writer))
        else:
            writer.transport.abort()

    async def _taken(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < IDLE_S and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)
