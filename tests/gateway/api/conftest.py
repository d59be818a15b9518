"""The small town behind a client that needs no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gateway.api.town import Town


@pytest.fixture
def town() -> Town:
    """An application with its log and figures."""
    return Town()


@pytest.fixture
async def client(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the town's application."""
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        yield http
