"""What the host lends to adapters in tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import httpx
import pytest

from adapters.contract import Host
from gateway.connections.http import SourceTransport
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client over the gateway's own transport, without the cost of its certificates."""

    def open_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    transport = SourceTransport(client=open_session, trust_env=False)
    async with httpx.AsyncClient(transport=transport, trust_env=False, verify=False) as client:
        yield client


@pytest.fixture
def host(http: httpx.AsyncClient, clock: StoppedClock, event_log: RecordingLog) -> Host:
    """A host of the demo town."""
    return Host("999997", clock, http, event_log, load_builtin())
