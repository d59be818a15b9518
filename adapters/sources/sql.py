"""A relational database, read-only, by the statements of the mapping."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.event import listen
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    RateLimited,
    SourceTimeout,
    Unavailable,
    Unsupported,
)
from adapters.mapping.model import Read
from adapters.sources.base import Slots

MAX_ROWS = 1_000_000
"""More rows than any list of one town has."""

_SQLSTATES: Final[tuple[tuple[str, type[AdapterError]], ...]] = (
    ("28", AuthenticationFailed),
    ("25006", ConfigurationError),
    ("42501", AuthenticationFailed),
    ("3D", ConfigurationError),
    ("42", ConfigurationError),
    ("57014", SourceTimeout),
    ("53300", RateLimited),
    ("53", Unavailable),
    ("57", Unavailable),
    ("08", Unavailable),
    ("40", Unavailable),
    ("22", BadAnswer),
)
"""What each SQLSTATE (or class of them) means to the engine; the first that fits."""


_READ_ONLY: Final = {"server_settings": {"default_transaction_read_only": "on"}}


class SqlSource:
    """A database of a legacy product.

    Args:
        url: SQLAlchemy address with an async driver; never logged.
        pool_size: connections that the product allows us.
        probe: a statement without a number that shows that the product answers; its first
            column is the product's version.
    """

    def __init__(self, url: str, *, pool_size: int, probe: str) -> None:
        self._engine = _open_engine(url, pool_size)
        self._probe = probe
        self._statements: dict[str, TextClause] = {}

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the rows of the statement, each a mapping by lower-case column name."""
        if read.sql is None:
            raise Unsupported("the read is not one of this transport")
        return await self._rows(read.sql.statement, dict(slots), deadline)

    async def ping(self, deadline: Deadline) -> str | None:
        """Return the version that the probe tells."""
        rows = await self._rows(self._probe, {}, deadline)
        return str(next(iter(rows[0].values()))).strip() if rows else None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _rows(
        self, statement: str, parameters: dict[str, Any], deadline: Deadline
    ) -> list[dict[str, Any]]:
        clause = self._statements.setdefault(statement, text(statement))
        try:
            async with asyncio.timeout(deadline.require_s()):
                rows = await self._ask(clause, parameters)
        except TimeoutError:
            raise SourceTimeout("the database did not answer in time") from None
        except SQLAlchemyError as error:
            raise meaning_of(error) from None
        except OSError as error:
            raise Unavailable(f"no connection ({type(error).__name__})") from None
        return rows

    async def _ask(self, clause: TextClause, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        """Run the statement; once more if the kept connection turns out to be dead.

        That is how the first question after a restart of the product finds its connections. The
        pool has dropped all of them by then, so the second try opens a new one.
        """
        try:
            return await self._ask_once(clause, parameters)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._ask_once(clause, parameters)

    async def _ask_once(
        self, clause: TextClause, parameters: dict[str, Any]
    ) -> list[dict[str, Any]]:
        async with self._engine.connect() as connection:
            result = await connection.execute(clause, parameters)
            return [dict(row) for row in result.mappings().fetchmany(MAX_ROWS)]


def meaning_of(error: SQLAlchemyError) -> AdapterError:
    """Return what an error of the database means; names classes and states, never contents."""
    name = type(error).__name__
    if isinstance(error, PoolTimeout):
        return Unavailable("every connection is taken")
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", "") or "")
        for prefix, ours in _SQLSTATES:
            if state.startswith(prefix):
                return ours(f"{name}, SQLSTATE {state}")
        if error.connection_invalidated or isinstance(error, InterfaceError):
            return Unavailable(name)
        if isinstance(error, ProgrammingError):
            return ConfigurationError(name)
        if isinstance(error, OperationalError):
            return _operational(error)
    return BadAnswer(name)


def _operational(error: OperationalError) -> AdapterError:
    """Tell SQLite's errors apart: they carry a name of their own instead of a state.

    The first statement of a connection that cannot be parsed is reported as ``SQLITE_SCHEMA``.
    """
    name = getattr(error.orig, "sqlite_errorname", "")
    if name in {"SQLITE_ERROR", "SQLITE_SCHEMA", "SQLITE_READONLY"}:
        return ConfigurationError(f"the statement cannot run ({name})")
    return Unavailable(f"OperationalError {name}".strip())


def _forbid_writing(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _open_engine(url: str, pool_size: int) -> AsyncEngine:
    """Return an engine whose connections cannot write, whatever the account may do."""
    try:
        if url.startswith("sqlite"):
            engine = create_async_engine(url, isolation_level="AUTOCOMMIT", hide_parameters=True)
            listen(engine.sync_engine, "connect", _forbid_writing)
            return engine
        return create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_recycle=1800,
            hide_parameters=True,
            connect_args=_READ_ONLY if url.startswith("postgresql+asyncpg") else {},
        )
    except (SQLAlchemyError, ImportError) as error:
        raise ConfigurationError(f"database_url: {type(error).__name__}") from None
