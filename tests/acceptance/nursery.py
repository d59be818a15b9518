"""Gateways as forks of one process that has put them together: killed and started in a moment.

Nothing is connected and nothing runs in what was put together, and SIGKILL leaves nothing of a
process's memory; what a start from nothing costs is in ``test_restart``. ``python -m
tests.acceptance.nursery`` is that process: each line that it reads is a list, ``["begin",
environment, port, log]`` or ``["end", pid, signal]``; it answers each with a number, the process
that was begun or the status it ended with.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from gateway.cli.serving import listen_on, open_app, serve_alone
from gateway.settings import Settings

READY_S = 180.0
LOOK_S = 0.1


class Nursery:
    """The process that has imported everything, spoken to from a test."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._one_at_a_time = asyncio.Lock()

    async def say(self, *words: Any) -> int:
        """Return what it answers."""
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None
        assert sink is not None
        async with self._one_at_a_time:
            sink.write(json.dumps(words).encode() + b"\n")
            await sink.drain()
            return int(await source.readline())


@asynccontextmanager
async def nursery() -> AsyncIterator[Nursery]:
    """Run one until the end of the block; then nothing of it lives on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.acceptance.nursery"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Nursery(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


class Forked:
    """A gateway of the nursery. ``environment`` holds its settings, ``log`` what it says."""

    def __init__(self, of: Nursery, environment: Mapping[str, str], port: int, log: Path) -> None:
        self._of = of
        self._words = (dict(environment), port, str(log))
        self._url = f"http://127.0.0.1:{port}"
        self.log = log
        self._pid: int | None = None

    async def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        if self._pid is None:
            self._pid = await self._of.say("begin", *self._words)
        async with asyncio.timeout(READY_S), httpx.AsyncClient(trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get(f"{self._url}/health")).is_success:
                        return
                assert _lives(self._pid), self.log.read_text()[-2_000:]
                await asyncio.sleep(LOOK_S)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        assert await self._end(signal.SIGTERM) == 0

    async def _end(self, sign: signal.Signals) -> int:
        pid, self._pid = self._pid, None
        return 0 if pid is None else await self._of.say("end", pid, int(sign))


def _lives(pid: int) -> bool:
    # Whoever has ended and was not waited for yet is a zombie.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def main() -> None:
    """Do what each line says; at the end of the input everything ends that was begun."""
    begun: set[int] = set()
    for line in sys.stdin:
        what, *words = json.loads(line)
        if what == "begin":
            environment, port, log = words
            settings, app = _put_together(tuple(sorted(environment.items())))
            said = os.fork()
            if said == 0:
                _serve(app, settings, port, log)
            begun.add(said)
        else:
            os.kill(words[0], words[1])
            _, status = os.waitpid(words[0], 0)
            begun.discard(words[0])
            said = os.waitstatus_to_exitcode(status)
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()
    for pid in begun:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@cache
def _put_together(environment: tuple[tuple[str, str], ...]) -> tuple[Settings, FastAPI]:
    os.environ.update(environment)
    settings = Settings()
    return settings, open_app(settings)


def _serve(app: FastAPI, settings: Settings, port: int, log: str) -> None:
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    status = 1
    try:
        serve_alone(app, settings, [listen_on("127.0.0.1", port)])
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
