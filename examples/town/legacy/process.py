"""Starts and stops a legacy system as a process, from a test or the demo."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType


class DidNotStart(Exception):
    """The process ended before it said that it was ready."""


class LegacyProcess:
    """One of ``resident``, ``tax``, ``welfare`` over the generator's output folder.

    ``port`` is 0 until the first start and stays the same over restarts.
    """

    def __init__(self, system: str, town: Path, *options: str) -> None:
        self._system = system
        self._data = town / system
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def __enter__(self) -> LegacyProcess:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait for the ready line.

        Raises:
            DidNotStart: the process ended first.

        """
        command = [
            sys.executable, "-m", f"examples.town.legacy.{self._system}",
            "--data", str(self._data), "--port", str(self.port), *self._options,
        ]  # fmt: skip
        root = Path(__file__).resolve().parents[3]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE)
        assert self._process.stdout is not None  # asked for by PIPE
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._process.stdout.close()
            raise DidNotStart(f"{self._system} ended with status {status}")
        self.port = int(json.loads(line)["port"])

    def stop(self) -> int:
        """End the process as an operator would; returns its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        status = process.wait(60)
        if process.stdout is not None:
            process.stdout.close()
        return status
