"""Fixtures that every room shares: both databases, a clock that stands still, keys, a log.

``database_url`` runs a test twice, on SQLite and on PostgreSQL; each test has a migrated database
of its own. ``postgres_server`` is started once, from a package.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gateway.audit import AuditLog, AuditStore
from gateway.keys import FileKeyStore
from gateway.settings import beside
from gateway.store.engine import Store, open_store
from gateway.store.migrate import upgrade
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA
from tests.databases import MIGRATED, Databases
from tests.doubles import RecordingLog, StoppedClock
from tests.size import size_of
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

pytest_plugins = ("tests.browser", "tests.nginx")

# How fast something is, is measured in benchmarks; a busy machine fails no test.
settings.register_profile("hitotsu", deadline=None, max_examples=size_of(ordinary=50, nightly=500))
settings.load_profile("hitotsu")

LONG = ("tests/acceptance/", "tests/redteam/", "tests/docs/", "tests/gateway/workers/")
"""Files here start processes, or lead whole towns through everything."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are imported, and seldom afterwards: there is little.

    What is imported stays; to look through it again and again took a third of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        gc.enable()


def pytest_xdist_auto_num_workers() -> int:
    """Return twice as many workers as processors: many tests wait for servers."""
    # macOS does not say which processors a process may use.
    linux = hasattr(os, "sched_getaffinity")
    processors = len(os.sched_getaffinity(0)) if linux else os.cpu_count() or 1
    return 2 * processors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that start processes first; what begins last should be short."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[ThrowawayPostgres]:
    """A PostgreSQL server with an empty, migrated template database."""
    with throwaway_postgres() as postgres:
        postgres.execute(f"CREATE DATABASE {MIGRATED}")
        asyncio.run(_migrate(postgres.url(MIGRATED)))
        asyncio.run(_migrate(postgres.url(MIGRATED), MY_NUMBER_SCHEMA))
        yield postgres


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: ThrowawayPostgres) -> Iterator[Databases]:
    """Databases to lend from that server."""
    databases = Databases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file, with that of My Numbers beside it."""
    path = tmp_path_factory.mktemp("template") / "hitotsu.db"
    url = f"sqlite:///{path}"
    asyncio.run(_migrate(url))
    asyncio.run(_migrate(beside(url), MY_NUMBER_SCHEMA))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        for file in template.parent.iterdir():
            shutil.copy(file, tmp_path / file.name)
        yield f"sqlite+aiosqlite:///{tmp_path / template.name}"
        return
    postgres: ThrowawayPostgres = request.getfixturevalue("postgres_server")
    databases: Databases = request.getfixturevalue("postgres_databases")
    name = databases.lend()
    yield postgres.url(name)
    databases.take_back(name)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store over ``database_url``."""
    opened = open_store(database_url)
    yield opened
    await opened.aclose()


@pytest.fixture
async def my_number_store(database_url: str) -> AsyncIterator[Store]:
    """The open store of My Numbers that belongs to ``database_url``."""
    opened = open_store(beside(database_url), schema=MY_NUMBER_SCHEMA)
    yield opened
    await opened.aclose()


@pytest.fixture
def clock() -> StoppedClock:
    """A clock that stands at 2026-10-01 10:00 in Tokyo until a test moves it."""
    return StoppedClock()


@pytest.fixture
def event_log() -> RecordingLog:
    """A log that keeps what it is told."""
    return RecordingLog()


@pytest.fixture(scope="session")
def new_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of new keys."""
    folder = tmp_path_factory.mktemp("new") / "keys"
    FileKeyStore(folder).create()
    return folder


@pytest.fixture
def keys(new_keys: Path, tmp_path: Path) -> FileKeyStore:
    """Keys of the test's own, to begin with those of every other one (``tests.furnished``)."""
    return FileKeyStore(shutil.copytree(new_keys, tmp_path / "keys"))


@pytest.fixture
async def audit_log(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
) -> AsyncIterator[AuditLog]:
    """A running audit log over ``store``."""
    # Patient: that a busy machine makes somebody wait is not what these tests are about.
    async with AuditLog(AuditStore(store), keys, log=event_log, patience_s=30) as running:
        yield running


async def _migrate(url: str, schema: str | None = None) -> None:
    template = open_store(url, schema=schema)
    try:
        await upgrade(template)
    finally:
        await template.aclose()
