"""A gateway that releases statements, and its consumer over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.access import Access
from gateway.evidence import EvidenceRooms, EvidenceService, EvidenceStore
from gateway.evidence.routes import evidence_router, verification_router
from gateway.keys import FileKeyStore
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, TAX, TOWN, World, world
from tests.gateway.receipts.over_http import KnownCaller, served

__all__ = ["world"]


@dataclass
class Desk:
    """Where a citizen's statement is made."""

    world: World
    http: httpx.AsyncClient
    service: EvidenceService

    def body(self, *items: str, **changes: Any) -> dict[str, Any]:
        """Return what is wanted, as it is sent."""
        return {
            "subject": self.world.handles["ordinary"],
            "purpose": PURPOSE,
            "items": list(items or (NAME, TAX)),
            "statement": "tax",
            **changes,
        }

    async def preview(self, *items: str, **changes: Any) -> httpx.Response:
        """Ask what the statement would say."""
        return await self.http.post("/v1/evidence/previews", json=self.body(*items, **changes))

    async def release(self, *items: str, **changes: Any) -> dict[str, Any]:
        """Preview and release a statement."""
        preview = (await self.preview(*items, **changes)).json()["preview"]
        body = self.body(*items, **changes) | {"preview": preview}
        response = await self.http.post("/v1/evidence", json=body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    async def keys(self) -> dict[str, Any]:
        """Return the published keys."""
        response = await self.http.get("/.well-known/jwt-vc-issuer")
        found: dict[str, Any] = response.json()["jwks"]
        return found

    async def status(self) -> str:
        """Return the status list."""
        return (await self.http.get("/evidence/status/2026")).text


@pytest.fixture
async def desk(world: World, keys: FileKeyStore) -> AsyncIterator[Desk]:
    """The consumer over HTTP."""
    rooms = world.questions._rooms
    service = EvidenceService(
        EvidenceRooms(
            EvidenceStore(world.store),
            world.questions,
            world.subjects,
            rooms.audit,
            keys,
            world.clock,
        ),
        issuer="https://gateway.test",
    )
    access = KnownCaller(rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k"))
    routers = [evidence_router(service, access), verification_router(service)]
    async with served(world, routers) as http:
        yield Desk(world, http, service)
