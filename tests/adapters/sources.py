"""Real HTTP servers on loopback that answer as a test says, byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

Reply = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""Gets the body of a request and writes whatever it likes to the connection.

It is cancelled when the other side leaves.
"""


@asynccontextmanager
async def server(reply: Reply) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1; yields the address ``http://127.0.0.1:port``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.split(b"\r\n"):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answer = asyncio.create_task(reply(await reader.readexactly(length), writer))
            left = asyncio.create_task(reader.read(1))
            done, _ = await asyncio.wait({answer, left}, return_when=asyncio.FIRST_COMPLETED)
            if answer not in done:
                answer.cancel()
            left.cancel()
            await asyncio.gather(answer, left, return_exceptions=True)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        listening.close()


def answering(
    body: bytes, *, status: str = "200 OK", media_type: str = "application/json", headers: str = ""
) -> Reply:
    """Return a reply with this body and the right length."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        f"{headers}Connection: close\r\n\r\n"
    )

    async def reply(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return reply


def raw(content: bytes) -> Reply:
    """Return a reply of exactly these bytes, after which the connection ends."""

    async def reply(_request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(content)

    return reply


async def silence(_request: bytes, _writer: asyncio.StreamWriter) -> None:
    """Never answer; ended when the other side leaves."""
    await asyncio.Event().wait()
