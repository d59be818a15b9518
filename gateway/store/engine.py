"""Engine and sessions of the gateway's own database: SQLite by default, PostgreSQL in production.

Both are durable: a commit that returned survives a crash of the process and of the machine.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Dialect, event, make_url, text
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from gateway.errors import ExplainedError
from gateway.store.lookups import WAIT_S, DriverLookups, Selected

SQLITE_BUSY_TIMEOUT_MS: Final = 5_000
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_WRITES: Final = "hitotsu_writes"
_USED_AT: Final = "hitotsu_used_at"
IDLE_S: Final = 1.0
"""A connection that rested this long may have died meanwhile."""
_SERVER_SETTINGS: Final = {"application_name": "hitotsu", "synchronous_commit": "on"}
_CONNECT: Final[dict[str, Any]] = {"timeout": 5, "server_settings": _SERVER_SETTINGS}


class StoreUrlError(ExplainedError):
    """The address of the database cannot be used. The address itself is not repeated."""


class Store:
    """The database. Opened by ``open_store``; connects when it is first used.

    ``schema`` is None but for a database that holds a schema with a history of its own.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        lookups: DriverLookups | None = None,
        schema: str | None = None,
    ) -> None:
        self.engine = engine
        self.schema = schema
        writing = engine.execution_options(**{_WRITES: True})
        self._session = async_sessionmaker(engine, expire_on_commit=False)
        self._writing_session = async_sessionmaker(writing, expire_on_commit=False)
        self._lookups = lookups

    @property
    def dialect(self) -> str:
        """Return ``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def session(self) -> AsyncSession:
        """Return a new session, for reading or for writing rows that nobody has read before."""
        return self._session()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction that reads and then writes; commit it at the end.

        On SQLite the write lock is taken at its beginning, so that what was read still holds
        when it is written; otherwise the database would refuse the later write.
        """
        async with self._writing_session() as session, session.begin():
            yield session

    async def look_up(self, statement: Selected, values: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows of a statement that reads, by itself and outside of transactions.

        ``statement`` is one that is kept: it is compiled once. What must agree with each other
        belongs into one statement, or into a ``session``.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: nothing could be read.

        """
        if self._lookups is not None:
            return await self._lookups.look_up(statement, values)
        async with self.engine.connect() as connection:
            return (await connection.execute(statement, dict(values))).all()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """Lend one connection whose transactions write."""
        async with self.engine.execution_options(**{_WRITES: True}).connect() as connection:
            yield connection

    async def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: it gave none.

        """
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def aclose(self) -> None:
        """Close every connection. Harmless when called twice."""
        if self._lookups is not None:
            await self._lookups.aclose()
        await self.engine.dispose()


def open_store(url: str, *, idle_s: float = IDLE_S, schema: str | None = None) -> Store:
    """Return the store at ``url`` without connecting to it.

    A SQLite file, and its folder, are made for their owner alone if they do not exist: it holds
    whose address is protected. A connection to PostgreSQL that has rested for ``idle_s`` seconds is
    asked for a sign of life before it is used again. With ``schema`` it sees that schema of
    PostgreSQL and no other; a SQLite file is of one schema.

    Raises:
        StoreUrlError: not an address of SQLite or PostgreSQL.

    """
    address = database_address(url)
    # Values never show in errors or logs of statements.
    connect_args = _connect_args(schema)
    engine = create_async_engine(
        address, hide_parameters=True, **_engine_options(address, connect_args)
    )
    if engine.dialect.name == "sqlite":
        # This driver writes every statement with its values to the log at level debug.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        if address.database and address.database != ":memory:":
            Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            event.listen(engine.sync_engine, "do_connect", _OwnFile(Path(address.database)))
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    else:
        event.listen(engine.sync_engine, "checkin", _note_use)
        event.listen(engine.sync_engine, "checkout", _IdleCheck(engine.dialect, idle_s))
        _, connect = engine.dialect.create_connect_args(address)
        lookups = DriverLookups(engine.dialect, {**connect, **connect_args})
        return Store(engine, lookups, schema)
    return Store(engine, None, schema)


def database_address(url: str) -> URL:
    """Return ``url`` with the asynchronous driver of its database.

    Raises:
        StoreUrlError: not an address of SQLite or PostgreSQL.

    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise StoreUrlError(
            "データベースのアドレスの形が正しくありません。", "not the address of a database"
        ) from None
    driver = _DRIVERS.get(address.get_backend_name())
    if driver is None:
        raise StoreUrlError(
            "使えるのは SQLite と PostgreSQL だけです。", "only sqlite and postgresql are supported"
        )
    return address.set(drivername=driver)


def _connect_args(schema: str | None) -> dict[str, Any]:
    if schema is None:
        return _CONNECT
    return {**_CONNECT, "server_settings": {**_SERVER_SETTINGS, "search_path": schema}}


def _engine_options(address: URL, connect_args: dict[str, Any]) -> dict[str, Any]:
    if address.get_backend_name() == "sqlite":
        return {}
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": WAIT_S,
        "connect_args": connect_args,
    }


class _OwnFile:
    """Makes the file that is about to be opened, so that nobody else can read it.

    SQLite itself leaves that to the umask; what it makes beside the file gets the file's mode.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, _dialect: Any, _record: Any, _arguments: Any, _options: Any) -> None:
        """Do nothing if the file is there, or cannot be made: SQLite then says why."""
        with suppress(OSError):
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


class _IdleCheck:
    """Asks a connection that has rested for a sign of life before it is lent again.

    One that was used a moment ago need not be asked: that would be three round trips for one.
    """

    def __init__(self, dialect: Dialect, idle_s: float) -> None:
        self._dialect = dialect
        self._idle_s = idle_s

    def __call__(self, connection: Any, record: Any, _proxy: Any) -> None:
        """Do nothing if the connection lives.

        Raises:
            DisconnectionError: it does not; the pool then opens new ones.

        """
        used_at = record.info.get(_USED_AT)
        if used_at is None or time.monotonic() - used_at < self._idle_s:
            return
        try:
            self._dialect.do_ping(connection)
        except self._dialect.loaded_dbapi.Error:
            raise DisconnectionError from None


def _note_use(_connection: Any, record: Any) -> None:
    record.info[_USED_AT] = time.monotonic()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction control opens transactions late; ours is _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_TIMEOUT_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
