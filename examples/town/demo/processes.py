"""One process of the demonstration: started, waited for, stopped for real."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import httpx

_READY_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 10.0
_LEASH: Final = Path(__file__).with_name("leash.py")


class ProcessFailed(Exception):
    """A process did not come up; ``log`` is where it says why."""

    def __init__(self, name: str, log: Path) -> None:
        super().__init__(name)
        self.name = name
        self.log = log


class Process:
    """A Python process whose output goes to a log file.

    Args:
        arguments: what follows ``python``.
        ready_url: an address that answers 200 once the process is up; without one, the process
            prints a line ``{"ready": true, "port": N}``.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        ready_url: str | None = None,
    ) -> None:
        self.name = name
        self.arguments = tuple(arguments)
        self.log = log
        self.port = 0
        self._environment = {**os.environ, **(environment or {}), "PYTHONUNBUFFERED": "1"}
        self._ready_url = ready_url
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Tell whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            ProcessFailed: it ended or was not ready in time.
        """
        if self.running:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        port = ("--port", str(self.port)) if self.port else ()
        with self.log.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(_LEASH),
                str(os.getpid()),
                sys.executable,
                *self.arguments,
                *port,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=self._environment,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                await self._wait_until_ready()
        except (TimeoutError, ProcessFailed):
            await self.stop()
            raise ProcessFailed(self.name, self.log) from None

    async def stop(self) -> None:
        """End the process: asked first, forced after ten seconds."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._drain is not None:
            await self._drain
        self._process = self._drain = None

    async def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
        await self.stop()

    async def wait(self) -> None:
        """Return when the process has ended."""
        if self._process is not None:
            await self._process.wait()

    async def _wait_until_ready(self) -> None:
        if self._ready_url is None:
            await self._read_ready_line()
        self._drain = asyncio.create_task(self._copy_output())
        if self._ready_url is not None:
            await self._poll(self._ready_url)

    async def _read_ready_line(self) -> None:
        output = self._output()
        while line := await output.readline():
            with contextlib.suppress(ValueError, TypeError, KeyError):
                self.port = int(json.loads(line)["port"])
                return
        raise ProcessFailed(self.name, self.log)

    async def _poll(self, url: str) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                if not self.running:
                    raise ProcessFailed(self.name, self.log)
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(url)).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.1)

    async def _copy_output(self) -> None:
        output = self._output()
        with self.log.open("ab") as log:
            while block := await output.read(4096):
                _append(log, block)

    def _output(self) -> asyncio.StreamReader:
        if self._process is None or self._process.stdout is None:
            raise ProcessFailed(self.name, self.log)
        return self._process.stdout


def _append(log: IO[bytes], block: bytes) -> None:
    log.write(block)
    log.flush()
