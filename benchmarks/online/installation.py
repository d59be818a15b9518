"""A gateway on PostgreSQL before three faked systems, for runs that watch one gateway alone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.online import adapters, contenders
from benchmarks.online.contenders import Contender, Cores, free_port
from benchmarks.online.gateway import Gateway
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

DATABASE = "hitotsu"
EVERY = ",".join(map(str, sorted(os.sched_getaffinity(0))))


@dataclass(frozen=True, slots=True)
class Installation:
    """What runs, and what it was made of."""

    gateway: Gateway
    process: Contender
    postgres: ThrowawayPostgres
    log: Path

    @property
    def pid(self) -> int:
        """Return the process of the gateway."""
        return self.process.process.pid


@contextmanager
def installed(
    *, troubled: bool = False, delays_ms: Sequence[int] = (), pinned: bool = False
) -> Iterator[Installation]:
    """Run everything until the end of the block; ``troubled`` systems are slow and fail at times.

    ``delays_ms`` is how long each system takes, in the order of ``adapters.GROUPS``. ``pinned``,
    the gateway has a core of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="installation-"))
    cores = Cores()
    others, measured = (cores.others, cores.measured) if pinned else (EVERY, EVERY)
    try:
        with throwaway_postgres(durable=True) as postgres, ExitStack() as stack:
            postgres.execute(f"CREATE DATABASE {DATABASE}")
            adapters.install(folder / "packages")
            systems = {name: free_port() for name in adapters.GROUPS}
            answers = {systems[name]: said for name, said in adapters.answers().items()}
            (folder / "systems.json").write_text(json.dumps(answers))
            path = {"PYTHONPATH": os.pathsep.join([str(folder / "packages"), str(Path.cwd())])}
            log = folder / "log"
            command = [sys.executable, "-m", "benchmarks.online.backends"]
            how = ["--troubled"] if troubled else []
            if delays_ms:
                how = [f"--delays={','.join(map(str, delays_ms))}"]
            arguments = [str(folder / "systems.json"), *how]
            stack.enter_context(
                contenders.running([*command, *arguments], others, systems["resident"], path, log)
            )
            port = free_port()
            gateway = Gateway(folder, postgres.url(DATABASE), port)
            asyncio.run(gateway.prepare(systems))
            environment = {**gateway.environment(), **path}
            del environment["HITOTSU_QUESTIONS_AT_ONCE"]  # the default is what is watched
            process = stack.enter_context(
                contenders.running(
                    contenders.hitotsu(port), measured, port, environment, folder / "gateway"
                )
            )
            yield Installation(gateway, process, postgres, folder / "gateway")
    finally:
        shutil.rmtree(folder)
