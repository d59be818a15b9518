"""One command runs the whole town, checks itself, gives way on ports, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.acceptance.town_under_test import DEMO, REPOSITORY, Town, demonstration

pytestmark = [pytest.mark.town, pytest.mark.timeout(240)]


def _check(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *DEMO, "--check", "--var", str(folder), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_check_fills_the_first_form_twice_and_gives_way_on_taken_ports(
    tmp_path: Path,
) -> None:
    """A first run makes the town, a second one uses it; a port in use is not a reason to fail."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = ("--households", "150", "--gateway-port", port, "--service-port", port)
        first = _check(tmp_path, *arguments)
        second = _check(tmp_path, *arguments)
    for run in (first, second):
        assert run.returncode == 0, run.stdout + run.stderr
        assert re.search(
            r"first form: \d+ of \d+ fields filled in, answered in [\d.]+ s", run.stdout
        )
    assert "the town made before is used" in second.stdout


def test_stopping_leaves_no_process_and_no_open_port(tmp_path: Path) -> None:
    """SIGTERM ends everything with status 0."""
    with demonstration(tmp_path, "--households", "150") as (process, town):
        pids = _family(process.pid)
        assert len(pids) >= 6
        process.terminate()
        assert process.wait(30) == 0
    assert not (tmp_path / "running.json").exists()
    assert _alive(pids) == []
    for url in (town.gateway_url, town.service_url):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, trust_env=False)


def test_a_second_demonstration_in_the_same_folder_is_told_so(town: Town) -> None:
    """Two at once in one folder would mix their databases."""
    second = _check(town.folder)
    assert second.returncode == 1
    assert "already running" in second.stdout


def test_killing_the_demonstration_leaves_no_system_running(tmp_path: Path) -> None:
    """Even kill -9 of the supervisor takes its processes with it."""
    with demonstration(tmp_path, "--households", "150") as (process, town):
        pids = _family(process.pid)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        for pid in pids[1:]:
            _wait_for_end(pid)
    with pytest.raises(httpx.ConnectError):
        httpx.get(town.service_url, trust_env=False)


def _family(pid: int) -> list[int]:
    """Return the process and everything below it, by the process table of Linux."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(p for child in children for p in _family(int(child)))]


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}/status").exists()]


def _wait_for_end(pid: int) -> None:
    """Return when the process has ended."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            ready, _, _ = select.select([handle], [], [], 20)
        finally:
            os.close(handle)
        assert ready, "a process of the demonstration is still running"
