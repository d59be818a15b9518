"""Three legacy systems in one process: ``python -m benchmarks.online.backends FILE [OPTION]``.

They answer at once with what the conformance kits of the reference adapters have, under the number
that they were asked for. FILE says which port answers what. As cheap as Python can be, because they
share a core with the load. ``--troubled``, a share of the calls is slow or fails, and one system
after the other is down for a while. ``--delays=5,80,120``, they take so many ms, in their order.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.online.adapters import NUMBER

_NUMBER = re.compile(rb'"(\d{10})"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
PLACEHOLDER = NUMBER.encode()
SLOW_S = (0.2, 1.5)
DOWN_EVERY_S, DOWN_S = 120.0, 10.0
"""One of the systems in turn is down for so long, so often."""
_ERROR = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
_PAGE = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 15\r\n\r\n<html>ok</html>"


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
            self._write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(answer)).encode()
                + b"\r\n\r\n"
                + answer
            )

    def _write(self, answer: bytes) -> None:
        self._transport.write(answer)


class Troubled(Backend):
    """Of a hundred calls five are slow, two fail, and now and then one is never answered.

    ``down`` tells whether the system is down now.
    """

    chance = random.Random(42)

    def __init__(self, answers: dict[bytes, bytes], down: Callable[[], bool]) -> None:
        super().__init__(answers)
        self._down = down

    def _write(self, answer: bytes) -> None:
        chance = self.chance.random()
        if self._down() or chance < 0.005:
            self._transport.write(_ERROR)
        elif chance < 0.010:
            self._transport.abort()
        elif chance < 0.015:
            self._transport.write(_PAGE)
        elif chance < 0.020:
            self._transport.write(answer[: len(answer) // 2])
            self._transport.close()
        elif chance < 0.070:
            later = self.chance.uniform(*SLOW_S)
            asyncio.get_running_loop().call_later(later, self._transport.write, answer)
        elif chance >= 0.0705:
            self._transport.write(answer)


class Delayed(Backend):
    """Takes ``delay_s`` for each answer."""

    def __init__(self, answers: dict[bytes, bytes], delay_s: float) -> None:
        super().__init__(answers)
        self._delay_s = delay_s

    def _write(self, answer: bytes) -> None:
        asyncio.get_running_loop().call_later(self._delay_s, self._transport.write, answer)


def _is_down(place: int, places: int) -> bool:
    turn, since_s = divmod(time.time(), DOWN_EVERY_S)
    return int(turn) % places == place and since_s < DOWN_S


async def _serve(ports: dict[str, dict[str, str]], options: list[str]) -> None:
    delays_ms = next((o.partition("=")[2].split(",") for o in options if "=" in o), None)
    loop = asyncio.get_running_loop()
    servers = []
    for place, (port, answers) in enumerate(ports.items()):
        made = {path.encode(): text.encode() for path, text in answers.items()}
        down = partial(_is_down, place, len(ports))
        backend: Callable[[], Backend] = partial(Backend, made)
        if "--troubled" in options:
            backend = partial(Troubled, made, down)
        elif delays_ms is not None:
            backend = partial(Delayed, made, float(delays_ms[place]) / 1000)
        servers.append(await loop.create_server(backend, "127.0.0.1", int(port), backlog=1024))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    uvloop.run(_serve(json.loads(Path(sys.argv[1]).read_text("utf-8")), sys.argv[2:]))
