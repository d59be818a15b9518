"""API8 and AU-2: while the database is away nothing leaves, nothing crashes, and all comes back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from gateway.keys import FileKeyStore
from gateway.store.engine import open_store
from gateway.store.migrate import upgrade
from tests.gateway.questions.conftest import World
from tests.redteam.siege import Siege, besieged
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

BUSY = {503}


@pytest.fixture
def server() -> Iterator[ThrowawayPostgres]:
    """A server that is nobody else's."""
    with throwaway_postgres() as postgres:
        yield postgres


@pytest.fixture
async def database_url(server: ThrowawayPostgres) -> str:
    """The address of its database, migrated."""
    store = open_store(server.url())
    await upgrade(store)
    await store.aclose()
    return server.url()


@pytest.fixture
async def siege(world: World, keys: FileKeyStore) -> AsyncIterator[Siege]:
    """The gateway on that database."""
    async with besieged(world, keys) as under_siege:
        yield under_siege


async def test_without_its_database_the_gateway_says_503_to_all_and_nothing_else(
    siege: Siege, server: ThrowawayPostgres
) -> None:
    """Known token or new one, question or write: 503 as a problem, soon; then all is well again."""
    headers = {"Idempotency-Key": "database-away-1"}
    question = siege.bodies(siege.handle())["POST", "/v1/questions"]
    assert (await siege.call("POST", "/v1/questions", question)).status_code == 200
    server.kill()
    for (method, path), body in siege.bodies(siege.handle()).items():
        begun = time.monotonic()
        answer = await siege.call(method, path, body, headers=headers)
        assert answer.status_code == 503, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "retry-after" in answer.headers
        assert time.monotonic() - begun < 10
    for path in ("/v1/events", f"/v1/subjects/{siege.handle()}/accesses"):
        assert (await siege.call("GET", path)).status_code == 503
    assert (await siege.ask_token()).status_code == 503
    assert "request-crashed" not in siege.world.log.events
    server.start()
    assert (await siege.call("POST", "/v1/questions", question)).status_code == 200
    assert (await siege.ask_token()).status_code == 200
