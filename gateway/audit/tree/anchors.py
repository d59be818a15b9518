"""Heads outside: files of lines in a folder on another machine or a write-once store."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.audit.tree.heads import Head, HeadRefused, read_head
from gateway.keys import HeadKey
from gateway.store.tables import AuditHeadRow

FILE_NAMES: Final = "audit-heads-*.txt"
_TAIL_BYTES: Final = 65_536
"""The end of a file, with some hundred heads in it."""


def append_heads(folder: Path, heads: Iterable[AuditHeadRow]) -> None:
    """Append a line for each head to the file of its month in the folder.

    A head may stand twice after a crash; that is harmless.

    Raises:
        OSError: the folder is not there or cannot be written.
    """
    if not folder.is_dir():
        raise NotADirectoryError
    by_file: dict[Path, list[str]] = {}
    for head in heads:
        path = folder / f"audit-heads-{head.at:%Y-%m}.txt"
        by_file.setdefault(path, []).append(head.signed)
    for path, lines in by_file.items():
        append_lines(path, lines)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines to a file. They are on the disk when this returns.

    Raises:
        OSError: the file cannot be written.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    with os.fdopen(descriptor, "a+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            # A crash may have cut the last line; the next one must not continue it.
            torn = file.read(1) != b"\n"
        else:
            torn = False
        file.write((b"\n" if torn else b"") + "".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def newest_head(folder: Path, keys: Iterable[HeadKey]) -> Head | None:
    """Return the head of most rows at the ends of the folder's files; None without any.

    Raises:
        OSError: a file cannot be read.
    """
    trusted = list(keys)
    found: list[Head] = []
    for path in folder.glob(FILE_NAMES):
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
        for line in reversed(lines):
            # The last line may have been cut by a crash.
            with suppress(HeadRefused):
                found.append(read_head(line, trusted))
                break
    return max(found, key=lambda head: head.size, default=None)


def read_heads(place: Path, keys: Iterable[HeadKey]) -> tuple[list[Head], int]:
    """Return the heads of a file or folder by size, and the number of lines that are none.

    Raises:
        OSError: it cannot be read.
    """
    trusted = list(keys)
    files = sorted(place.glob(FILE_NAMES)) if place.is_dir() else [place]
    heads: list[Head] = []
    refused = 0
    for path in files:
        for line in path.read_text("utf-8").splitlines():
            if not line.strip():
                continue
            try:
                heads.append(read_head(line, trusted))
            except HeadRefused:
                refused += 1
    return sorted(heads, key=lambda head: head.size), refused
