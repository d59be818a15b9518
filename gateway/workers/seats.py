"""What the workers of one port share: a folder of their supervisor, and a secret.

The folder holds nothing of anybody: digests of proofs, figures, locks. It goes with the supervisor.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from zlib import crc32

from gateway.workers import arrivals, proofs
from gateway.workers.arrivals import Arrivals
from gateway.workers.locks import Locks
from gateway.workers.proofs import SharedProofs
from gateway.workers.slots import SharedSlots

_PREFIX: Final = "hitotsu-workers-"
_LEAD: Final = 0
_FIRST_SLOT: Final = 1_000
_MOST_SLOTS: Final = 1_000


class Worker(Protocol):
    """What a process that serves knows of the others."""

    @property
    def processes(self) -> int:
        """Return how many processes serve the port."""

    def leads(self) -> bool:
        """Tell whether this process does what is to be done once; the first that asks does."""


class Lone:
    """A process that serves alone."""

    processes = 1

    def leads(self) -> bool:
        """Tell that it does everything."""
        return True


@dataclass(frozen=True, slots=True)
class Table:
    """What all workers share. There is a seat more than workers, for one that takes over.

    Args:
        folder: made by ``laid``.
        workers: how many serve.
        secret: of the nonces that all of them hand out, and of all digests.
    """

    folder: Path
    workers: int
    secret: bytes = field(repr=False)

    @property
    def figures(self) -> Path:
        """Return the folder of the figures."""
        return self.folder / "figures"

    @classmethod
    @contextmanager
    def laid(cls, workers: int) -> Iterator[Table]:
        """Make the folder; remove it at the end.

        Raises:
            OSError: there is no room for it.
        """
        _clear_left_behind()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        # What clears temporary folders leaves one alone that somebody has locked.
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = cls(folder, workers, secrets.token_bytes(32))
            table.figures.mkdir()
            proofs.lay_out(folder / "proofs")
            arrivals.lay_out(folder / "consumers", arrivals.CONSUMER_BUCKETS)
            arrivals.lay_out(folder / "subjects", arrivals.SUBJECT_BUCKETS)
            yield table
        finally:
            os.close(lock)
            shutil.rmtree(folder, ignore_errors=True)

    def seat(self, number: int) -> Seat:
        """Return what the worker of that number has. To be called in the worker itself."""
        return Seat(
            self,
            number,
            SharedProofs(self.folder / "proofs"),
            Locks(self.folder / "locks"),
            consumers=Arrivals.shared(self.folder / "consumers"),
            subjects=Arrivals.shared(self.folder / "subjects"),
        )


def _clear_left_behind() -> None:
    """Remove the folders of supervisors that were killed, once their workers are gone, too."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)
            finally:
                os.close(lock)


class Seat:
    """One worker's place.

    ``consumers`` and ``subjects`` count what is asked by whom, and by whom about whom.
    """

    def __init__(
        self,
        table: Table,
        number: int,
        proofs: SharedProofs,
        locks: Locks,
        *,
        consumers: Arrivals,
        subjects: Arrivals,
    ) -> None:
        self.table = table
        self.number = number
        self.proofs = proofs
        self.consumers = consumers
        self.subjects = subjects
        self._locks = locks
        self._leads = False

    @property
    def processes(self) -> int:
        """Return how many workers serve the port."""
        return self.table.workers

    def leads(self) -> bool:
        """Tell whether this worker does what is to be done once.

        The first one that asks does, for as long as it lives; then the next one that asks.
        """
        self._leads = self._leads or self._locks.take(_LEAD)
        return self._leads

    def slots(self, name: str, count: int) -> SharedSlots:
        """Return slots that all workers share under a name; two names never share one on purpose.

        Which locks they are follows from the name alone, so that a worker which has read other
        files than the one before it still means the same ones.
        """
        return SharedSlots(self._locks, _FIRST_SLOT + crc32(name.encode()) * _MOST_SLOTS, count)
