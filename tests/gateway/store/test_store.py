import asyncio
import datetime as dt
import os
import socket
import stat

import asyncpg
import pytest
from sqlalchemy import Integer, String, bindparam, cast, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from gateway.store.engine import Store, StoreUrlError, open_store
from gateway.store.outages import OUTAGES, is_outage
from gateway.store.tables import GrantRow, RouteRow

OWN_PROCESS = select(func.pg_backend_pid())
_NO_NUMBER = select(cast(bindparam("text", type_=String), Integer))
AT = dt.datetime(2026, 10, 1, 1, 0, tzinfo=dt.UTC)


def route(group: str, at: dt.datetime = AT) -> RouteRow:
    return RouteRow(
        municipality="999997",
        group_ref=group,
        mode="legacy",
        adapter_id="a",
        changed_at=at,
        changed_by="test",
    )


async def test_times_come_back_aware_and_in_utc_whatever_zone_they_were_given_in(store: Store):
    """10:00 in Tokyo is 01:00 UTC on both databases."""
    tokyo = dt.datetime(2026, 10, 1, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    async with store.transaction() as session:
        session.add(route("001.a", tokyo))
    async with store.session() as session:
        row = await session.get_one(RouteRow, ("999997", "001.a"))
    assert row.changed_at.isoformat() == "2026-10-01T01:00:00+00:00"


async def test_a_row_that_points_nowhere_is_refused(store: Store):
    """Foreign keys are enforced on SQLite too, where they are off unless somebody says so."""
    grant = GrantRow(
        grant_id="g",
        municipality="999997",
        client_id="nobody",
        purpose_id="nothing",
        relation="self",
        items=[],
        valid_from=AT.date(),
        valid_to=None,
        created_at=AT,
        revoked_at=None,
    )
    with pytest.raises(IntegrityError):
        async with store.transaction() as session:
            session.add(grant)


async def test_a_failed_transaction_leaves_nothing(store: Store):
    """What was written before the failure is gone."""

    async def write_and_fail() -> None:
        async with store.transaction() as session:
            session.add(route("001.a"))
            await session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    async with store.session() as session:
        assert await session.get(RouteRow, ("999997", "001.a")) is None


async def test_a_commit_is_on_the_disk_before_it_returns(store: Store):
    """Full synchronisation is asked for on every connection, not left to the server's default."""
    async with store.session() as session:
        if store.dialect == "sqlite":
            assert (await session.scalar(text("PRAGMA synchronous"))) == 2
            assert (await session.scalar(text("PRAGMA journal_mode"))) == "wal"
        else:
            assert (await session.scalar(text("SHOW synchronous_commit"))) == "on"


async def test_two_writers_that_read_first_do_not_refuse_each_other(tmp_path):
    """On SQLite a transaction takes the write lock at its start, so its reads still hold later."""
    url = f"sqlite:///{tmp_path}/two.db"
    first, second = open_store(url), open_store(url)
    async with first.transaction() as session:
        await session.execute(text("CREATE TABLE t (n INTEGER)"))
        await session.execute(text("INSERT INTO t VALUES (0)"))

    async def add_one(store: Store) -> None:
        async with store.transaction() as session:
            n = await session.scalar(text("SELECT n FROM t"))
            await session.execute(text("UPDATE t SET n = :n"), {"n": (n or 0) + 1})

    await asyncio.gather(*(add_one(store) for store in (first, second) * 20))
    async with first.session() as session:
        assert await session.scalar(text("SELECT n FROM t")) == 40
    await first.aclose()
    await second.aclose()


async def test_a_sqlite_file_is_its_owners_alone(tmp_path):
    """Whose address is protected stands in it, and in what SQLite keeps beside it."""
    before = os.umask(0o022)
    try:
        store = open_store(f"sqlite+aiosqlite:///{tmp_path / 'var' / 'hitotsu.db'}")
        async with store.transaction() as session:
            await session.execute(text("CREATE TABLE t (a INTEGER)"))
            await session.execute(text("INSERT INTO t VALUES (1)"))
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "var").iterdir()}
        await store.aclose()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert modes == {"hitotsu.db": 0o600, "hitotsu.db-wal": 0o600, "hitotsu.db-shm": 0o600}


async def test_the_folder_of_a_sqlite_file_is_made(tmp_path):
    """A fresh machine has no ``var`` folder."""
    store = open_store(f"sqlite:///{tmp_path}/var/deep/hitotsu.db")
    await store.ping()
    await store.aclose()
    assert (tmp_path / "var" / "deep" / "hitotsu.db").exists()


@pytest.mark.parametrize("url", ["mysql://db/hitotsu", "not an address", "oracle://x/y"])
def test_another_kind_of_database_is_refused_without_repeating_its_address(url: str):
    """An address may hold a password."""
    with pytest.raises(StoreUrlError) as refusal:
        open_store(url)
    assert url not in str(refusal.value)


async def test_a_database_that_is_not_there_gives_no_sign_of_life():
    """The state of the database can be asked for."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    store = open_store(f"postgresql://nobody@127.0.0.1:{port}/none")
    with pytest.raises(ConnectionRefusedError):
        await store.ping()
    await store.aclose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("way", ["session", "connection"])
async def test_a_connection_that_died_at_rest_is_replaced_before_it_is_used(
    database_url: str, way: str
):
    """The database was started anew meanwhile: nobody who asks afterwards notices."""
    rested = open_store(database_url, idle_s=0)
    other = open_store(database_url)
    try:
        async with rested.session() as session:
            before = (await session.execute(OWN_PROCESS)).scalar_one()
        await end_process(other, before)
        async with getattr(rested, way)() as connection:
            after = (await connection.execute(OWN_PROCESS)).scalar_one()
        assert after != before
    finally:
        await rested.aclose()
        await other.aclose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lookup_whose_connection_died_is_made_once_more(database_url: str):
    """What only reads may be asked twice."""
    rested, other = open_store(database_url), open_store(database_url)
    try:
        [(before,)] = await rested.look_up(OWN_PROCESS, {})
        await end_process(other, before)
        [(after,)] = await rested.look_up(OWN_PROCESS, {})
        assert after != before
    finally:
        await rested.aclose()
        await other.aclose()


async def end_process(store: Store, pid: int) -> None:
    """Let the server end the connection that ``pid`` serves, and wait until it has."""
    async with store.session() as session:
        ended = await session.execute(text(f"SELECT pg_terminate_backend({pid}, 5000)"))
        assert ended.scalar_one()


class BrokenInMidStatement:
    """A connection that breaks between two steps of a statement; the driver then says so."""

    terminated = False

    def is_closed(self) -> bool:
        """Tell what the driver knows before the statement."""
        return False

    async def fetch(self, *_: object) -> object:
        """Break."""
        raise asyncpg.InternalClientError(
            'cannot switch to state 12; protocol is in the "failed" state'
        )

    def terminate(self) -> None:
        """End."""
        self.terminated = True


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("broken", [1, 20])
async def test_a_lookup_whose_connection_breaks_in_mid_statement_is_made_once_more(
    database_url: str, broken: int
):
    """R20: over a new one, whatever became of the others; nobody sees an error of the driver."""
    store = open_store(database_url)
    assert store._lookups is not None
    connections = [BrokenInMidStatement() for _ in range(broken)]
    store._lookups._free = list(connections)
    try:
        assert await store.look_up(OWN_PROCESS, {})
    finally:
        await store.aclose()
    assert all(connection.terminated for connection in connections)


def test_a_connection_that_breaks_in_mid_statement_is_an_outage_and_no_error_of_ours():
    """Where it happens to what SQLAlchemy asks, the call is refused with 503."""
    assert is_outage(asyncpg.InternalClientError("protocol is in the failed state"))
    assert issubclass(asyncpg.InternalClientError, OUTAGES)
    assert not is_outage(ValueError("protocol"))


async def test_a_lookup_sees_what_was_committed_before_it_in_the_types_of_its_columns(
    store: Store,
):
    """Lists of values, times and JSON come and go as with every other statement."""
    at = dt.datetime(2026, 10, 1, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=9)))
    columns = RouteRow.__table__.c
    query = (
        select(columns.group_ref, columns.changed_at)
        .where(columns.group_ref.in_(bindparam("groups", expanding=True)))
        .where(columns.changed_at == bindparam("at"))
        .order_by(columns.group_ref)
    )
    async with store.transaction() as session:
        session.add_all(route(f"001.{name}", at) for name in "abc")
    utc = dt.datetime(2026, 10, 1, 1, 0, tzinfo=dt.UTC)
    for groups in (["001.a", "001.c"], ["001.b"], [], ["001.a", "001.b", "001.c"]):
        found = await store.look_up(query, {"groups": groups, "at": at})
        assert [(row.group_ref, row.changed_at) for row in found] == [(g, utc) for g in groups]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lookup_that_the_database_refuses_repeats_no_value(database_url: str):
    """Not in the error, and not in what it came from."""
    store = open_store(database_url)
    try:
        with pytest.raises(DBAPIError) as refused:
            await store.look_up(_NO_NUMBER, {"text": "himitsu"})
        assert "himitsu" not in str(refused.value)
        assert "himitsu" not in repr(refused.value.__context__)
        assert (await store.look_up(OWN_PROCESS, {})) != []
    finally:
        await store.aclose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_lookup_that_takes_too_long_is_given_up(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """As when no connection is free: whoever asks is told to come again."""
    monkeypatch.setattr("gateway.store.lookups.WAIT_S", 0.05)
    store = open_store(database_url)
    try:
        with pytest.raises(PoolExhausted):
            await store.look_up(select(func.pg_sleep(5)), {})
    finally:
        await store.aclose()
