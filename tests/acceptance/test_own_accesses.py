"""A resident of the town sees who asked: over real HTTP, from the gateway as it is served."""

from __future__ import annotations

import hashlib
import time
import uuid
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest
from joserfc import jwt

from examples.online_service.gateway_client import GatewayClient
from examples.town.demo.gateway import MUNICIPALITY
from gateway.access import OWN_ACCESSES, AccessRegistry, AccessStore
from gateway.access.grants import GrantTerms
from gateway.clock import TOKYO, SystemClock
from gateway.store.engine import open_store
from standard_models.builtin import load_builtin
from tests.acceptance.town_under_test import EXAMINER, Town, examiner
from tests.gateway.access.consumers import approve

pytestmark = pytest.mark.town


async def test_an_ordinary_resident_sees_the_question_and_a_protected_one_the_office(town: Town):
    """DV-13, AU citizen view: the same call, and nothing that tells one cause from another."""
    ordinary = town.people()["two_children"]["resident"]
    protected = sorted(town.protected())[0]
    folder = town.folder / "gateway"
    async with examiner(folder, town.gateway_url, [ordinary, protected]) as asker:
        await _grant(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
        asked = await asker.ask(ordinary)
        await asker.ask(protected)
        seen = await _view(asker.client, town.gateway_url, asker.handles[ordinary])
        hidden = await _view(asker.client, town.gateway_url, asker.handles[protected])
    questions = [a for a in seen["accesses"] if a["function"] == "question"]
    assert questions[0]["record_id"] == asked["question_id"]
    assert "氏名" in [item["name"] for item in questions[0]["items"]]
    assert questions[0]["purpose"]["id"] == EXAMINER
    assert (hidden["accesses"], hidden["withheld"]) == ([], "ask-office")


async def _grant(url: str) -> None:
    store = open_store(url)
    clock = SystemClock()
    try:
        registry = AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")
        row = await registry.propose_grant(
            MUNICIPALITY,
            EXAMINER,
            EXAMINER,
            GrantTerms(
                items=[OWN_ACCESSES], valid_from=clock.now().astimezone(TOKYO).date(), valid_to=None
            ),
        )
        await approve(registry, row.grant_id)
    finally:
        await store.aclose()


async def _view(client: GatewayClient, url: str, handle: str) -> dict[str, Any]:
    """Return what the gateway shows; the nonce of a first refusal goes into the second call."""
    token, path, nonce = await client._current_token(), f"/v1/subjects/{handle}/accesses", None
    async with httpx.AsyncClient() as http:
        for _ in range(2):
            claims = {
                "jti": uuid.uuid4().hex,
                "htm": "GET",
                "htu": url + path,
                "iat": int(time.time()),
                "ath": urlsafe_b64encode(hashlib.sha256(token.encode()).digest())
                .rstrip(b"=")
                .decode(),
            }
            public = client._key.as_dict(private=False)
            jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
            header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
            proof = jwt.encode(header, claims | ({"nonce": nonce} if nonce else {}), client._key)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
            answer = await http.get(url + path, headers=headers)
            nonce = answer.headers.get("DPoP-Nonce")
            if answer.status_code == 200:
                break
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document
