"""Sends prepared requests: ``python -m benchmarks.online.generator FILE PORT CONNECTIONS WORD``.

FILE is a pickled list of whole requests. Each connection takes the next one as soon as it has the
answer to its last. An answer is good if its status is 200 and it holds WORD. Prints requests,
seconds, p50 and p99 (ms), and how many were bad.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Round:
    """What all connections share."""

    def __init__(self, requests: list[bytes], connections: int, word: bytes) -> None:
        self.requests: Iterator[bytes] = iter(requests)
        self.word = word
        self.times: list[float] = []
        self.bad = 0
        self.open = connections
        self.done = asyncio.get_running_loop().create_future()

    def closed(self) -> None:
        """Count a connection that has nothing to do any more."""
        self.open -= 1
        if self.open == 0 and not self.done.done():
            self.done.set_result(None)


class Consumer(asyncio.Protocol):
    """One connection."""

    def __init__(self, shared: Round) -> None:
        self._shared = shared
        self._held = b""
        self._chunks: list[bytes] = []
        self._wanted = 0
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        self._held += data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._held, 0, end)
        if length is None:
            # In chunks; none of ours holds the mark of the end within itself.
            if not self._held.endswith(b"0\r\n\r\n"):
                return
        elif len(self._held) < end + 4 + int(length[1]):
            return
        shared = self._shared
        shared.times.append(time.perf_counter() - self._began)
        if not (self._held.startswith(b"HTTP/1.1 200") and shared.word in self._held):
            shared.bad += 1
            if shared.bad == 1:
                print(self._held[:1500].decode("utf-8", "replace"), file=sys.stderr)
        self._held = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of the protocol
        """Say that this connection is over."""
        self._shared.closed()

    def _next(self) -> None:
        request = next(self._shared.requests, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


async def _run(requests: list[bytes], port: int, connections: int, word: bytes) -> None:
    shared = Round(requests, connections, word)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    await asyncio.gather(
        *(
            loop.create_connection(lambda: Consumer(shared), "127.0.0.1", port)
            for _ in range(connections)
        )
    )
    await shared.done
    seconds = time.perf_counter() - began
    times = sorted(shared.times)
    figures = {
        "requests": len(times),
        "seconds": seconds,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
        "bad": shared.bad,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    uvloop.run(
        _run(
            pickle.loads(Path(sys.argv[1]).read_bytes()),
            int(sys.argv[2]),
            int(sys.argv[3]),
            sys.argv[4].encode(),
        )
    )
