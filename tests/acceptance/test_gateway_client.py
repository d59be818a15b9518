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


@respx.mock
async def test_questions_at_the_same_time_share_one_token() -> None:
    """A refused one is asked for again by the next question."""
    token = respx.post(f"{GATEWAY}/oauth/token")
    token.side_effect = [
        httpx.Response(503),
        httpx.Response(200, json={"access_token": "t", "expires_in": 300}),
    ]
    respx.post(f"{GATEWAY}/v1/questions").respond(json={"status": "complete"})
    registration = Registration(GATEWAY, "online", "999997", "jidoteate")
    async with httpx.AsyncClient() as http:
        client = GatewayClient(registration, ECKey.generate_key("P-256"), http)
        with pytest.raises(GatewayUnavailable, match="status-503"):
            await client.ask("handle", [NAME])
        answers = await asyncio.gather(*(client.ask("handle", [NAME]) for _ in range(20)))
    assert answers == [{"status": "complete"}] * 20
    assert token.call_count == 2
