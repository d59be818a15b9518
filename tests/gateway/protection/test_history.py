"""Read from several sides while flags come and go: what is acknowledged holds for every later read.

Source: DV-1, DV-10, DV-16 (a history check: each read and each acknowledgement has its place in
one order of events, and no read that began after a flag was acknowledged shows an address).
"""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from gateway.access import Access, Caller
from gateway.protection import FlagStore, ProtectionService
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.store import MeasureStore
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionService
from gateway.store.engine import open_store
from standard_models.answers import Value
from tests.gateway.protection.room import end_all
from tests.gateway.questions.conftest import BLOCK, CLIENT, PURPOSE, TOWN, World, world
from tests.size import size_of

__all__ = ["world"]

ROUNDS = size_of(ordinary=3, nightly=300)
READERS = 6
READS = 4
ACCESS = Access(CLIENT, TOWN, PURPOSE, "t", "k")


@dataclass
class History:
    """Events in the order in which they happened, by one counter for all."""

    at: itertools.count[int] = field(default_factory=itertools.count)
    protected: list[tuple[int, int]] = field(default_factory=list)
    """From the acknowledgement of a flag until its end is asked for."""
    reads: list[tuple[int, int, bool]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Begin and end of each read, and whether it showed the address."""

    def require_no_late_address(self) -> None:
        """No read that lies within a time of protection shows an address."""
        for begun, ended, shown in self.reads:
            for since, until in self.protected:
                assert not (shown and since < begun and ended < until)


@pytest.fixture
async def gateways(world: World, database_url: str) -> AsyncIterator[list[QuestionService]]:
    """Two processes on one database: each has connections and a copy in its hands of its own."""
    other = open_store(database_url)
    rooms = world.questions._rooms
    protection = ProtectionService(
        FlagStore(other),
        world.connections,
        clock=world.clock,
        log=world.log,
        flag_max_age=dt.timedelta(minutes=10),
    )
    yield [
        world.questions,
        QuestionService(replace(rooms, protection=protection), deadline_s=30.0),
    ]
    await other.aclose()


@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("how", ["by an officer", "at the source"])
async def test_no_read_that_begins_after_a_flag_is_acknowledged_shows_an_address(
    world: World, gateways: list[QuestionService], how: str
) -> None:
    """Six readers over two gateways; when it is over, addresses are shown again."""
    history, ended = History(), asyncio.Event()
    question = Question(subject=world.handles["ordinary"], purpose=PURPOSE, items=(BLOCK,))

    async def read(gateway: QuestionService) -> None:
        while not ended.is_set():
            begun = next(history.at)
            answer = await gateway.ask(ACCESS, question, Caller("f" * 32, ""))
            (part,) = answer.parts
            shown = any(isinstance(v, Value) for r in part.records for v in r.values())
            history.reads.append((begun, next(history.at), shown))
            history.ended.set()

    readers = [asyncio.create_task(read(g)) for g, _ in zip(itertools.cycle(gateways),
               range(READERS), strict=False)]  # fmt: skip
    for _ in range(ROUNDS):
        await _reads(history)
        measure = await _protect(world, how)
        since = next(history.at)
        await _reads(history)
        history.protected.append((since, next(history.at)))
        await _unprotect(world, how, measure)
    await _reads(history)
    ended.set()
    await asyncio.gather(*readers)
    history.require_no_late_address()
    within = [s for b, e, s in history.reads for a, z in history.protected if a < b and e < z]
    assert len(within) >= ROUNDS
    assert any(shown for _, _, shown in history.reads)
    assert history.reads[-1][2]


async def _reads(history: History) -> None:
    """Wait until some more reads have begun and ended."""
    wanted = len(history.reads) + READERS + READS
    while len(history.reads) < wanted:
        history.ended.clear()
        await history.ended.wait()


async def _protect(world: World, how: str) -> str:
    """Protect the ordinary person; when this returns, it is acknowledged."""
    if how == "at the source":
        world.systems["resident"].flagged = ("R1", "R2")
        await world.protection.pull()
        return ""
    officer = Measures(MeasureStore(world.store), clock=world.clock, actor="first")
    return (await officer.set(TOWN, "resident", "R1", MeasureKind.FULL)).measure_id


async def _unprotect(world: World, how: str, measure: str) -> None:
    if how == "at the source":
        world.systems["resident"].flagged = ("R2",)
        await world.protection.pull()
        # Whoever leaves the list stays protected until two officers end it (DV-5).
        await end_all(world)
        return
    for actor in ("first", "second"):
        await Measures(MeasureStore(world.store), clock=world.clock, actor=actor).end(TOWN, measure)
