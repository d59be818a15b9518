"""Places where files are delivered: a folder here, or one that is reached over a network.

A place lists and hands out files. It never writes, moves or deletes any.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from adapters.deadline import Deadline
from adapters.errors import BadAnswer, Unavailable
from adapters.files.deliveries import Entry

CHUNK_BYTES: Final = 1024 * 1024
MAX_ENTRIES: Final = 100_000
"""A place with more files is not one of deliveries."""


class Place(Protocol):
    """Where files lie. The calls block and end at the deadline.

    ``copies`` tells whether files that are held are copies, which nobody changes any more.
    """

    copies: bool

    def listed(self, deadline: Deadline) -> list[Entry]:
        """Return the files that lie there, without folders and links.

        Raises:
            AdapterError: the place cannot be reached.
        """
        ...

    def hold(self, entries: Sequence[Entry], deadline: Deadline) -> list[BinaryIO]:
        """Return the files in their order, open, with descriptors of this machine.

        Raises:
            AdapterError: one of them cannot be had as it was listed; none is held then.
        """
        ...


class FolderPlace:
    """A folder of this machine, or one that is mounted. Its files are read where they lie."""

    copies = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listed(self, deadline: Deadline) -> list[Entry]:
        """Return the files of the folder."""
        deadline.require_s()
        try:
            with os.scandir(self.folder) as found:
                entries = [e for e in found if e.is_file(follow_symlinks=False)]
                return bounded([_entry(e.name, e.stat(follow_symlinks=False)) for e in entries])
        except OSError as error:
            raise Unavailable(f"the folder of deliveries: {type(error).__name__}") from None

    def hold(self, entries: Sequence[Entry], deadline: Deadline) -> list[BinaryIO]:
        """Open the files."""
        deadline.require_s()
        held: list[BinaryIO] = []
        try:
            held.extend(_opened(self.folder / entry.name, entry) for entry in entries)
        except BaseException:
            close_all(held)
            raise
        return held


class CopiedFolder(FolderPlace):
    """A folder whose files are copied when they are held, into files without a name."""

    copies = True

    def hold(self, entries: Sequence[Entry], deadline: Deadline) -> list[BinaryIO]:
        """Copy the files."""
        copied: list[BinaryIO] = []
        try:
            for entry in entries:
                (file,) = super().hold([entry], deadline)
                spool = Spool(entry, None)
                copied.append(spool.file)
                with file:
                    while chunk := file.read(CHUNK_BYTES):
                        deadline.require_s()
                        spool.take(chunk)
                spool.done()
        except BaseException:
            close_all(copied)
            raise
        return copied


def _opened(path: Path, entry: Entry) -> BinaryIO:
    """Return the file as it was listed.

    Raises:
        Unavailable: it is another one now, or gone.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Unavailable(f"{entry.name}: {type(error).__name__}") from None
    if _entry(entry.name, os.fstat(file.fileno())) != entry:
        file.close()
        raise Unavailable(f"{entry.name}: it is still changing")
    return file


def _entry(name: str, found: os.stat_result) -> Entry:
    modified = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
    kind = "file" if stat.S_ISREG(found.st_mode) else "other"
    # The time of change is the one that nobody can set: a file that was put in the place of another
    # and back again is another.
    state = f"{kind}-{found.st_ino}-{found.st_mtime_ns}-{found.st_ctime_ns}"
    return Entry(name, found.st_size, modified, state)


def bounded(entries: list[Entry]) -> list[Entry]:
    """Return ``entries``.

    Raises:
        BadAnswer: there are more than any place of deliveries has.
    """
    if len(entries) > MAX_ENTRIES:
        raise BadAnswer(f"the place has more than {MAX_ENTRIES} files")
    return entries


class Spool:
    """A copy of a file that came over a network. It has no name and is gone when it is closed."""

    def __init__(self, entry: Entry, folder: Path | None) -> None:
        self._entry = entry
        self._size = 0
        self.file: BinaryIO = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - held, not used here

    def take(self, chunk: bytes) -> None:
        """Write a further piece.

        Raises:
            Unavailable: the file is longer than it was listed.
        """
        self._size += len(chunk)
        if self._size > self._entry.size_bytes:
            raise Unavailable(f"{self._entry.name}: it is still growing")
        self.file.write(chunk)

    def done(self) -> BinaryIO:
        """Return the whole copy.

        Raises:
            Unavailable: it is shorter than it was listed.
        """
        if self._size != self._entry.size_bytes:
            raise Unavailable(f"{self._entry.name}: it came shorter than it was listed")
        self.file.flush()
        return self.file


def close_all(files: Sequence[BinaryIO]) -> None:
    """Close every file."""
    for file in files:
        file.close()


class Window(io.RawIOBase):
    """A reader of a held file with a place of its own; many may read one file side by side."""

    def __init__(self, held: BinaryIO) -> None:
        self._descriptor = os.dup(held.fileno())
        self._place = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # as RawIOBase calls it
        """Fill ``buffer`` as far as there is something; return how far."""
        size = os.preadv(self._descriptor, [buffer], self._place)
        self._place += size
        return size

    def close(self) -> None:
        """Give the descriptor back."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def reader(held: BinaryIO) -> io.BufferedReader:
    """Return a reader of the file from its beginning."""
    return io.BufferedReader(Window(held), CHUNK_BYTES)
