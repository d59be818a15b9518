"""What the tests of the room share: officers, grants, and the operation that sources push to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from gateway.access import Access, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.protection import Protection, ProtectionService, ProtectionStatus
from gateway.protection.measures import Measures
from gateway.protection.pushes import FlagPushes, PushRooms
from gateway.protection.routes import flag_router
from gateway.protection.store import MeasureStore, PushStore
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World
from tests.gateway.receipts.over_http import KnownCaller, served


def patch_status(
    patch: pytest.MonkeyPatch, changed: Callable[..., Awaitable[ProtectionStatus]]
) -> None:
    """Let ``changed`` say what is known of a person, whichever way it is asked."""
    protection = ProtectionService.protection

    async def with_changed(
        self: ProtectionService, town: str, asker: Any, numbers: Any, **options: bool
    ) -> Protection:
        known = await protection(self, town, asker, numbers, **options)
        return Protection(await changed(self, town, numbers), known.opened)

    patch.setattr(ProtectionService, "status", changed)
    patch.setattr(ProtectionService, "protection", with_changed)


def officer(world: World, name: str = "first") -> Measures:
    """Return the measures as one officer sets and ends them."""
    return Measures(MeasureStore(world.store), clock=world.clock, actor=name)


async def end_all(world: World) -> None:
    """Let two officers end every measure."""
    for row, _ in await officer(world).all(TOWN):
        await officer(world).end(TOWN, row.measure_id)
        await officer(world, "second").end(TOWN, row.measure_id)


async def grant(world: World, *items: str) -> None:
    """Grant the consumer of the questions more, as two officers would."""
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    terms = GrantTerms(items=items, valid_from=world.clock.now().date())
    row = await registry.propose_grant(TOWN, CLIENT, PURPOSE, terms)
    await approve(registry, row.grant_id)


def pushes_of(world: World) -> FlagPushes:
    """Return the room that takes in what sources push."""
    rooms = world.questions._rooms
    return FlagPushes(
        PushRooms(
            PushStore(world.store),
            rooms.access,
            rooms.subjects,
            rooms.connections,
            rooms.audit,
            world.clock,
            world.log,
        )
    )


@asynccontextmanager
async def pushing(world: World, **token: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve ``POST /v1/protection/flags`` to the consumer of the questions."""
    access = KnownCaller(
        world.questions._rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k", **token)
    )
    async with served(world, [flag_router(pushes_of(world), access)]) as http:
        yield http


def message(sequence: int, number: str = "R1", state: str = "in-force", **days: str) -> Any:
    """Return a message about one person of the resident system."""
    flag = {"number": number, "state": state, **days}
    return {"sequence": sequence, "numbering": "resident", "flags": [flag]}
