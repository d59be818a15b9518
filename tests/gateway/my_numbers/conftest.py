"""A town whose residents have My Numbers, and one consumer that may look for people by them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.access import Access, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.access.limits import Bases
from gateway.access.registration import MATCH_BY_NUMBER
from gateway.audit import AuditLog
from gateway.keys import FileKeyStore
from gateway.matching import MissLimit, MissStore
from gateway.my_numbers import (
    MyNumberOffice,
    MyNumbers,
    MyNumberStore,
    NumberFile,
    NumberMatching,
    NumberMatchingRooms,
    NumberRow,
)
from gateway.my_numbers.matching import FUNCTION
from gateway.my_numbers.routes import my_number_router
from gateway.store.engine import Store
from standard_models.reference.check_digits import my_number_check
from standard_models.values.identifiers import MyNumber
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, TOWN, World, world
from tests.gateway.receipts.over_http import KnownCaller, served

__all__ = ["world"]

MISSES = 5
BENEFIT = "jidoteate-bango"
OWN = "/v1/subjects/match-number"


def number(serial: int) -> str:
    """Return the fictitious My Number of a serial."""
    eleven = str(10_000_000_000 + serial * 7_919)
    return eleven + my_number_check(eleven)


def file_of(*lines: tuple[str, str]) -> NumberFile:
    """Return a file of 宛名番号 and My Number, as it was read."""
    rows = [NumberRow(n, who, MyNumber(digits)) for n, (who, digits) in enumerate(lines, 2)]
    return NumberFile(rows, 0, 0)


RESIDENTS = (("R1", number(1)), ("R2", number(2)), ("R3", number(3)))
"""ordinary, protected, newcomer."""


@pytest.fixture
def numbers(my_number_store: Store, keys: FileKeyStore, world: World) -> MyNumbers:
    """What is kept."""
    return MyNumbers(MyNumberStore(my_number_store), keys, clock=world.clock)


@pytest.fixture
def office(
    my_number_store: Store, keys: FileKeyStore, world: World, audit_log: AuditLog
) -> MyNumberOffice:
    """What an officer works with."""
    return MyNumberOffice(
        MyNumberStore(my_number_store),
        keys,
        world.subjects,
        audit_log,
        clock=world.clock,
        actor="cli:officer",
    )


@pytest.fixture
async def kept(office: MyNumberOffice) -> MyNumberOffice:
    """The office, and the numbers of all three residents."""
    await office.import_file(TOWN, "resident", file_of(*RESIDENTS))
    return office


@pytest.fixture
def registry(store: Store, world: World) -> AccessRegistry:
    """Where purposes and grants are registered."""
    dictionary = world.questions._rooms.dictionary
    return AccessRegistry(AccessStore(store), dictionary, clock=world.clock, actor="test")


@pytest.fixture
async def matching(
    world: World,
    kept: MyNumberOffice,
    numbers: MyNumbers,
    registry: AccessRegistry,
    store: Store,
) -> NumberMatching:
    """A consumer with the right, for an affair of the law's list."""
    rooms = world.questions._rooms
    await registry.add_purpose(
        TOWN,
        BENEFIT,
        name_ja="児童手当（個人番号）",
        name_en="Child allowance by number",
        legal_basis="児童手当法第7条",
        organ="子育て支援課",
        bases=Bases(number_use="jidoteate"),
    )
    terms = GrantTerms(items=[MATCH_BY_NUMBER], valid_from=world.clock.now().date())
    row = await registry.propose_grant(TOWN, CLIENT, BENEFIT, terms)
    await approve(registry, row.grant_id)
    limit = MissLimit(MissStore(store), world.clock, world.log, function=FUNCTION, per_hour=MISSES)
    return NumberMatching(
        NumberMatchingRooms(
            numbers,
            limit,
            rooms.access,
            rooms.subjects,
            rooms.protection,
            rooms.audit,
            rooms.dictionary,
            world.clock,
        )
    )


@pytest.fixture
async def http(world: World, matching: NumberMatching) -> AsyncIterator[httpx.AsyncClient]:
    """The consumer's way in."""
    rooms = world.questions._rooms
    access = KnownCaller(rooms.access, Access(CLIENT, TOWN, BENEFIT, "t", "k"))
    async with served(world, [my_number_router(matching, access)], purpose=BENEFIT) as client:
        yield client
