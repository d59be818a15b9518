"""Where the demonstration keeps its files, and what of the town is already made."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.town.generate import generate

REPOSITORY: Final = Path(__file__).resolve().parents[3]


class AlreadyRunning(Exception):
    """Another demonstration uses the same folder."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders and files below ``var/demo``."""

    root: Path

    @property
    def town(self) -> Path:
        """Return the folder of the generator's files."""
        return self.root / "town"

    @property
    def gateway(self) -> Path:
        """Return the folder of the gateway's database, keys and adapters file."""
        return self.root / "gateway"

    @property
    def service(self) -> Path:
        """Return the folder of the online service's key, settings and records."""
        return self.root / "online_service"

    @property
    def logs(self) -> Path:
        """Return the folder of the log files."""
        return self.root / "logs"

    @property
    def running(self) -> Path:
        """Return the file that names the addresses while the demonstration runs."""
        return self.root / "running.json"

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder for this demonstration alone.

        Raises:
            AlreadyRunning: somebody else holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise AlreadyRunning from None
            yield


def make_town(places: Places, *, seed: int, households: int) -> bool:
    """Make the town unless the same one is there; tell whether it was made.

    A new town makes the gateway's links and the service's handles worthless, so they go too.
    """
    wanted = {"seed": seed, "households": households, "generator": _generator_version()}
    marker = places.town / "made.json"
    if marker.exists() and json.loads(marker.read_text("utf-8")) == wanted:
        return False
    for folder in (places.town, places.gateway, places.service):
        shutil.rmtree(folder, ignore_errors=True)
    generate(places.town, seed=seed, households=households)
    marker.write_text(json.dumps(wanted), "utf-8")
    return True


def _generator_version() -> str:
    """Return a digest of the generator's code: another code may make another town."""
    town = Path(__file__).resolve().parents[1]
    files = [
        town / "generate.py",
        *sorted(town.glob("model/*.py")),
        *sorted(town.glob("writers/*.py")),
    ]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def choose_port(preferred: int) -> int:
    """Return the preferred port if nothing uses it, else a free one."""
    for port in (preferred, 0):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no free port on the loopback interface")
