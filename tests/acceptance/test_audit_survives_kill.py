"""Killed in mid-load, the gateway has the audit record of every answer that anybody received.

The tree over the record, which grows all the while, verifies afterwards. The same holds when the
database is killed, with the gateway or alone; alone, the gateway goes on by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.store.engine import open_store
from gateway.store.tables import IdempotencyRow, SubmissionRow
from tests.acceptance.crashes import Installation, Killed, Load, install, move, state_place
from tests.acceptance.nursery import Nursery, nursery
from tests.acceptance.town_under_test import Examiner, Town, examiner
from tests.size import size_of
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=480, nightly=7200))]

KILLS = size_of(ordinary=5, nightly=200)
KILLS_OF_BOTH = size_of(ordinary=3, nightly=200)
MOST_BETWEEN = 12
"""Answers between two kills: from one to so many, so that they meet every moment of six calls."""
OF_EACH_SYSTEM = (
    "001.juminkihonjoho.seinengappi",
    "010.kazeikihonjoho.nenzeigaku",
    "027.jukyushikakujoho.ninteinengappi",
)
REPEATED = 50
KILLS_OF_REPEATED = size_of(ordinary=1, nightly=20)


@pytest.fixture
def server() -> Iterator[ThrowawayPostgres]:
    """A server that is nobody else's, as durable as in production."""
    with throwaway_postgres(durable=True) as postgres:
        yield postgres


@pytest.fixture
async def gateways() -> AsyncIterator[Nursery]:
    """Start gateways without the cost of a start."""
    async with nursery() as opened:
        yield opened


async def test_every_received_answer_has_its_audit_record_after_every_kill(
    gateways: Nursery, town: Town, tmp_path: Path
) -> None:
    """AU-2 and R11: load from six sides, kill -9 after some answers, start again."""
    here = install(gateways, town.folder, tmp_path)
    number = town.people()["two_children"]["resident"]
    async with examiner(here.folder, here.url, [number]) as asker:
        load = Load(asker, number, OF_EACH_SYSTEM)
        for kill in range(KILLS):
            await here.start()
            load.begin()
            await load.more(1 + kill % MOST_BETWEEN)
            await here.kill(Killed.GATEWAY)
            await load.end()
    assert len(load.received) >= KILLS
    assert load.received <= await here.recorded()
    here.require_no_crash()
    await here.require_whole(heads_at_least=KILLS // 2)


async def test_every_received_answer_has_its_audit_record_after_every_kill_of_the_database(
    gateways: Nursery, town: Town, tmp_path: Path, server: ThrowawayPostgres
) -> None:
    """AU-2 and R20: gateway, database, or both; what was acknowledged stands after recovery.

    When the database alone was killed, the gateway answers again without being started anew.
    """
    here = install(gateways, town.folder, tmp_path, server.url())
    number = town.people()["two_children"]["resident"]
    async with examiner(here.folder, here.url, [number]) as asker:
        await move(here, tmp_path / "registrations.zip")
        here.server = server
        load = Load(asker, number, OF_EACH_SYSTEM)
        await here.start()
        load.begin()
        for kill, what in zip(range(KILLS_OF_BOTH), itertools.cycle(Killed), strict=False):
            await load.more(1 + kill % MOST_BETWEEN)
            await here.kill(what)
            await here.start()
        await load.more(1)
        await load.end()
        await here.process.stop()
    assert len(load.received) >= KILLS_OF_BOTH
    assert load.refused > 0
    assert load.received <= await here.recorded()
    here.require_no_crash()
    await here.require_whole(heads_at_least=1 + KILLS_OF_BOTH // (2 * len(Killed)))


async def test_fifty_equal_submissions_have_one_effect_over_every_kill(
    gateways: Nursery, town: Town, tmp_path: Path
) -> None:
    """R9 and WR-1: sent in parallel, again after each failure; one row and one reply for all."""
    here = install(gateways, town.folder, tmp_path)
    number = town.people()["two_children"]["resident"]
    async with examiner(here.folder, here.url, [number]) as asker:
        await here.start()
        await asker.ask(number)  # for the token, which fifty callers would get fifty times
        for kill in range(KILLS_OF_REPEATED):
            await _repeated_over_a_kill(here, asker, number, f"equal-submission-{kill}")
        await here.process.stop()
    store = open_store(here.database_url)
    try:
        async with store.session() as session:
            for table in (SubmissionRow, IdempotencyRow):
                rows = select(func.count()).select_from(table)
                assert await session.scalar(rows) == KILLS_OF_REPEATED
    finally:
        await store.aclose()


async def _repeated_over_a_kill(here: Installation, asker: Examiner, number: str, key: str) -> None:
    first = asyncio.Event()

    async def submit() -> dict[str, Any]:
        while True:
            reply = await state_place(asker, asker.handles[number], "みどり一丁目", key)
            if reply is not None:
                first.set()
                return reply
            await asyncio.sleep(random.uniform(0.1, 0.5))

    sending = [asyncio.create_task(submit()) for _ in range(REPEATED)]
    await first.wait()
    await here.kill(Killed.GATEWAY)
    await here.start()
    replies = await asyncio.gather(*sending)
    assert replies == [replies[0]] * REPEATED
