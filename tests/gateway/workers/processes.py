"""Other processes, and what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Other:
    """Another process."""

    process: subprocess.Popen[str]

    def says(self) -> str:
        """Return its next line."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def other(what: str, folder: Path, how: object) -> Iterator[Other]:
    """Run ``tests.gateway.workers.in_a_process``; kill it at the end."""
    command = [sys.executable, "-m", "tests.gateway.workers.in_a_process", what, str(folder)]
    process = subprocess.Popen(
        [*command, str(how)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            yield Other(process)
        finally:
            process.kill()
