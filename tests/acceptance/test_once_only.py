"""Once only, in the town: what was delivered, what was stated, what is proved; over real HTTP."""

from __future__ import annotations

import datetime as dt
import time
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import pytest

from examples.online_service.gateway_client import GatewayClient
from gateway.evidence import verify
from tests.acceptance.town_under_test import EXAMINER, Town, examiner

pytestmark = pytest.mark.town

NAME = "001.juminkihonjoho.shimei"
BIRTH = "001.juminkihonjoho.seinengappi"
TAX = "010.kazeikihonjoho.nenzeigaku"
MAIL = "010.sofusakijoho.sofusaki_choaza"


class Consumer(GatewayClient):
    """Calls any operation as the examples' client calls the question."""

    async def call(self, path: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Post once, and again where the gateway hands out a nonce first."""
        token = await self._current_token()
        for _ in range(2):
            proofs = {"Authorization": f"DPoP {token}", "DPoP": self._proof(path, token)}
            response = await self._post(path, json=body, headers={**headers, **proofs})
            self._nonce = response.headers.get("DPoP-Nonce", self._nonce)
            if response.status_code != httpx.codes.UNAUTHORIZED:
                break
        return response


async def test_a_citizen_is_asked_once_and_proves_what_was_recorded(town: Town) -> None:
    """RC-1, RC-4, WR-2: receipt, statement and submission with three real systems behind."""
    number = town.people()["two_children"]["resident"]
    async with examiner(town.folder / "gateway", town.gateway_url, [number]) as one:
        client = one.client
        consumer = Consumer(client._registration, client._key, client._http)
        who = {"subject": one.handles[number]}
        question = {**who, "purpose": EXAMINER, "items": [NAME, BIRTH, TAX]}
        answer = (await consumer.call("/v1/questions", question)).json()
        record = answer["parts"][0]["records"][0]
        returned = [
            {"item": NAME, "value": record["shimei"]["value"].replace("　", " ")},
            {"item": BIRTH, "value": record["seinengappi"]["value"].replace("-", "/")},
            {"item": TAX, "value": 1},
        ]
        asked = {**who, "receipt": answer["receipt"], "items": returned}
        verdicts = (await consumer.call("/v1/receipts/verify", asked)).json()
        assert [i["verdict"] for i in verdicts["items"]] == ["unchanged", "unchanged", "edited"]

        wanted = {**question, "statement": "tax"}
        preview = (await consumer.call("/v1/evidence/previews", wanted)).json()["preview"]
        made = (await consumer.call("/v1/evidence", {**wanted, "preview": preview})).json()
        published = (await client._http.get(made["keys"])).json()
        status = (await client._http.get(made["status"])).text
        found = verify(made["evidence"], published["jwks"], dt.datetime.now(dt.UTC), status)
        assert found.findings == ()
        said = found.claims["parts"][0]["records"][0]["shimei"]["value"]
        assert said == record["shimei"]["value"]
        page = await client._http.get(f"{town.gateway_url}/evidence/verify")
        assert "script-src 'sha256-" in page.headers["content-security-policy"]

        consent = {"text": "v1", "given_at": dt.datetime.now(dt.UTC).isoformat()}
        stated = {
            **who,
            "purpose": EXAMINER,
            "items": [{"item": MAIL, "value": "あらたな町"}],
            "consent": consent,
        }
        key = urlsafe_b64encode(number.encode()).decode() + "-once"
        replies = [
            await consumer.call("/v1/submissions", stated, **{"Idempotency-Key": key})
            for _ in range(2)
        ]
        assert [r.status_code for r in replies] == [201, 201]
        assert replies[0].json() == replies[1].json()
        assert replies[0].json()["handed_to"] == ["reference-tax"]
        preferred = {**question, "items": [MAIL], "prefer_stated": ["010.sofusakijoho"]}
        part = (await consumer.call("/v1/questions", preferred)).json()["parts"][0]
        assert part["provenance"]["adapter"] == "stated"
        assert await _queue_is_empty(client._http, town.gateway_url)


async def _queue_is_empty(http: httpx.AsyncClient, gateway: str) -> bool:
    """Ask for the figures until nothing waits or is parked; the delivery runs by itself."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        text = (await http.get(f"{gateway}/metrics")).text
        states = {
            line.split('"')[1]: float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith("hitotsu_outbox_messages{")
        }
        if states == {"waiting": 0.0, "parked": 0.0}:
            return True
    return False
