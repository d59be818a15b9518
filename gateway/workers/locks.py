"""Locks between processes that a process which dies gives back: record locks of one file.

Source: POSIX.1-2017, fcntl (F_SETLK): a lock belongs to the process, and goes with it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Locks:
    """Locks by number. Within one process the same number is always free: see to that yourself.

    The file is opened once and never closed while the process lives: closing any descriptor of a
    file gives back every lock that the process has in it.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self, number: int) -> bool:
        """Take a lock if no other process has it; tell whether."""
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except OSError:
            return False
        return True

    def give(self, number: int) -> None:
        """Give a lock back."""
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, number)

    @contextmanager
    def held(self, number: int) -> Iterator[None]:
        """Hold a lock, waiting for it: for what takes microseconds alone."""
        fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, number)
        try:
            yield
        finally:
            fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, number)
