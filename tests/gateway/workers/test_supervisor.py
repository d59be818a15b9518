"""The supervisor of the workers: who dies is replaced, who is asked to end ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.gateway.workers.processes import Other, other


@contextmanager
def supervised(folder: Path, conduct: str = "good") -> Iterator[tuple[Other, Path, list[int]]]:
    """Run a supervisor; yield it, the folder of its table and the pids of its two workers."""
    with other("supervise", folder, conduct) as supervisor:
        table = Path(supervisor.says().removeprefix("folder "))
        yield supervisor, table, [begun(supervisor)[1] for _ in range(2)]


def begun(supervisor: Other) -> tuple[int, int]:
    """Return seat and pid of the worker that begins now."""
    word, seat, pid = supervisor.says().split()
    assert word == "begun"
    return int(seat), int(pid)


def is_there(pid: int) -> bool:
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_asked_to_end_it_lets_every_worker_end_and_leaves_nothing(tmp_path: Path) -> None:
    """UP-1: status 0; the shared folder is gone."""
    with supervised(tmp_path) as (supervisor, table, workers):
        assert (table / "proofs").exists()
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.says() == "status 0"
        assert supervisor.process.wait() == 0
        assert not table.exists()
        assert not any(map(is_there, workers))


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path) -> None:
    """At once, on the same seat."""
    with supervised(tmp_path) as (supervisor, _, workers):
        os.kill(workers[1], signal.SIGKILL)
        seat, pid = begun(supervisor)
        assert seat == 1
        assert pid not in workers
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.says() == "status 0"


def test_a_first_worker_that_cannot_begin_ends_everything_with_its_status(tmp_path: Path) -> None:
    """So that whoever started it sees it, instead of a port that answers nothing."""
    with other("supervise", tmp_path, "broken") as supervisor:
        assert supervisor.says().startswith("folder ")
        begun(supervisor)
        assert supervisor.says() == "status 3"


def test_a_worker_that_does_not_end_is_killed_and_told_of(tmp_path: Path) -> None:
    """Status 1: something was cut off."""
    with supervised(tmp_path, "deaf") as (supervisor, _, workers):
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.says() == "status 1"
        assert not any(map(is_there, workers))


def test_asked_to_begin_anew_it_replaces_one_worker_after_the_other(tmp_path: Path) -> None:
    """SIGHUP: a successor serves before a worker leaves, so the port never has fewer."""
    with supervised(tmp_path) as (supervisor, _, _workers):
        supervisor.process.send_signal(signal.SIGHUP)
        assert begun(supervisor)[0] == 2
        assert supervisor.says() == "retired 0"
        assert begun(supervisor)[0] == 0
        assert supervisor.says() == "retired 1"
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.says() == "status 0"
