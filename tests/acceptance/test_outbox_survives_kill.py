"""What citizens stated reaches its system over every kill: nothing lost, doubled or overtaken.

The whole way: stated over HTTP to a gateway that is killed, with a database that is killed, handed
to the town's tax system, which keeps what it has taken in the order of its receipt numbers.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pytest
from sqlalchemy import func, select

from examples.town.legacy.tax.desk import FILE_NAME
from gateway.store.engine import Store, open_store
from gateway.store.tables import OutboxRow
from tests.acceptance.crashes import PAUSE_S, Installation, Killed, install, move, state_place
from tests.acceptance.nursery import Nursery, nursery
from tests.acceptance.town_under_test import Examiner, Town, examiner
from tests.size import size_of
from tools.throwaway_postgres import ThrowawayPostgres, throwaway_postgres

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=480, nightly=7200))]

KILLS = size_of(ordinary=3, nightly=100)
MOST_BETWEEN = 9
"""Acknowledged statements between two kills: from one to so many."""
LENT_AND_SENT_S = 900.0
"""What was lent to a gateway that was killed waits for a minute and a half; then all is sent, one
after the other of each person."""
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


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


@dataclass
class Citizens:
    """Each states one address after the other, the next when the last was acknowledged."""

    asker: Examiner
    run: str
    acknowledged: list[list[str]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _stating: list[asyncio.Task[None]] = field(default_factory=list)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def count(self) -> int:
        """Return how many statements were acknowledged."""
        return sum(map(len, self.acknowledged))

    def begin(self) -> None:
        """State from now on, again after every failure."""
        for place, handle in enumerate(self.asker.handles.values()):
            done: list[str] = []
            self.acknowledged.append(done)
            stating = self._state(f"{self.run}{place}", handle, done)
            self._stating.append(asyncio.create_task(stating))

    async def more(self, count: int) -> None:
        """Wait until so many more statements were acknowledged."""
        wanted = self.count + count
        while self.count < wanted:
            self.arrived.clear()
            await self.arrived.wait()

    async def end(self) -> None:
        """Let each have the last one acknowledged."""
        self._ending.set()
        await asyncio.gather(*self._stating)

    async def _state(self, citizen: str, handle: str, done: list[str]) -> None:
        for number in itertools.count():
            if self._ending.is_set():
                return
            text = f"{citizen}の{number:05}".translate(_WIDE)
            key = f"outbox-{handle[-8:]}-{number}"
            while await state_place(self.asker, handle, text, key) is None:  # noqa: ASYNC110
                await asyncio.sleep(PAUSE_S)
            done.append(text)
            self.arrived.set()


async def test_statements_survive_every_kill_of_the_gateway(
    gateways: Nursery, town: Town, tmp_path: Path
) -> None:
    """R10 on SQLite: acknowledged is handed over, once, in the order in which it was stated."""
    here = install(gateways, town.folder, tmp_path)
    async with examiner(here.folder, here.url, _people(town)) as asker:
        citizens = Citizens(asker, "一の")
        await _state_over_kills(here, citizens, itertools.repeat(Killed.GATEWAY))
        await _require_handed_over(here, town, citizens)


async def test_statements_survive_every_kill_of_gateway_and_database(
    gateways: Nursery, town: Town, tmp_path: Path, server: ThrowawayPostgres
) -> None:
    """R10 on PostgreSQL: gateway, database, or both."""
    here = install(gateways, town.folder, tmp_path, server.url())
    async with examiner(here.folder, here.url, _people(town)) as asker:
        await move(here, tmp_path / "registrations.zip")
        here.server = server
        citizens = Citizens(asker, "二の")
        await _state_over_kills(here, citizens, itertools.cycle(Killed))
        await _require_handed_over(here, town, citizens)


def _people(town: Town) -> list[str]:
    """Return the numbers of people whom the tax system knows once."""
    known = town.people()
    named = ("two_children", "newborn_parent", "single_parent", "day_unknown", "unfiled",
             "zero_filed")  # fmt: skip
    assert all(len(known[name]["tax"]) == 1 for name in named)
    return [known[name]["resident"] for name in named]


async def _state_over_kills(
    here: Installation, citizens: Citizens, kinds: Iterable[Killed]
) -> None:
    await here.start()
    citizens.begin()
    for kill, what in zip(range(KILLS), kinds, strict=False):
        await citizens.more(1 + kill % MOST_BETWEEN)
        await here.kill(what)
        await here.start()
    await citizens.more(1)
    await citizens.end()


async def _require_handed_over(here: Installation, town: Town, citizens: Citizens) -> None:
    """The tax system has exactly what was acknowledged, of each person in the order of it."""
    store = open_store(here.database_url)
    try:
        async with asyncio.timeout(LENT_AND_SENT_S):
            while await _waiting(store):  # noqa: ASYNC110 - another process sends
                await asyncio.sleep(PAUSE_S)
    finally:
        await store.aclose()
    await here.process.stop()
    here.require_no_crash()
    taken: defaultdict[str, list[str]] = defaultdict(list)
    database = sqlite3.connect(town.folder / "town/tax" / FILE_NAME)
    with closing(database):
        rows = database.execute("SELECT kojin_no, naiyo FROM uketsuke ORDER BY uketsuke_no")
        for number, content in rows:
            place = orjson.loads(content)["choaza"]
            if place.startswith(citizens.run):
                taken[number].append(place)
    assert sorted(taken.values()) == sorted(citizens.acknowledged)
    assert citizens.count >= KILLS


async def _waiting(store: Store) -> int:
    """Return how many messages wait; one that was parked will never be sent."""
    async with store.session() as session:
        parked = select(func.count()).where(OutboxRow.parked_at.is_not(None))
        assert await session.scalar(parked) == 0
        return await session.scalar(select(func.count()).where(OutboxRow.due_at.is_not(None))) or 0
