"""The client that online services may copy: it asks the gateway no more than it needs."""

from __future__ import annotations

import asyncio

import httpx
import pytest
import respx
from joserfc.jwk import ECKey

from examples.online_service.gateway_client import (
    GatewayClient,
    GatewayUnavailable,
    Registration,
)

GATEWAY = "https://gateway.test"
NAME = "001.juminkihonjoho.shimei"
TOKEN = {"access_token": "t", "expires_in": 300}
REGISTRATION = Registration(GATEWAY, "online", "999997", "jidoteate")


@respx.mock
async def test_questions_at_the_same_time_share_one_token() -> None:
    """A refused one is asked for again by the next question."""
    token = respx.post(f"{GATEWAY}/oauth/token")
    token.side_effect = [
        httpx.Response(503),
        httpx.Response(200, json=TOKEN),
    ]
    respx.post(f"{GATEWAY}/v1/questions").respond(json={"status": "complete"})
    async with httpx.AsyncClient() as http:
        client = GatewayClient(REGISTRATION, ECKey.generate_key("P-256"), http)
        with pytest.raises(GatewayUnavailable, match="status-503"):
            await client.ask("handle", [NAME])
        answers = await asyncio.gather(*(client.ask("handle", [NAME]) for _ in range(20)))
    assert answers == [{"status": "complete"}] * 20
    assert token.call_count == 2


@respx.mock
@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_gateway_is_asked_once_more_when_it_says(status: int) -> None:
    """Retry-After is kept, if a person can wait so long."""
    respx.post(f"{GATEWAY}/oauth/token").respond(json=TOKEN)
    questions = respx.post(f"{GATEWAY}/v1/questions")
    questions.side_effect = [
        httpx.Response(status, headers={"Retry-After": "0"}),
        httpx.Response(200, json={"status": "complete"}),
        httpx.Response(status, headers={"Retry-After": "60"}),
    ]
    async with httpx.AsyncClient() as http:
        client = GatewayClient(REGISTRATION, ECKey.generate_key("P-256"), http)
        assert await client.ask("handle", [NAME]) == {"status": "complete"}
        with pytest.raises(GatewayUnavailable, match=f"status-{status}"):
            await client.ask("handle", [NAME])
    assert questions.call_count == 3
