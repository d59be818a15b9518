"""Questions to a database within a deadline: by drivers that can wait, and by those that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from sqlalchemy import Engine, TextClause
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.deadline import Deadline
from adapters.errors import ConfigurationError, SourceTimeout
from adapters.sources.sql_dialects import Dialect, Opened

MAX_ROWS: Final = 1_000_000
"""More rows than any list of one town has."""

Rows = list[dict[str, Any]]


class Database(Protocol):
    """A database that answers."""

    async def rows(
        self, clause: TextClause, parameters: Mapping[str, Any], deadline: Deadline
    ) -> Rows:
        """Return the rows, each by lower-case column name.

        Raises:
            SQLAlchemyError: the driver's error.
            ConfigurationError: two columns have one name.
            TimeoutError: there was no answer in time; the connection is not used again.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...


def database_of(opened: Opened, pool_size: int) -> Database:
    """Return the database behind an engine."""
    if opened.asynchronous is not None:
        return AsyncDatabase(opened.asynchronous, opened.dialect)
    if opened.threaded is not None:
        return ThreadedDatabase(opened.threaded, opened.dialect, pool_size)
    raise ConfigurationError("database_url: no engine")


class AsyncDatabase:
    """A driver that waits without blocking; a call that is cancelled ends its connection."""

    def __init__(self, engine: AsyncEngine, dialect: Dialect) -> None:
        self._engine = engine
        self._dialect = dialect

    async def rows(
        self, clause: TextClause, parameters: Mapping[str, Any], deadline: Deadline
    ) -> Rows:
        """Ask; once more if the kept connection turns out to be dead.

        That is how the first question after a restart of the product finds its connections. The
        pool has dropped all of them by then, so the second try opens a new one.
        """
        async with asyncio.timeout(deadline.require_s()):
            try:
                return await self._ask(clause, parameters, deadline)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                return await self._ask(clause, parameters, deadline)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _ask(
        self, clause: TextClause, parameters: Mapping[str, Any], deadline: Deadline
    ) -> Rows:
        async with self._engine.connect() as connection:
            if self._dialect.call_timeout:
                raw = await connection.get_raw_connection()
                milliseconds = max(1, int(deadline.require_s() * 1000))
                setattr(raw.driver_connection, self._dialect.call_timeout, milliseconds)
            for statement in self._dialect.begin:
                await connection.exec_driver_sql(statement)
            result = await connection.execute(clause, dict(parameters))
            return _by_name(result.keys(), result.fetchmany(MAX_ROWS))


class ThreadedDatabase:
    """A driver that blocks, in as many threads as the product allows connections.

    When the deadline passes, the caller goes on at once. Where the driver can be interrupted it is;
    otherwise its thread, and with it one connection, is busy until the driver's own limit. Such a
    connection is closed, never used again.
    """

    def __init__(self, engine: Engine, dialect: Dialect, pool_size: int) -> None:
        self._engine = engine
        self._dialect = dialect
        self._workers = ThreadPoolExecutor(pool_size, "sql-source")

    async def rows(
        self, clause: TextClause, parameters: Mapping[str, Any], deadline: Deadline
    ) -> Rows:
        """Ask in a thread; once more if the kept connection turns out to be dead."""
        call = _Call(self._engine, self._dialect, clause, parameters)
        try:
            async with asyncio.timeout(deadline.require_s()):
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._workers, call.run)
        except (TimeoutError, asyncio.CancelledError):
            call.abandon()
            raise

    async def aclose(self) -> None:
        """Close every connection that is idle; the others when they are done."""
        self._workers.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._engine.dispose)


class _Call:
    """One question in a thread, which the caller may abandon from outside."""

    def __init__(
        self, engine: Engine, dialect: Dialect, clause: TextClause, parameters: Mapping[str, Any]
    ) -> None:
        self._engine = engine
        self._dialect = dialect
        self._clause = clause
        self._parameters = dict(parameters)
        self._state = threading.Lock()
        self._running: Any = None
        self._connected = False
        self._abandoned = threading.Event()

    def run(self) -> Rows:
        """Return the rows. In the thread."""
        try:
            return self._ask()
        except DBAPIError as error:
            was_dead = error.connection_invalidated and self._connected
            if not was_dead or self._abandoned.is_set():
                raise
            return self._ask()

    def abandon(self) -> None:
        """Stop what runs, if the driver can be stopped; never what another call runs."""
        with self._state:
            self._abandoned.set()
            if self._running is not None and self._dialect.interrupt is not None:
                self._dialect.interrupt(self._running)

    def _ask(self) -> Rows:
        with self._engine.connect() as connection:
            self._connected = True
            with self._state:
                if self._abandoned.is_set():
                    raise SourceTimeout("nobody waits for the answer any more")
                self._running = connection.connection.driver_connection
            try:
                for statement in self._dialect.begin:
                    connection.exec_driver_sql(statement)
                result = connection.execute(self._clause, self._parameters)
                return _by_name(result.keys(), result.fetchmany(MAX_ROWS))
            finally:
                with self._state:
                    self._running = None
                    if self._abandoned.is_set():
                        connection.invalidate()


def _by_name(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Rows:
    """Return rows by lower-case column name, whatever case the product answers in."""
    keys = [name.lower() for name in names]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ConfigurationError(f"the statement has two columns {', '.join(twice)}")
    return [dict(zip(keys, row, strict=True)) for row in rows]
