"""Files that exist whole or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_files(*paths: Path) -> Iterator[tuple[BinaryIO, ...]]:
    """Open files that get the names ``paths`` when all is written.

    Residents are in them: only their owner can read them, and they have no name before, so that a
    killed run leaves nothing (on file systems that know no such files: one beginning with a dot).
    """
    with ExitStack() as files:
        made = [files.enter_context(_Unfinished(path)) for path in paths]
        yield tuple(one.file for one in made)
        for one in made:
            one.file.flush()
            os.fsync(one.file.fileno())
        for number, one in enumerate(made):
            try:
                one.finish()
            except OSError:
                for path in paths[:number]:
                    path.unlink()
                raise


class _Unfinished:
    """A file under way to a name that nothing has yet."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary: Path | None = None
        try:
            handle = os.open(path.parent, os.O_TMPFILE | os.O_RDWR, 0o600)
        except OSError as error:
            if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR}:
                raise
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            self._temporary = Path(name)
        self.file: BinaryIO = os.fdopen(handle, "wb")

    def finish(self) -> None:
        """Give the file its name.

        Raises:
            FileExistsError: something has it by now.
        """
        if self._temporary is not None:
            os.link(self._temporary, self._path)
            return
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:  # only with a folder of its own does Python ask for the file behind the link
            source = f"/proc/self/fd/{self.file.fileno()}"
            os.link(source, self._path, src_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)

    def __enter__(self) -> _Unfinished:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
