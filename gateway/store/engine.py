"""Engine and sessions of the gateway's own database: SQLite by default, PostgreSQL in production.

Both are durable: a commit that returned survives a crash of the process and of the machine.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, event, make_url, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

SQLITE_BUSY_TIMEOUT_MS: Final = 5_000
_DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
_WRITES: Final = "hitotsu_writes"


class StoreUrlError(Exception):
    """The address of the database cannot be used. The address itself is not repeated."""

    def __init__(self, detail_en: str, detail_ja: str) -> None:
        super().__init__(detail_en)
        self.detail_en = detail_en
        self.detail_ja = detail_ja


class Store:
    """The database. Opened by ``open_store``; connects when it is first used."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        writing = engine.execution_options(**{_WRITES: True})
        self._session = async_sessionmaker(engine, expire_on_commit=False)
        self._writing_session = async_sessionmaker(writing, expire_on_commit=False)

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
        await self.engine.dispose()


def open_store(url: str) -> Store:
    """Return the store at ``url`` without connecting to it.

    The folder of a SQLite file is made if it does not exist.

    Raises:
        StoreUrlError: not an address of SQLite or PostgreSQL.

    """
    address = database_address(url)
    # Values never show in errors or logs of statements.
    engine = create_async_engine(address, hide_parameters=True, **_engine_options(address))
    if engine.dialect.name == "sqlite":
        # This driver writes every statement with its values to the log at level debug.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        if address.database and address.database != ":memory:":
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return Store(engine)


def database_address(url: str) -> URL:
    """Return ``url`` with the asynchronous driver of its database.

    Raises:
        StoreUrlError: not an address of SQLite or PostgreSQL.

    """
    try:
        address = make_url(url)
    except ArgumentError:
        raise StoreUrlError(
            "not the address of a database", "データベースのアドレスの形が正しくありません。"
        ) from None
    driver = _DRIVERS.get(address.get_backend_name())
    if driver is None:
        raise StoreUrlError(
            "only sqlite and postgresql are supported", "使えるのは SQLite と PostgreSQL だけです。"
        )
    return address.set(drivername=driver)


def _engine_options(address: URL) -> dict[str, Any]:
    if address.get_backend_name() == "sqlite":
        return {}
    settings = {"application_name": "hitotsu", "synchronous_commit": "on"}
    return {
        "pool_size": 10,
        "max_overflow": 10,
        "pool_timeout": 5,
        "pool_pre_ping": True,
        "connect_args": {"timeout": 5, "server_settings": settings},
    }


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
