"""A register that can be searched, and one consumer that may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from adapters.contract import FourFacts, GroupRecords, SearchPage, SearchRequest
from adapters.errors import AdapterError
from gateway.access import Access, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.registration import MATCH_SUBJECTS
from gateway.connections import Connection
from gateway.matching import MatchingRooms, MatchingService, MissStore
from gateway.matching.comparison import GROUP
from gateway.matching.routes import matching_router
from gateway.store.engine import Store
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World, world
from tests.gateway.questions.scripted import TIME, ScriptedAdapter, holding, record
from tests.gateway.receipts.over_http import KnownCaller, served

__all__ = ["world"]

MISSES = 5
HANAKO = {
    "juminjotai": "1",
    "shimei": "髙橋　花子",
    "shimei_furigana": "タカハシ　ハナコ",
    "seibetsu": "2",
    "seinengappi": "1990-04-01",
    "seinengappi_fushofuragu": "0",
    "jusho_todofuken": "見本県",
    "jusho_shikugunchosonmei": "見本市",
    "jusho_choaza": "みどり一丁目",
    "jusho_banchigohyoki": "２番３号",
    "jusho_katagaki": "みどりハイツ１０１号",
}


class Register(ScriptedAdapter):
    """Finds people letter by letter, ``page_size`` at a time, as registers do."""

    def __init__(self, *people: tuple[str, dict[str, Any]]) -> None:
        super().__init__(holding())
        self.people = list(people)
        self.page_size = 2
        self.lost = 0
        self.failure: AdapterError | None = None
        self.searches: list[SearchRequest] = []

    async def search(self, request: SearchRequest) -> SearchPage:
        self.searches.append(request)
        if self.failure is not None:
            raise self.failure
        found = [(n, p) for n, p in self.people if self._is(p, request.facts)]
        start = int(request.page or 0)
        shown = found[start : start + self.page_size]
        records = tuple(record(GROUP, n, request.fields, p) for n, p in shown)
        further = start + self.page_size < len(found)
        return SearchPage(
            GroupRecords(records, TIME, TIME, self.lost),
            str(start + self.page_size) if further else None,
        )

    @staticmethod
    def _is(person: dict[str, Any], facts: FourFacts) -> bool:
        wanted = {
            "shimei": facts.shimei,
            "shimei_furigana": facts.shimei_kana,
            "seinengappi": facts.seinengappi and facts.seinengappi.isoformat(),
        }
        return all(person.get(f) == v for f, v in wanted.items() if v is not None)


@pytest.fixture
def register(world: World) -> Register:
    """花子 is R1, who has a handle; the consumer's own systems stay as they are."""
    register = Register(("R1", HANAKO))
    register.flagged = ("R2",)
    found = world.connections.find(TOWN, "scripted-resident")
    assert isinstance(found, Connection)
    found._adapter = register
    return register


@pytest.fixture
async def matching(world: World, register: Register, store: Store) -> MatchingService:
    """A consumer with the right to match, for the purpose of its questions."""
    rooms = world.questions._rooms
    registry = AccessRegistry(AccessStore(store), rooms.dictionary, clock=world.clock, actor="test")
    terms = GrantTerms(items=[MATCH_SUBJECTS], valid_from=world.clock.now().date())
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)
    return MatchingService(
        MatchingRooms(
            MissStore(store),
            rooms.access,
            rooms.subjects,
            rooms.routes,
            rooms.connections,
            rooms.protection,
            rooms.audit,
            rooms.dictionary,
            world.clock,
            world.log,
        ),
        deadline_s=1.0,
        misses_per_hour=MISSES,
    )


@pytest.fixture
async def http(world: World, matching: MatchingService) -> AsyncIterator[httpx.AsyncClient]:
    rooms = world.questions._rooms
    access = KnownCaller(rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k"))
    async with served(world, [matching_router(matching, access)]) as client:
        yield client
