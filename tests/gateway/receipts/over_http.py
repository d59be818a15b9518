"""The operations of a gateway under test over HTTP, called by a consumer whose token is good."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import APIRouter

from gateway.access import Access, AccessService
from gateway.api.application import ApiOptions, build_api
from gateway.questions.routes import question_router
from gateway.receipts.routes import receipt_router
from tests.gateway.questions.conftest import CLIENT, PURPOSE, TOWN, World


class KnownCaller(AccessService):
    """An access service for which every call is one of ``access``; the rest is real."""

    def __init__(self, real: AccessService, access: Access) -> None:
        for name, value in vars(real).items():
            setattr(self, name, value)
        self.access = access

    async def verify_token(self, *_: Any, **__: Any) -> Access:
        """Return who calls."""
        return self.access


@asynccontextmanager
async def served(
    world: World,
    routers: Sequence[APIRouter] = (),
    *,
    client: str = CLIENT,
    purpose: str = PURPOSE,
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve questions, receipts and ``routers`` to one consumer."""
    rooms = world.questions._rooms
    access = KnownCaller(rooms.access, Access(client, TOWN, purpose, "t", "k"))
    app = build_api(
        ApiOptions("https://gateway.test", "0.1.0"),
        routers=[
            question_router(world.questions, access),
            receipt_router(rooms.receipts, access),
            *routers,
        ],
        log=world.log,
        metrics=world.metrics,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        yield http
