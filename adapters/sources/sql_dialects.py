"""How each database product is opened: nothing can be written, and every wait has an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.engine.interfaces import Dialect as Product
from sqlalchemy.event import listen
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import await_only

from adapters.errors import ConfigurationError
from adapters.network import CheckedLoop, Network

CONNECT_S: Final = 5
"""How long opening a connection may take, in seconds, where the driver lets us say so."""

LOCK_WAIT_S: Final = 5
"""How long a statement may wait for a lock of somebody else, where the product lets us say so."""

_DB2_ACCESS_MODE, _DB2_READ_ONLY = 101, 1
_DB2_LOGIN_TIMEOUT, _DB2_RECEIVE_TIMEOUT = 103, 2547
"""Attributes of a connection. Source: IBM Data Server Driver, SQL_ATTR_ACCESS_MODE and others."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is particular to a product.

    ``on_connect`` are statements for a new connection, ``begin`` those before each question, in a
    transaction that is always rolled back; without ``begin`` nothing needs a transaction unless
    ``autocommit`` is off. ``interrupt`` stops what runs on a connection of the driver, from
    another thread. ``call_timeout`` is the attribute of an asynchronous connection that limits a
    call, in milliseconds.
    """

    extra: str = ""
    autocommit: bool = True
    on_connect: tuple[str, ...] = ()
    begin: tuple[str, ...] = ()
    connect_args: Callable[[int], Mapping[str, Any]] = lambda _longest_s: {}
    interrupt: Callable[[Any], None] | None = None
    call_timeout: str = ""
    quiet_loggers: tuple[str, ...] = field(default=())


def _interrupt_sqlite(connection: Any) -> None:
    connection.interrupt()


PLAIN: Final = Dialect(autocommit=False)
"""A product that is not known here: whatever a statement does is rolled back."""

DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": Dialect(on_connect=("PRAGMA query_only = ON",), interrupt=_interrupt_sqlite),
    "postgresql": Dialect(
        connect_args=lambda _: {"server_settings": {"default_transaction_read_only": "on"}}
    ),
    "oracle": Dialect(
        extra="oracle",
        autocommit=False,
        begin=("SET TRANSACTION READ ONLY",),
        connect_args=lambda _: {"tcp_connect_timeout": float(CONNECT_S)},
        call_timeout="call_timeout",
    ),
    "mssql": Dialect(
        extra="sqlserver",
        autocommit=False,
        on_connect=(f"SET LOCK_TIMEOUT {LOCK_WAIT_S * 1000}", "SET DEADLOCK_PRIORITY LOW"),
        connect_args=lambda longest_s: {
            "login_timeout": CONNECT_S,
            "timeout": longest_s,
            "read_only": True,
        },
    ),
    "db2": Dialect(
        extra="db2",
        autocommit=False,
        on_connect=(f"SET CURRENT LOCK TIMEOUT {LOCK_WAIT_S}",),
        connect_args=lambda longest_s: {
            "conn_options": {
                _DB2_ACCESS_MODE: _DB2_READ_ONLY,
                _DB2_LOGIN_TIMEOUT: CONNECT_S,
                _DB2_RECEIVE_TIMEOUT: longest_s,
            }
        },
        # This dialect writes whole error texts to its log, which may quote contents.
        quiet_loggers=("ibm_db_sa",),
    ),
}
"""By the first part of an address."""

_PORTS: Final = {"oracle": 1521, "mssql": 1433, "db2": 50000, "ibm_db_sa": 50000}
"""Where a product listens if the address does not say."""

_DRIVERS: Final = {
    "postgresql": {"asyncpg"},
    "oracle": {"oracledb", "oracledb_async"},
    "mssql": {"pymssql"},
}
"""Drivers that the arguments above are for, where a product has several."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine and what is particular to its product; exactly one of the engines is there."""

    dialect: Dialect
    asynchronous: AsyncEngine | None = None
    threaded: Engine | None = None


def open_engine(address: str, pool_size: int, longest_s: int, network: Network) -> Opened:
    """Return an engine whose connections cannot write, as far as the product can be told so.

    Drivers that can only block are used in threads. No connection is opened. Each goes to an
    address that ``network`` gives for the name in ``address``.

    Raises:
        ConfigurationError: the address cannot be used, or the driver is not installed.
    """
    try:
        url = make_url(address)
    except ArgumentError:
        raise ConfigurationError("database_url: ArgumentError") from None
    _require_host(url)
    dialect = _dialect_of(url)
    for name in dialect.quiet_loggers:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        kind = url.get_dialect()
        options = _options(url, dialect, pool_size, longest_s)
        if kind.get_async_dialect_cls(url).is_async:
            engine = create_async_engine(url, **options)
            _prepare(engine.sync_engine, dialect)
            _bind(engine.sync_engine, url, network, await_only)
            return Opened(dialect, asynchronous=engine)
        blocking = create_engine(url, **options)
        _prepare(blocking, dialect)
        _bind(blocking, url, network, asyncio.run)
        return Opened(dialect, threaded=blocking)
    except (SQLAlchemyError, ImportError) as error:
        raise ConfigurationError(_why(dialect, error)) from None


def _dialect_of(url: URL) -> Dialect:
    """Return what is known of the product with this driver; with another one, what is of any."""
    name = {"ibm_db_sa": "db2"}.get(url.get_backend_name(), url.get_backend_name())
    _, _, driver = url.drivername.partition("+")
    if name in _DRIVERS and driver and driver not in _DRIVERS[name]:
        return PLAIN
    return DIALECTS.get(name, PLAIN)


def _options(url: URL, dialect: Dialect, pool_size: int, longest_s: int) -> dict[str, Any]:
    options: dict[str, Any] = {
        "hide_parameters": True,
        "connect_args": dict(dialect.connect_args(longest_s)),
    }
    if dialect.autocommit:
        options["isolation_level"] = "AUTOCOMMIT"
    if url.get_backend_name() != "sqlite":
        options |= {
            "pool_size": pool_size,
            "max_overflow": 0,
            "pool_timeout": 5,
            "pool_recycle": 1800,
        }
    return options


def _prepare(engine: Engine, dialect: Dialect) -> None:
    """Run the statements for a new connection whenever one is opened."""

    def connected(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        for statement in dialect.on_connect:
            cursor.execute(statement)
        cursor.close()

    if dialect.on_connect:
        listen(engine, "connect", connected)


def _require_host(url: URL) -> None:
    """Do nothing unless something beside the address would say where to connect to.

    The driver of PostgreSQL asks us whatever host it finds.

    Raises:
        ConfigurationError: there is no host, or one that a file of the driver's own resolves.
    """
    backend = url.get_backend_name()
    if backend == "sqlite" or url.drivername == "postgresql+asyncpg":
        return
    aliased = backend == "oracle" and not (url.database or "service_name" in url.query)
    if not url.host or aliased:
        raise ConfigurationError("database_url: write host, port and the database or service")


def _bind(
    engine: Engine,
    url: URL,
    network: Network,
    wait: Callable[[Coroutine[Any, Any, str]], str],
) -> None:
    """Let every new connection go to an address that the network gives, never to a name."""
    backend = url.get_backend_name()
    if backend == "sqlite":
        return
    if url.drivername == "postgresql+asyncpg":
        listen(engine, "do_connect", _over_checked_loop(network))
        return
    host = url.host or ""
    port = url.port or _PORTS.get(backend, 0)

    def connect(
        product: Product, _record: object, _cargs: Sequence[Any], cparams: dict[str, Any]
    ) -> Any:
        address = wait(_address_of(network, host, port))
        cargs, options = product.create_connect_args(url.set(host=address))
        return product.connect(*cargs, **{**cparams, **options})

    listen(engine, "do_connect", connect)


async def _address_of(network: Network, host: str, port: int) -> str:
    """Return an address of ``host``, of several the first that is there.

    The driver is not tried with one after the other: a login that is refused would be repeated, and
    the account locked.
    """
    *several, last = await network.addresses(host, port)
    for address in several:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(address, port)
            writer.close()
            return address
    return last


def _over_checked_loop(network: Network) -> Callable[..., None]:
    def connect(
        _product: Product, _record: object, _cargs: object, cparams: dict[str, Any]
    ) -> None:
        cparams["loop"] = CheckedLoop(asyncio.get_running_loop(), network)

    return connect


def _why(dialect: Dialect, error: Exception) -> str:
    if dialect.extra and isinstance(error, ImportError | NoSuchModuleError):
        return f"database_url: the driver is missing; install hitotsu[{dialect.extra}]"
    return f"database_url: {type(error).__name__}"
