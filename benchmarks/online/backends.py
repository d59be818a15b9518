"""Three legacy systems in one process: ``python -m benchmarks.online.backends FILE``.

They answer at once with what the conformance kits of the reference adapters have, under the number
that they were asked for. FILE says which port answers what. As cheap as Python can be, because they
share a core with the load.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.online.adapters import NUMBER

_NUMBER = re.compile(rb'"(\d{10})"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
PLACEHOLDER = NUMBER.encode()


class Backend(asyncio.Protocol):
    """Answers request after request on one connection."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._held += data
        while (end := self._held.find(b"\r\n\r\n")) >= 0:
            head = self._held[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._held) < whole:
                return
            body, self._held = self._held[end + 4 : whole], self._held[whole:]
            path = head.split(b" ", 2)[1]
            number = _NUMBER.search(body)
            answer = self._answers.get(path, self._answers[b"*"])
            answer = answer.replace(PLACEHOLDER, number[1] if number else b"")
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(answer)).encode()
                + b"\r\n\r\n"
                + answer
            )


async def _serve(ports: dict[str, dict[str, str]]) -> None:
    loop = asyncio.get_running_loop()
    servers = []
    for port, answers in ports.items():
        made = {path.encode(): text.encode() for path, text in answers.items()}
        servers.append(
            await loop.create_server(
                lambda made=made: Backend(made),  # type: ignore[misc]
                "127.0.0.1",
                int(port),
                backlog=1024,
            )
        )
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    uvloop.run(_serve(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
