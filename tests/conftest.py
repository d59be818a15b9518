"""Fixtures that every room shares: both databases, a clock that stands still, keys, a log.

``database_url`` runs a test twice, on SQLite and on PostgreSQL; each test has a migrated database
of its own. ``postgres_server`` is started once, from a package.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.audit import AuditLog, AuditStore
from gateway.keys import FileKeyStore
from gateway.store.engine import Store, open_store
from gateway.store.migrate import upgrade
from tests.doubles import RecordingLog, StoppedClock
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

pytest_plugins = ("tests.browser", "tests.nginx")

MIGRATED = "migrated"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[ThrowawayPostgres]:
    """A PostgreSQL server with an empty, migrated template database."""
    with throwaway_postgres() as postgres:
        postgres.execute(f"CREATE DATABASE {MIGRATED}")
        asyncio.run(_migrate(postgres.url(MIGRATED)))
        yield postgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty, migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "hitotsu.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "hitotsu.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite+aiosqlite:///{path}"
        return
    postgres: ThrowawayPostgres = request.getfixturevalue("postgres_server")
    name = f"test_{next(_numbers)}"
    postgres.execute(f"CREATE DATABASE {name} TEMPLATE {MIGRATED}")
    yield postgres.url(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store over ``database_url``."""
    opened = open_store(database_url)
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


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyStore:
    """New keys."""
    key_store = FileKeyStore(tmp_path / "keys")
    key_store.create()
    return key_store


@pytest.fixture
async def audit_log(
    store: Store, keys: FileKeyStore, event_log: RecordingLog
) -> AsyncIterator[AuditLog]:
    """A running audit log over ``store``."""
    # Patient: that a busy machine makes somebody wait is not what these tests are about.
    async with AuditLog(AuditStore(store), keys, log=event_log, patience_s=30) as running:
        yield running


async def _migrate(url: str) -> None:
    template = open_store(url)
    try:
        await upgrade(template)
    finally:
        await template.aclose()
