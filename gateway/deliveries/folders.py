"""Moves a delivery out of its folder, or erases it there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from adapters.deadline import Deadline
from adapters.errors import AdapterError
from adapters.files.deliveries import Entry
from adapters.sources.places import FolderPlace

REASON: Final = "理由.txt"
LIST_S: Final = 60.0


def set_aside(
    folder: Path, entries: Sequence[Entry], quarantine: Path, prefix: str, reason: str
) -> tuple[Path, int]:
    """Move the files into a new folder, with the reason; return it, and how many stayed as well.

    A file stays where it cannot be removed: on a medium that is read-only. Its copy is set aside.
    What was put in the place of one meanwhile stays as well: nobody has looked at it yet.

    Raises:
        OSError: the new folder cannot be made or written.
    """
    quarantine.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(prefix=f"{prefix}-", dir=quarantine))
    (place / REASON).write_text(reason, "utf-8")
    there = _there(folder)
    stayed = 0
    for entry in entries:
        try:
            if entry not in there:
                raise FileNotFoundError
            shutil.move(folder / entry.name, place / entry.name)
        except OSError:
            stayed += 1
    return place, stayed


def erase(folder: Path, entries: Sequence[Entry]) -> int:
    """Erase the files and return how many could not be, or are others by now.

    Nothing is written over them first: what a drive keeps aside is out of reach of any program.
    """
    there = _there(folder)
    stayed = 0
    for entry in entries:
        try:
            if entry not in there:
                raise FileNotFoundError
            (folder / entry.name).unlink()
        except OSError:
            stayed += 1
    return stayed


def _there(folder: Path) -> set[Entry]:
    """Return what lies there as it is now; nothing where the folder cannot be reached any more."""
    try:
        return set(FolderPlace(folder).listed(Deadline.after(LIST_S)))
    except AdapterError:
        return set()
