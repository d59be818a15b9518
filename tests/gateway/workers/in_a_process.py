"""What the tests have another process do, because locks between processes need two.

Run as ``python -m tests.gateway.workers.in_a_process WHAT FOLDER …``; answers line by line.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

from gateway.workers import Plan, Supervisor, Table
from gateway.workers.arrivals import Arrivals
from gateway.workers.locks import Locks
from gateway.workers.proofs import SharedProofs
from gateway.workers.supervisor import ALIVE, READY, RETIRE
from tests.gateway.workers.silent import SilentLog

NOW = 1_000.0


def digest(number: int) -> bytes:
    """Return the digest of the proof of that number."""
    return hashlib.sha256(str(number).encode()).digest()


def use_proofs(folder: Path, count: int) -> None:
    """When told to, use the proofs 0 to ``count - 1`` and print those that were new."""
    seen = SharedProofs(folder / "proofs")
    say("ready")
    sys.stdin.readline()
    say(" ".join(str(n) for n in range(count) if seen.add(digest(n), NOW + 120, NOW)))


def arrive(folder: Path, sent: int, allowed: int) -> None:
    """When told to, ask so often as the same one, and print how often that was let in."""
    arrivals = Arrivals.shared(folder / "arrivals")
    say("ready")
    sys.stdin.readline()
    say(str(sum(arrivals.arrive(digest(0), allowed, int(NOW)) == 0 for _ in range(sent))))


def hold(folder: Path, number: int, name: str = "locks") -> None:
    """Take a lock and keep it for ever."""
    say("held" if Locks(folder / name).take(number) else "taken")
    sys.stdin.readline()


def supervise(folder: Path, conduct: str) -> None:
    """Run two workers that print when they begin, retire and end; say how it ended."""

    def serve(seat: int, said: Connection) -> int:
        say(f"begun {seat} {os.getpid()}")
        if conduct == "broken":
            return 3
        if conduct == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        left: list[int] = []
        signal.signal(RETIRE, lambda *_: left.append(1))
        said.send_bytes(READY)
        while not left and not (folder / f"fail-{seat}").exists():
            said.send_bytes(ALIVE)
            time.sleep(0.02)
        say(f"retired {seat}")
        return 0

    with Table.laid(2) as table:
        say(f"folder {table.folder}")
        status = Supervisor(table, Plan(serve, 0.3), SilentLog()).run()
    say(f"status {status}")


def say(line: str) -> None:
    """Print a line at once, whole."""
    os.write(1, f"{line}\n".encode())


if __name__ == "__main__":
    what, where, how = sys.argv[1:]
    if what == "supervise":
        supervise(Path(where), how)
    elif what == "hold":
        hold(Path(where), int(how))
    elif what == "hold-arrivals":
        hold(Path(where), int(how), "arrivals.locks")
    elif what == "arrive":
        arrive(Path(where), *map(int, how.split(",")))
    else:
        use_proofs(Path(where), int(how))
