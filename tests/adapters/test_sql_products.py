"""Oracle, SQL Server and Db2: what their errors mean, how they are opened, drivers that block.

None of the drivers is needed here. Errors are built in the shape in which each driver raises them.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.event import listen
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    RateLimited,
    SourceTimeout,
    Unavailable,
)
from adapters.mapping.model import Read, SqlRead
from adapters.network import OPEN_NETWORK
from adapters.sources.sql import SqlSource
from adapters.sources.sql_databases import AsyncDatabase, ThreadedDatabase
from adapters.sources.sql_dialects import DIALECTS, PLAIN, Dialect, open_engine
from adapters.sources.sql_errors import meaning_of
from tests.doubles import FixedNetwork


class OracleError(Exception):
    """As python-oracledb raises it: one argument with the code."""

    def __init__(self, code: str) -> None:
        super().__init__(SimpleNamespace(full_code=code, message=f"{code}: canary 架空　花子"))


class ServerError(Exception):
    """As pymssql raises it: number and text, as a pair in a pair when a login fails."""


class Db2Error(Exception):
    """As ibm_db_dbi raises it: a text with the codes at its end."""


OracleError.__module__ = "oracledb.exceptions"
ServerError.__module__ = "pymssql.exceptions"
Db2Error.__module__ = "ibm_db_dbi"


def told(error: Exception, kind: type[DBAPIError] = DatabaseError) -> AdapterError:
    """Return what an error of a driver means; nothing of its text is in it."""
    meaning = meaning_of(kind("SELECT canary", {"n": "canary"}, error))
    assert "canary" not in repr(meaning)
    return meaning


@pytest.mark.parametrize(
    ("code", "ours"),
    [
        ("ORA-01017", AuthenticationFailed), ("ORA-28000", AuthenticationFailed),
        ("ORA-01031", AuthenticationFailed), ("DPY-4001", AuthenticationFailed),
        ("ORA-00942", ConfigurationError), ("ORA-00904", ConfigurationError),
        ("ORA-00933", ConfigurationError), ("ORA-01456", ConfigurationError),
        ("ORA-12154", ConfigurationError), ("DPY-3015", ConfigurationError),
        ("DPY-4010", ConfigurationError), ("ORA-01008", ConfigurationError),
        ("ORA-01013", SourceTimeout), ("ORA-03136", SourceTimeout), ("DPY-4024", SourceTimeout),
        ("ORA-00020", RateLimited), ("ORA-02391", RateLimited), ("ORA-12519", RateLimited),
        ("ORA-00054", Unavailable), ("ORA-00060", Unavailable), ("ORA-01034", Unavailable),
        ("ORA-01555", Unavailable), ("ORA-03113", Unavailable), ("ORA-12514", Unavailable),
        ("DPY-6005", Unavailable), ("DPY-4011", Unavailable), ("DPY-1001", Unavailable),
        ("ORA-01722", BadAnswer), ("ORA-01843", BadAnswer), ("ORA-29275", BadAnswer),
    ],
)  # fmt: skip
def test_each_code_of_oracle_has_its_meaning(code: str, ours: type[AdapterError]) -> None:
    """Refused, misspelt, late, full, down and damaged are told apart."""
    meaning = told(OracleError(code))
    assert type(meaning) is ours
    assert code in meaning.detail


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("number", "ours"),
    [
        (18456, AuthenticationFailed), (229, AuthenticationFailed), (916, AuthenticationFailed),
        (208, ConfigurationError), (207, ConfigurationError), (102, ConfigurationError),
        (4060, ConfigurationError), (3906, ConfigurationError),
        (20003, SourceTimeout), (10928, RateLimited), (17809, RateLimited),
        (1205, Unavailable), (1222, Unavailable), (20009, Unavailable), (20047, Unavailable),
        (6005, Unavailable), (245, BadAnswer), (8134, BadAnswer), (2403, BadAnswer),
    ],
)  # fmt: skip
def test_each_number_of_sql_server_has_its_meaning(
    number: int, ours: type[AdapterError], nested: bool
) -> None:
    """In both shapes."""
    pair = (number, "canary 架空　花子".encode())
    meaning = told(ServerError(pair) if nested else ServerError(*pair))
    assert type(meaning) is ours
    assert f"message {number}" in meaning.detail


@pytest.mark.parametrize(
    ("state", "code", "ours"),
    [
        ("08001", -30082, AuthenticationFailed), ("42501", -551, AuthenticationFailed),
        ("42704", -204, ConfigurationError), ("42703", -206, ConfigurationError),
        ("42601", -104, ConfigurationError), ("42705", -1013, ConfigurationError),
        ("25000", -817, ConfigurationError), ("54001", -101, ConfigurationError),
        ("57014", -952, SourceTimeout), ("HYT00", 0, SourceTimeout),
        ("57030", -1040, RateLimited),
        ("08001", -30081, Unavailable), ("55032", -1224, Unavailable), ("40001", -911, Unavailable),
        ("57033", -913, Unavailable), ("57011", -964, Unavailable), ("58004", -901, Unavailable),
        ("22003", -802, BadAnswer), ("22018", -420, BadAnswer), ("22012", -801, BadAnswer),
    ],
)  # fmt: skip
def test_each_state_of_db2_has_its_meaning(state: str, code: int, ours: type[AdapterError]) -> None:
    """By the codes at the end; a content that looks like one stands before them."""
    text_of = f'SQL0420N "canary SQLSTATE=28000 SQLCODE=-1" SQLSTATE={state} SQLCODE={code}'
    assert type(told(Db2Error(text_of))) is ours


@pytest.mark.parametrize(
    "error",
    [
        OracleError("ORA-canary"), OracleError(""), ServerError(), ServerError("canary"),
        ServerError(999_999_999, b"canary"), Db2Error("canary"),
    ],
)  # fmt: skip
def test_an_error_without_a_code_that_is_known_goes_by_its_class(error: Exception) -> None:
    """Operational errors may pass, others are nonsense."""
    assert type(told(error, OperationalError)) is Unavailable
    assert type(told(error)) is BadAnswer


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("oracle+oracledb://u:canary@127.0.0.1/?service_name=x", "oracle"),
        ("oracle+oracledb_async://u:canary@127.0.0.1/?service_name=x", "oracle"),
        ("mssql+pymssql://u:canary@127.0.0.1/x", "sqlserver"),
        ("db2+ibm_db://u:canary@127.0.0.1/x", "db2"),
    ],
)
def test_a_driver_that_is_missing_is_told_with_the_extra_to_install(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the adapter is opened, not at the first question."""
    for driver in ("oracledb", "pymssql", "ibm_db_sa", "ibm_db"):
        monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(ConfigurationError, match=rf"hitotsu\[{extra}\]") as caught:
        SqlSource(url, pool_size=1, probe="SELECT 1", network=OPEN_NETWORK)
    assert "canary" not in caught.value.detail


def test_each_product_is_opened_so_that_nothing_lasts() -> None:
    """By a transaction that cannot write, or by one that is always rolled back."""
    assert DIALECTS["oracle"].begin == ("SET TRANSACTION READ ONLY",)
    for name in ("oracle", "mssql", "db2"):
        assert not DIALECTS[name].autocommit
    assert DIALECTS["mssql"].connect_args(30) == {
        "login_timeout": 5,
        "timeout": 30,
        "read_only": True,
    }
    assert DIALECTS["db2"].connect_args(30) == {"conn_options": {101: 1, 103: 5, 2547: 30}}


def test_a_driver_that_is_not_known_gets_no_arguments_of_another() -> None:
    """What its statements do is rolled back."""
    opened = open_engine("sqlite+pysqlite://", 1, 1, OPEN_NETWORK)
    assert opened.threaded is not None
    assert Dialect(autocommit=False) == PLAIN


class Driver(ModuleType):
    """A driver in the shape of pymssql that notes how it is used and refuses the login."""

    paramstyle = "pyformat"
    threadsafety = 1
    __version__ = "2.3.0"

    class Error(Exception):
        """The base of the errors."""

    class DatabaseError(Error):
        """An error of the server."""

    class OperationalError(DatabaseError):
        """An error of the connection."""

    class ProgrammingError(DatabaseError):
        """An error of a statement."""

    InterfaceError = IntegrityError = DataError = InternalError = NotSupportedError = DatabaseError

    def __init__(self) -> None:
        super().__init__("pymssql")
        self.options: dict[str, Any] = {}
        for kind in (self.Error, self.DatabaseError, self.OperationalError, self.ProgrammingError):
            kind.__module__ = "pymssql.exceptions"

    def connect(self, **options: Any) -> None:
        """Refuse."""
        self.options = options
        raise self.OperationalError((18456, b"Login failed for user 'canary'"))


async def test_sql_server_is_asked_with_limits_and_for_reading(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And a refused login is one."""
    driver = Driver()
    monkeypatch.setitem(sys.modules, "pymssql", driver)
    source = SqlSource(
        "mssql+pymssql://u:canary-word@db.example:1433/x",
        pool_size=2,
        probe="SELECT 1",
        network=FixedNetwork("192.0.2.7"),
        longest_s=40,
    )
    with pytest.raises(AuthenticationFailed, match="18456") as caught:
        await source.ping(Deadline.after(5))
    assert "canary" not in repr(caught.value)
    assert driver.options["read_only"] is True
    assert driver.options["timeout"] == 40
    assert driver.options["login_timeout"] == 5
    assert driver.options["host"] == "192.0.2.7:1433", "never the name"
    await source.aclose()


@pytest.fixture
def register(tmp_path: Path) -> Path:
    """A small register in SQLite."""
    path = tmp_path / "register.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE person (NO TEXT, Name TEXT)")
        database.executemany("INSERT INTO person VALUES (?, ?)", [("1", "架空"), ("2", "花子")])
    database.close()
    return path


@asynccontextmanager
async def blocking(path: Path, pool_size: int = 2) -> AsyncIterator[SqlSource]:
    """Open a source whose driver blocks."""
    source = SqlSource(
        f"sqlite:///{path}",
        pool_size=pool_size,
        probe="SELECT '7.3' AS han",
        network=OPEN_NETWORK,
    )
    try:
        yield source
    finally:
        await source.aclose()


def select(statement: str) -> Read:
    return Read.model_construct(
        sql=SqlRead.model_construct(statement=statement),
        rest=None, soap=None, linkage=None, file=None, as_of=None,
    )  # fmt: skip


BY_NUMBER = select("SELECT NO, Name FROM person WHERE no = :number")
ENDLESS = select(
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n"
)


async def test_a_driver_that_blocks_answers_from_a_thread(register: Path) -> None:
    """Rows by lower-case names, whatever case the product answers in."""
    async with blocking(register) as source:
        assert await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(5)) == [
            {"no": "1", "name": "架空"}
        ]
        assert await source.ping(Deadline.after(5)) == "7.3"


async def test_many_questions_use_no_more_connections_than_are_allowed(register: Path) -> None:
    """The others wait for a thread; nobody gets somebody else's answer."""
    async with blocking(register, pool_size=2) as source:
        asked = [str(n % 2 + 1) for n in range(100)]
        answers = await asyncio.gather(
            *(source.read(BY_NUMBER, {"number": n}, Deadline.after(30)) for n in asked)
        )
        threads = [t for t in threading.enumerate() if t.name.startswith("sql-source")]
    assert [rows[0]["no"] for rows in answers] == asked
    assert 1 <= len(threads) <= 2


async def test_a_statement_that_does_not_end_is_stopped_at_the_deadline(register: Path) -> None:
    """Its only thread is free again: the next question is answered."""
    async with blocking(register, pool_size=1) as source:
        with pytest.raises(SourceTimeout):
            await source.read(ENDLESS, {}, Deadline.after(0.1))
        again = await source.read(BY_NUMBER, {"number": "2"}, Deadline.after(5))
    assert again == [{"no": "2", "name": "花子"}]


async def test_a_connection_that_was_abandoned_is_not_used_again(register: Path) -> None:
    """Its answer to somebody else may still be on the way."""
    opened: list[object] = []
    engine = create_engine(f"sqlite:///{register}", pool_size=1)
    listen(engine, "connect", lambda connection, _record: opened.append(connection))
    database = ThreadedDatabase(engine, DIALECTS["sqlite"], 1)
    everybody = text("SELECT no FROM person")
    await database.rows(everybody, {}, Deadline.after(5))
    await database.rows(everybody, {}, Deadline.after(5))
    assert len(opened) == 1
    assert ENDLESS.sql is not None
    with pytest.raises(TimeoutError):
        await database.rows(text(ENDLESS.sql.statement), {}, Deadline.after(0.1))
    await database.rows(everybody, {}, Deadline.after(5))
    assert len(opened) == 2
    await database.aclose()


async def test_whoever_waits_for_a_thread_in_vain_is_late(register: Path) -> None:
    """And is not asked for afterwards."""
    async with blocking(register, pool_size=1) as source:
        first = asyncio.create_task(source.read(ENDLESS, {}, Deadline.after(0.4)))
        await asyncio.sleep(0)
        with pytest.raises(SourceTimeout):
            await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(0.05))
        with pytest.raises(SourceTimeout):
            await first


async def test_a_caller_who_leaves_stops_what_runs_for_them(register: Path) -> None:
    """As at the deadline."""
    async with blocking(register, pool_size=1) as source:
        task = asyncio.create_task(source.read(ENDLESS, {}, Deadline.after(60)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(task, 0.1)
        assert await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(5))


@pytest.mark.parametrize(
    ("statement", "ours"),
    [
        ("DELETE FROM person", ConfigurationError),
        ("SELECT x FROM person", ConfigurationError),
        ("SELECT * FROM nowhere", ConfigurationError),
        ("SELECT no, name AS No FROM person", ConfigurationError),
    ],
)
async def test_what_cannot_run_is_told_from_a_thread_too(
    register: Path, statement: str, ours: type[AdapterError]
) -> None:
    """Writing, misspelling, and two columns of one name."""
    async with blocking(register) as source:
        with pytest.raises(ours):
            await source.read(select(statement), {}, Deadline.after(5))
        assert len(await source.read(select("SELECT * FROM person"), {}, Deadline.after(5))) == 2


async def test_a_question_whose_time_has_passed_is_not_asked(register: Path) -> None:
    """Nobody waits for the answer."""
    async with blocking(register) as source:
        with pytest.raises(SourceTimeout):
            await source.read(BY_NUMBER, {"number": "1"}, Deadline.after(0))


async def test_a_product_that_cannot_forbid_writing_has_everything_rolled_back(
    register: Path,
) -> None:
    """What one question changed, the next does not see."""
    database = ThreadedDatabase(create_engine(f"sqlite:///{register}"), PLAIN, 1)
    insert = text("INSERT INTO person VALUES ('3', 'x') RETURNING no")
    assert await database.rows(insert, {}, Deadline.after(5)) == [{"no": "3"}]
    everybody = text("SELECT no FROM person")
    assert len(await database.rows(everybody, {}, Deadline.after(5))) == 2
    await database.aclose()


async def test_a_transaction_for_reading_begins_before_each_question(register: Path) -> None:
    """And the driver's own limit of a call is what is left of the deadline."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{register}")
    database = AsyncDatabase(
        engine,
        Dialect(autocommit=False, begin=("PRAGMA query_only = ON",), call_timeout="limit_ms"),
    )
    await database.rows(text("SELECT 1 AS a"), {}, Deadline.after(5))
    async with engine.connect() as connection:
        raw = await connection.get_raw_connection()
        limit_ms = getattr(raw.driver_connection, "limit_ms", 0)
    assert 4000 < limit_ms <= 5000
    with pytest.raises(OperationalError, match="readonly"):
        await database.rows(text("DELETE FROM person"), {}, Deadline.after(5))
    await database.aclose()


def test_the_log_of_a_dialect_that_writes_error_texts_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They may quote contents."""
    log = logging.getLogger("ibm_db_sa")
    before = log.level
    monkeypatch.setitem(sys.modules, "ibm_db_sa", None)
    try:
        with pytest.raises(ConfigurationError):
            open_engine("ibm_db_sa://u@127.0.0.1/x", 1, 1, OPEN_NETWORK)
        assert not log.isEnabledFor(logging.CRITICAL)
    finally:
        log.setLevel(before)
