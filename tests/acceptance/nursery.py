"""Gateways as forks of one process that has imported everything: killed and started in a moment.

SIGKILL leaves nothing of a process's memory, wherever its modules came from; what a start from
nothing costs is in ``test_restart``. ``python -m tests.acceptance.nursery`` is that process: each
line that it reads is a list, ``["begin", arguments, environment, log]`` or ``["end", pid,
signal]``; it answers each with a number, the process that was begun or the status it ended with.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

READY_S = 180.0
LOOK_S = 0.02


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
    """A gateway of the nursery. ``url`` is where it answers, ``log`` what it says."""

    def __init__(
        self, of: Nursery, arguments: Sequence[str], environment: Mapping[str, str], url: str,
        log: Path,
    ) -> None:  # fmt: skip
        self._of = of
        self._words = (list(arguments), dict(environment), str(log))
        self._url = url
        self._log = log
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
                assert _lives(self._pid), self._log.read_text()[-2_000:]
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
    from gateway import app  # noqa: F401 - loaded once for all
    from gateway.cli.commands import app as command
    from standard_models.builtin import load_builtin

    load_builtin()
    gc.collect()
    gc.freeze()
    begun: set[int] = set()
    for line in sys.stdin:
        what, *words = json.loads(line)
        if what == "begin":
            pid = os.fork()
            if pid == 0:
                _serve(command, *words)
            begun.add(pid)
            said = pid
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


def _serve(command: Any, arguments: list[str], environment: dict[str, str], log: str) -> None:
    os.environ.update(environment)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    status = 1
    try:
        command(arguments)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
