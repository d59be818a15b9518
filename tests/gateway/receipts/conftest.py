"""The gateway with scripted systems, and its consumer over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.gateway.questions.conftest import World, world
from tests.gateway.receipts.over_http import served

__all__ = ["world"]


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The consumer, whose token is good, over HTTP."""
    async with served(world) as client:
        yield client
