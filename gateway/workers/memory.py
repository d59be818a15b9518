"""Tables of fixed size in memory that several processes share, each in a file with its locks."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from gateway.workers.locks import Locks


def make_table(path: Path, size: int) -> None:
    """Make an empty table of so many bytes, with all of its room taken at once.

    Raises:
        OSError: there is not so much room.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.posix_fallocate(file, 0, size)
    finally:
        os.close(file)


def open_table(path: Path) -> tuple[mmap.mmap, Locks]:
    """Return the table that ``make_table`` made, and the locks of its buckets."""
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    return memory, Locks(path.with_suffix(".locks"))
