"""Statements that every question needs, read with as little as possible around them.

They are written with SQLAlchemy like all others. On PostgreSQL each is compiled once and handed to
the driver itself, over connections that do nothing else: no transaction, no unit of work, no
greenlet. On SQLite they go the usual way.
"""

from __future__ import annotations

import asyncio
import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from itertools import chain
from typing import Any, Final, TypeAlias

import asyncpg  # type: ignore[import-untyped]
import orjson
from sqlalchemy import CompoundSelect, Dialect, Insert, Select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.ext.asyncio import AsyncConnection

CONNECTIONS: Final = 10
WAIT_S: Final = 5.0
"""How long a lookup waits for a connection, and the longest that one takes."""
_GONE: Final = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CannotConnectNowError,
)
Selected: TypeAlias = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
_Process: TypeAlias = Callable[[Any], Any] | None


class DriverLookups:
    """Lookups straight over asyncpg, on a few connections of their own.

    Args:
        dialect: of the engine; it compiles the statements.
        connect: arguments of ``asyncpg.connect``.
    """

    def __init__(self, dialect: Dialect, connect: Mapping[str, Any]) -> None:
        self._dialect = dialect
        self._connect = connect
        self._free: list[Any] = []
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._prepared: dict[Selected, _Prepared] = {}

    async def look_up(self, statement: Selected, values: Mapping[str, Any]) -> Sequence[Any]:
        """Return the rows. What only reads is asked once more if its connection had died.

        Raises:
            sqlalchemy.exc.TimeoutError: no connection became free, or the answer took too long.
            sqlalchemy.exc.DBAPIError: the database refuses; without values.
            OSError: it was not reached.

        """
        prepared = self._prepared.get(statement)
        if prepared is None:
            prepared = self._prepared[statement] = _Prepared(statement, self._dialect)
        text, arguments = prepared.filled(values)
        found = await self._fetch(text, arguments)
        if isinstance(found, _GONE):
            # The database was started anew: all of them have died.
            self._forget()
            found = await self._fetch(text, arguments)
        # Raised here and not where it was caught: the driver's own error repeats values.
        if isinstance(found, asyncpg.PostgresError):
            raise OperationalError("lookup", None, Exception(type(found).__name__))
        if isinstance(found, asyncpg.InterfaceError | asyncpg.InternalClientError):
            raise InterfaceError("lookup", None, Exception(type(found).__name__))
        return prepared.rows(found)

    async def _fetch(self, text: str, arguments: Sequence[Any]) -> Any:
        """Return the records, or the driver's error."""
        try:
            async with asyncio.timeout(WAIT_S) if self._room.locked() else nullcontext():
                await self._room.acquire()
        except TimeoutError:
            raise PoolExhausted from None
        try:
            return await self._fetch_over(await self._connection(), text, arguments)
        except TimeoutError:
            raise PoolExhausted from None
        except (
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as error:
            return error
        finally:
            self._room.release()

    async def _fetch_over(self, connection: Any, text: str, arguments: Sequence[Any]) -> Any:
        try:
            found = await connection.fetch(text, *arguments)
        except BaseException:
            # Whoever was cancelled leaves an answer behind that nobody waits for.
            connection.terminate()
            raise
        self._free.append(connection)
        return found

    async def _connection(self) -> Any:
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        connection = await asyncpg.connect(**self._connect, command_timeout=WAIT_S)
        await _read_json(connection)
        return connection

    def _forget(self) -> None:
        while self._free:
            self._free.pop().terminate()

    async def aclose(self) -> None:
        """Close the connections."""
        while self._free:
            await self._free.pop().close()


class DriverInsert:
    """An insertion of many rows by the driver of PostgreSQL: one transaction, one round trip."""

    def __init__(self, statement: Insert) -> None:
        self._statement = statement
        self._compiled: tuple[str, Sequence[tuple[str, _Process]]] | None = None

    async def execute(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert ``rows``, all of the same columns, over a connection without a transaction.

        When it returns, all of them are committed; if it raises, none is.
        """
        text, columns = self._compiled or self._compile(connection.dialect, rows[0])
        raw = await connection.get_raw_connection()
        driver: Any = raw.driver_connection
        await driver.executemany(
            text,
            [
                [process(row[name]) if process else row[name] for name, process in columns]
                for row in rows
            ],
        )

    def _compile(
        self, dialect: Dialect, row: Mapping[str, Any]
    ) -> tuple[str, Sequence[tuple[str, _Process]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=list(row))
        columns = [
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
            for name in compiled.positiontup or ()
        ]
        self._compiled = str(compiled), columns
        return self._compiled


class _Prepared:
    """One statement, compiled for each number of values that its lists have had."""

    def __init__(self, statement: Selected, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._compiled = compiled
        self._defaults: Mapping[str, Any] = compiled.params
        self._bound: dict[str, _Process] = {
            name: found.type.dialect_impl(dialect).bind_processor(dialect)
            for name, found in compiled.binds.items()
        }
        self._lists = [name for name, found in compiled.binds.items() if found.expanding]
        self._shapes: dict[tuple[int, ...], tuple[str, Sequence[str], Mapping[str, Any]]] = {}
        columns = list(statement.selected_columns)
        self._columns: list[_Process] = [
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        ]
        names = [getattr(column, "name", None) or "" for column in columns]
        self._row: Callable[[Iterable[Any]], Any] = _row_of(names)

    def filled(self, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the text for so many values, and the values in its order."""
        shape = tuple(len(values[name]) for name in self._lists)
        known = self._shapes.get(shape)
        if known is None:
            state = self._compiled.construct_expanded_state(dict(values))
            names = {n: tuple(e) for n, e in state.parameter_expansion.items()}
            known = state.statement, tuple(state.positiontup or ()), names
            self._shapes[shape] = known
        text, order, expanded = known
        single = {**self._defaults, **values}
        for name, parts in expanded.items():
            single.update(zip(parts, _flat(values[name]), strict=True))
        arguments = []
        for name in order:
            process = self._bound.get(name)
            arguments.append(process(single[name]) if process else single[name])
        return text, arguments

    def rows(self, found: Sequence[Any]) -> Sequence[Any]:
        """Return what the driver read, in the types of the columns."""
        columns = self._columns
        return [
            self._row(
                process(value) if process and value is not None else value
                for process, value in zip(columns, record, strict=True)
            )
            for record in found
        ]


def _row_of(names: Sequence[str]) -> Callable[[Iterable[Any]], Any]:
    new: Any = namedtuple  # the type checker wants the names spelled out
    made = new("Row", names, rename=True)
    make: Callable[[Iterable[Any]], Any] = made._make
    return make


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    return chain.from_iterable(v if isinstance(v, tuple) else (v,) for v in values)


async def _read_json(connection: Any) -> None:
    """Let the driver read JSON, as SQLAlchemy does on the connections of its own."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name, encoder=json.dumps, decoder=orjson.loads, schema="pg_catalog"
        )
