"""``hitotsu mapping convert``: a file of a system into one of the standard, whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.bulk.conversion import Conversion, Outcome
from adapters.bulk.row_path import ConversionError
from adapters.files.csv_files import CsvShapeError
from adapters.files.records import FileShapeError
from adapters.mapping.rows import ShapeError
from gateway.cli.session import err, fail, new_table, out, refuse_existing

_COUNTS = (
    ("read", "読んだ / read"),
    ("converted", "変換した / converted"),
    ("quarantined", "隔離した / quarantined"),
    ("left_out", "対象外 / left out"),
    ("control", "見出し・末尾 / headers and trailers"),
    ("lines", "書いた行 / lines written"),
    ("findings", "所見のある件 / with findings"),
)


def convert_file(conversion: Conversion, data: Path, target: Path, findings: Path) -> None:
    """Convert ``data`` and show what became of it; a failed run leaves neither file behind."""
    for path in (target, findings):
        refuse_existing(path)
    try:
        with data.open("rb") as source, _whole(target, findings) as (lines, told):
            outcome = _run(conversion, source, lines, told, data.stat().st_size)
    except (ConversionError, CsvShapeError, FileShapeError, ShapeError) as error:
        fail(f"変換できません：{error}", f"the file cannot be converted: {error}")
    except OSError as error:
        fail(f"ファイルを扱えません：{error.strerror}", f"{error.filename}: {error.strerror}")
    _show(outcome, "" if conversion.by_rows else outcome.by_rows)


def _run(
    conversion: Conversion, source: BinaryIO, lines: BinaryIO, told: BinaryIO, size: int
) -> Outcome:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )  # fmt: skip
    shown = Progress(*columns, console=err(), transient=True, disable=not sys.stderr.isatty())
    with shown as progress:
        bar = progress.add_task("変換しています / converting", total=size or None)
        return conversion.run(source, lines, told, lambda done: progress.update(bar, advance=done))


@contextmanager
def _whole(*paths: Path) -> Iterator[tuple[BinaryIO, ...]]:
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


def _show(outcome: Outcome, slow_because: str) -> None:
    table = new_table("", "件 / records")
    for name, label in _COUNTS:
        table.add_row(label, f"{getattr(outcome.counts, name):,}")
    out().print(table)
    if slow_because:
        err().print(
            f"まとめて変換できず、一件ずつ変換しました（{slow_because}）。"
            f" / row by row, because {slow_because}",
            markup=False,
        )
