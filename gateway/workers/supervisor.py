"""Starts the workers of one port, replaces those that die, lets all go in good order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import TYPE_CHECKING, Final

from prometheus_client.multiprocess import mark_process_dead

from gateway.workers.seats import Table

if TYPE_CHECKING:
    from adapters.contract import EventLog

SILENT_S: Final = 30.0
"""A worker that says nothing for so long hangs, and is ended."""
STARTS_S: Final = 60.0
"""How long a worker may take until it serves."""
PAUSE_S: Final = 1.0
"""Between the death of a worker that never served and the next attempt."""
READY: Final = b"ready"
ALIVE: Final = b"alive"
RETIRE: Final = signal.SIGUSR1
"""Tells a worker to take no new connection, answer what it has begun, and end."""
_ASKED: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

Serve = Callable[[int, Connection], int]
"""Serves as the worker of a seat, says ``READY`` and then ``ALIVE``; returns the exit status."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the workers are run: what each does, and how long they may take to end."""

    serve: Serve
    ends_s: float


@dataclass(slots=True)
class _Hired:
    process: ForkProcess
    said: Connection
    seat: int
    heard_at: float
    ready: bool = False
    left_at: float | None = None

    @property
    def leaving(self) -> bool:
        return self.left_at is not None


class Supervisor:
    """Runs as many workers as its table has, until it is asked to end.

    SIGTERM or SIGINT: all of them drain. SIGHUP: one after the other is replaced by a new one that
    has read the files anew; nothing is refused meanwhile.
    """

    def __init__(
        self,
        table: Table,
        plan: Plan,
        log: EventLog,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._plan = plan
        self._log = log
        self._now = now
        self._hired: list[_Hired] = []
        self._asked: list[int] = []
        self._wakes = -1
        self._not_before = 0.0
        self._to_replace: list[_Hired] = []

    def run(self) -> int:
        """Run them, and return the exit status.

        That is 0 when every worker ended in time, else 1; that of the first worker where it did
        not come to serve.
        """
        with self._listening():
            # The first one does what is done once, before the others begin to answer.
            first = self._hire()
            while not first.ready and first in self._hired and not self._ends:
                self._look()
            if not self._ends and not first.ready:
                return first.process.exitcode or 1
            while not self._ends:
                self._fill()
                self._look()
                self._roll()
            return self._let_go()

    @property
    def _ends(self) -> bool:
        return signal.SIGTERM in self._asked or signal.SIGINT in self._asked

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._wakes, writes = os.pipe()
        os.set_blocking(writes, False)
        before = {s: signal.signal(s, lambda number, _: self._asked.append(number)) for s in _ASKED}
        woken = signal.set_wakeup_fd(writes, warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(self._wakes)
            os.close(writes)

    def _hire(self) -> _Hired:
        taken = {one.seat for one in self._hired}
        seat = next(s for s in range(self._table.workers + 1) if s not in taken)
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(
            target=_work, args=(self._plan.serve, seat, theirs), name=f"worker-{seat}"
        )
        # A signal between the birth of a worker and its own handlers waits.
        signal.pthread_sigmask(signal.SIG_BLOCK, _ASKED)
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKED)
        theirs.close()
        hired = _Hired(process, ours, seat, self._now())
        self._hired.append(hired)
        return hired

    def _fill(self) -> None:
        """Put a new worker in the place of each that is missing."""
        staying = sum(not one.leaving for one in self._hired)
        while staying < self._table.workers and len(self._hired) <= self._table.workers:
            if self._now() < self._not_before:
                return
            self._hire()
            staying += 1

    def _look(self) -> None:
        """Wait a second at most for something to happen, and take note of it."""
        by_pipe = {one.said: one for one in self._hired}
        by_end = {one.process.sentinel: one for one in self._hired}
        happened = wait([*by_pipe, *by_end, self._wakes], timeout=1.0)
        for what in happened:
            if what == self._wakes:
                os.read(self._wakes, 64)
            elif isinstance(what, Connection) and what in by_pipe:
                self._hear(by_pipe[what])
        for what in happened:
            if isinstance(what, int) and what in by_end:
                self._bury(by_end[what])
        self._end_silent()

    def _hear(self, one: _Hired) -> None:
        with suppress(EOFError, OSError):
            one.ready = one.said.recv_bytes() == READY or one.ready
            one.heard_at = self._now()

    def _bury(self, one: _Hired) -> None:
        one.process.join()
        self._hired.remove(one)
        one.said.close()
        mark_process_dead(one.seat, str(self._table.figures))  # type: ignore[no-untyped-call]
        status = one.process.exitcode or 0
        if not one.leaving and not self._ends:
            self._log.error("worker-ended", status=status, state="ready" if one.ready else "new")
            if not one.ready:
                self._not_before = self._now() + PAUSE_S

    def _end_silent(self) -> None:
        for one in self._hired:
            if one.left_at is not None:
                late = self._now() - one.left_at > self._plan.ends_s
            else:
                late = self._now() - one.heard_at > (SILENT_S if one.ready else STARTS_S)
            if late:
                self._log.error("worker-silent", state="ready" if one.ready else "new")
                one.process.kill()

    def _roll(self) -> None:
        """Go on with replacing: a worker leaves when its successor serves."""
        if signal.SIGHUP in self._asked:
            self._asked = [s for s in self._asked if s != signal.SIGHUP]
            self._to_replace = [one for one in self._hired if not one.leaving]
            self._log.info("workers-replaced", count=len(self._to_replace))
        self._to_replace = [one for one in self._to_replace if one in self._hired]
        busy = any(not one.ready for one in self._hired) or self._now() < self._not_before
        if not self._to_replace or busy:
            return
        if len(self._hired) > self._table.workers:
            oldest = self._to_replace.pop(0) if not any(o.leaving for o in self._hired) else None
            if oldest is not None and oldest.process.pid is not None:
                oldest.left_at = self._now()
                os.kill(oldest.process.pid, RETIRE)
            return
        self._hire()

    def _let_go(self) -> int:
        until = self._now() + self._plan.ends_s
        for one in self._hired:
            one.process.terminate()
        statuses: list[int] = []
        while self._hired:
            impatient = signal.SIGINT in self._asked and len(self._asked) > 1
            if impatient or self._now() > until:
                for one in self._hired:
                    one.process.kill()
            before = list(self._hired)
            self._look()
            statuses += [o.process.exitcode or 0 for o in before if o not in self._hired]
        return int(any(statuses))


def _work(serve: Serve, seat: int, said: Connection) -> None:
    """Serve in a process of its own; its handlers are its own, too."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ASKED)
    raise SystemExit(serve(seat, said))


def _leave(*_: object) -> None:
    raise SystemExit(0)
