"""Reading databases: rows as they are, no writing, and every failure with a meaning."""

from __future__ import annotations

import asyncio
import inspect
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy.exc
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from adapters.contract import Deadline
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
from adapters.mapping.document import MappingError, read_document
from adapters.mapping.model import Read, RestRead, SqlRead
from adapters.network import OPEN_NETWORK
from adapters.sources.sql import SqlSource
from adapters.sources.sql_errors import meaning_of
from tools.throwaway_postgres import ThrowawayPostgres


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A small register in SQLite."""
    with sqlite3.connect(tmp_path / "register.db") as database:
        database.execute("CREATE TABLE person (no TEXT, name TEXT)")
        database.executemany(
            "INSERT INTO person VALUES (?, ?)", [("1", "架空　花子 "), ("2", "架空　一郎")]
        )
    database.close()
    return f"sqlite+aiosqlite:///{tmp_path / 'register.db'}"


@asynccontextmanager
async def opened(url: str, pool_size: int = 2) -> AsyncIterator[SqlSource]:
    """Open a source and close it."""
    source = SqlSource(
        url, pool_size=pool_size, probe="SELECT '7.3.1' AS version", network=OPEN_NETWORK
    )
    try:
        yield source
    finally:
        await source.aclose()


def select(statement: str) -> Read:
    """Return a read of this statement."""
    return Read(sql=SqlRead(statement=statement))


BY_NUMBER = select("SELECT no, name FROM person WHERE no = :number ORDER BY no")


async def test_rows_come_as_the_database_has_them(sqlite_url: str) -> None:
    """Padding and all: what it means is for the mapping to say."""
    async with opened(sqlite_url) as source:
        assert await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(5)) == [
            {"no": "1", "name": "架空　花子 "}
        ]
        assert await source.read(BY_NUMBER, {"number": "9"}, Deadline.after(5)) == []


async def test_a_number_is_a_parameter_and_never_a_part_of_the_statement(sqlite_url: str) -> None:
    """A number that looks like SQL finds nobody."""
    async with opened(sqlite_url) as source:
        assert await source.read(BY_NUMBER, {"number": "1' OR '1'='1"}, Deadline.after(5)) == []


async def test_the_probe_tells_the_version_of_the_product(sqlite_url: str) -> None:
    """It asks about nobody."""
    async with opened(sqlite_url) as source:
        assert await source.ping(Deadline.after(5)) == "7.3.1"


@pytest.mark.parametrize(
    ("statement", "ours"),
    [
        ("SELECT no FROM nowhere WHERE no = :number", ConfigurationError),
        ("SELECT nothing FROM person WHERE no = :number", ConfigurationError),
        ("SELECT no FRM person WHERE no = :number", ConfigurationError),
    ],
)
async def test_a_statement_that_does_not_fit_the_product_is_a_mistake_of_ours(
    sqlite_url: str, statement: str, ours: type[AdapterError]
) -> None:
    """The operator is told; nobody waits for it to pass."""
    async with opened(sqlite_url) as source:
        with pytest.raises(ours) as caught:
            await source.read(select(statement), {"number": "4711-canary"}, Deadline.after(5))
    assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_sqlite_is_opened_so_that_nothing_can_be_written(sqlite_url: str) -> None:
    """Even a statement that got through changes nothing."""
    async with opened(sqlite_url) as source:
        forbidden = Read.model_construct(
            sql=SqlRead.model_construct(statement="DELETE FROM person WHERE no = :number"),
            rest=None,
            soap=None,
            as_of=None,
        )
        with pytest.raises(ConfigurationError, match="SQLITE_READONLY"):
            await source.read(forbidden, {"number": "1"}, Deadline.after(5))
        assert len(await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(5))) == 1


async def test_a_deadline_that_has_passed_asks_no_database(sqlite_url: str) -> None:
    """Nobody waits for the answer."""
    async with opened(sqlite_url) as source:
        with pytest.raises(SourceTimeout):
            await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(0))


async def test_a_read_of_another_transport_is_refused(sqlite_url: str) -> None:
    """A mapping and its source must speak of the same thing."""
    async with opened(sqlite_url) as source:
        with pytest.raises(Unsupported):
            await source.read(Read(rest=RestRead(path="/x")), {"number": "1"}, Deadline.after(5))


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM person", "UPDATE person SET no = 1", "SELECT 1; DROP TABLE person", "PRAGMA x"],
)
def test_a_mapping_cannot_hold_a_statement_that_writes(statement: str) -> None:
    """SELECT or WITH, and one of them."""
    text = (
        "language: 1\nsystem: x\nversion: 1.0.0\nreads:\n  a:\n    sql:\n"
        f"      statement: {statement!r}\ngroups: {{}}\n"
    )
    with pytest.raises(MappingError, match=r"reads\.a\.sql\.statement"):
        read_document(text)


@pytest.mark.parametrize(
    ("statement", "ours"),
    [
        ("SELECT pg_sleep(30), :number AS n", SourceTimeout),
        ("SELECT 1 / 0 AS x, :number AS n", BadAnswer),
        ("SELECT x FROM nowhere WHERE x = :number", ConfigurationError),
        ("SELECT pg_terminate_backend(pg_backend_pid()), :number AS n", Unavailable),
        (
            "WITH gone AS (INSERT INTO person VALUES (:number) RETURNING no) SELECT * FROM gone",
            ConfigurationError,
        ),
    ],
)
async def test_postgresql_says_with_a_state_what_went_wrong(
    postgres_server: ThrowawayPostgres, statement: str, ours: type[AdapterError]
) -> None:
    """Late, nonsense, misspelt, ended and forbidden are told apart; the next call works."""
    await postgres_server.run("CREATE TABLE IF NOT EXISTS person (no text)")
    async with opened(postgres_server.url()) as source:
        with pytest.raises(ours) as caught:
            await source.read(select(statement), {"number": "4711-canary"}, Deadline.after(0.5))
        assert "canary" not in f"{caught.value!r} {caught.value.__cause__!r}"
        again = await source.read(select("SELECT :number AS n"), {"number": "1"}, Deadline.after(5))
    assert again == [{"n": "1"}]


async def test_an_account_without_rights_and_a_database_that_is_not_there(
    postgres_server: ThrowawayPostgres,
) -> None:
    """Credentials stop, addresses are told."""
    await postgres_server.run(
        "CREATE TABLE IF NOT EXISTS secret_table (no text)",
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'nobody_ro') THEN "
        "CREATE ROLE nobody_ro LOGIN; END IF; END $$",
    )
    url = postgres_server.url().replace("postgres@", "nobody_ro@")
    async with opened(url) as source:
        with pytest.raises(AuthenticationFailed):
            await source.read(
                select("SELECT * FROM secret_table WHERE no = :number"),
                {"number": "1"},
                Deadline.after(5),
            )
    async with opened(postgres_server.url("no_such_database")) as source:
        with pytest.raises(ConfigurationError):
            await source.ping(Deadline.after(5))


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    """A refused connection and a missing file: down, not broken."""
    async with opened("postgresql+asyncpg://u:secret-word@127.0.0.1:1/x") as source:
        with pytest.raises(Unavailable) as caught:
            await source.ping(Deadline.after(5))
    assert "secret-word" not in str(caught.value)
    before = set(threading.enumerate())
    async with opened("sqlite+aiosqlite:////nowhere/at/all.db") as source:
        with pytest.raises(Unavailable):
            await source.ping(Deadline.after(5))
    for driver_thread in set(threading.enumerate()) - before:
        # It reports its own end to the loop, which must still be there.
        await asyncio.to_thread(driver_thread.join, 5)


@pytest.mark.parametrize("url", ["not an address", "nosuchdb://x", "postgresql+nodriver://x/y"])
def test_an_address_that_cannot_be_used_is_told_without_repeating_it(url: str) -> None:
    """It may hold a password."""
    with pytest.raises(ConfigurationError) as caught:
        SqlSource(url, pool_size=1, probe="SELECT 1", network=OPEN_NETWORK)
    assert url not in str(caught.value)


class _Driver(Exception):
    """An error of a driver with a state."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("canary")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "ours"),
    [
        ("28P01", AuthenticationFailed), ("42501", AuthenticationFailed),
        ("3D000", ConfigurationError), ("42703", ConfigurationError), ("25006", ConfigurationError),
        ("57014", SourceTimeout), ("53300", RateLimited), ("53200", Unavailable),
        ("57P03", Unavailable), ("08006", Unavailable), ("40P01", Unavailable),
        ("22021", BadAnswer), ("XX000", BadAnswer), (None, BadAnswer),
    ],
)  # fmt: skip
def test_each_class_of_states_has_its_meaning(state: str | None, ours: type[AdapterError]) -> None:
    """The contract's tree, whatever the driver; nothing of the message."""
    error = DBAPIError("SELECT canary", {"n": "canary"}, _Driver(state))
    meaning = meaning_of(error)
    assert type(meaning) is ours
    assert "canary" not in str(meaning)


def test_every_error_of_the_library_becomes_one_of_ours() -> None:
    """Also one that a later release adds."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(sqlalchemy.exc, inspect.isclass)
        if issubclass(kind, SQLAlchemyError)
    ]
    assert len(kinds) > 25
    for kind in kinds:
        error = kind.__new__(kind)
        error.orig, error.connection_invalidated = _Driver(None), False
        assert isinstance(meaning_of(error), AdapterError)
