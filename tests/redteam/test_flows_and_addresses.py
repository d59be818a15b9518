"""API6, API7 and API10: guesses, addresses that we could be made to call, formulas."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from gateway.access import AccessRegistry, AccessStore, RegistrationError
from gateway.cli.protection_releases import _written, harmless
from gateway.connections import Connection
from tests.gateway.access.consumers import EC, public_member
from tests.gateway.matching.conftest import HANAKO, Register
from tests.gateway.questions.conftest import NAME, TOWN
from tests.gateway.questions.scripted import holding
from tests.redteam.siege import Siege
from tests.redteam.siege_rooms import MISSES
from tests.redteam.test_forged_tokens import call_with, own_key
from tests.size import size_of

GUESSES = size_of(ordinary=MISSES + 15, nightly=1_000)
MATCH = "/v1/subjects/match"
REPOSITORY = Path(__file__).parents[2]


# API6: sensitive flows.


async def test_guessing_who_lives_here_is_throttled_and_called_out(siege: Siege) -> None:
    """API6: every miss looks the same; beyond the limit nothing is looked up, and it is an alarm.

    A right guess, a protected person and nobody cannot be told apart once the limit is reached.
    """
    register = Register(("R1", HANAKO), ("R2", HANAKO | {"shimei": "見本　守"}))
    register.flagged = ("R2",)
    found = siege.world.connections.find(TOWN, "scripted-resident")
    assert isinstance(found, Connection)
    found._adapter = register
    good = {
        "shimei": HANAKO["shimei"],
        "seinengappi": HANAKO["seinengappi"],
        "jusho": "見本県見本市みどり一丁目２番３号",
    }
    assert (await siege.call("POST", MATCH, good)).status_code == 200
    bodies, statuses = set(), []
    for guess in range(GUESSES):
        day = f"19{guess % 90 + 10:02}-{guess % 12 + 1:02}-{guess % 28 + 1:02}"
        name = "見本　守" if guess % 10 == 0 else f"見本　{chr(0x4E00 + guess)}"
        answer = await siege.call("POST", MATCH, good | {"shimei": name, "seinengappi": day})
        statuses.append(answer.status_code)
        said = {k: v for k, v in answer.json().items() if k not in {"instance", "trace_id"}}
        if answer.status_code == 200:
            bodies.add(json.dumps(said, sort_keys=True))
    assert statuses == [200] * MISSES + [429] * (GUESSES - MISSES)
    assert len(bodies) == 1
    searched = len(register.searches)
    assert (await siege.call("POST", MATCH, good)).status_code == 429
    assert len(register.searches) == searched
    assert siege.world.log.events.count("too-many-misses") >= 1


async def test_guessed_handles_are_all_the_same(siege: Siege) -> None:
    """API6: one answer for all, and no system is asked."""
    question = siege.bodies(siege.handle())["POST", "/v1/questions"]
    seen = set()
    for guess in range(40):
        handle = f"h1-{guess:043}"
        answer = await siege.call("POST", "/v1/questions", question | {"subject": handle})
        seen.add((answer.status_code, answer.json()["type"]))
    assert len(seen) == 1
    assert all(not system.requests for system in siege.world.systems.values())


# API7: addresses that the gateway could be made to call.


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[str, list[str]]]:
    """Yield the address of somebody who listens, and who has called."""
    calls: list[str] = []

    async def called(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append("called")
        writer.close()

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", calls


def with_text(body: Any, text: str) -> list[Any]:
    """Return the body with each of its texts replaced in turn."""
    if isinstance(body, str):
        return [text]
    if isinstance(body, dict):
        return [{**body, k: w} for k, v in body.items() for w in with_text(v, text)]
    if isinstance(body, list):
        return [
            [*body[:n], w, *body[n + 1 :]] for n, v in enumerate(body) for w in with_text(v, text)
        ]
    return []


async def test_no_address_that_a_caller_sends_is_ever_called(siege: Siege) -> None:
    """API7: in no text of any body, no header, no header of a token; also for metadata services."""
    async with canary() as (url, calls):
        pointing = {
            "X-Forwarded-Host": url,
            "X-Original-URL": url,
            "Forwarded": f"host={url}",
            "Referer": url,
            "Origin": url,
            "Client-Cert": url,
            "Idempotency-Key": quote(url, safe=""),
            "traceparent": url,
            "baggage": f"callback={url}",
        }
        for (method, path), body in siege.bodies(siege.handle()).items():
            for changed in with_text(body, url):
                answer = await siege.call(method, path, changed, headers=pointing)
                assert answer.status_code in {200, 201, 403, 404, 409, 422, 429, 503}, changed
        token = await siege.token()
        for name in ("jku", "x5u"):
            forged = own_key(token, **{name: f"{url}/keys"})
            assert (await call_with(siege, forged)).status_code == 401
            asked = await siege.ask_token(assertion=own_key(siege.assertion(), **{name: url}))
            assert asked.status_code == 401
        for other in ("http://metadata.internal/latest", "file:///etc/passwd"):
            answer = await siege.call("GET", f"/v1/events?cursor={quote(other, safe='')}")
            assert answer.json()["type"].endswith("/cursor-invalid")
        assert calls == []


async def test_no_address_can_be_registered_in_the_place_of_a_key(siege: Siege) -> None:
    """API7: keys are registered by value; what points elsewhere is dropped or refused."""
    registry = AccessRegistry(
        AccessStore(siege.world.store),
        siege.world.questions._rooms.dictionary,
        clock=siege.world.clock,
        actor="test",
    )
    async with canary() as (url, calls):
        for jwks in (url, {"jwks_uri": url}, {"keys": url}, {"keys": [{"kid": "a", "x5u": url}]}):
            with pytest.raises(RegistrationError):
                await registry.add_client("pointing", name="a", contact="b", jwks=jwks)
        member = {**public_member(EC), "kid": "a", "x5u": url, "jku": url}
        row = await registry.add_client(
            "pointing", name="a", contact="b", jwks={"keys": [member], "jwks_uri": url}
        )
        assert url not in json.dumps(row.jwks)
        assert calls == []


# API10: what legacy systems answer is not to be trusted.

HOSTILE = (
    '=HYPERLINK("http://evil.example","見本")',
    "＝ｃｍｄ｜'／Ｃ　ｃａｌｃ'！Ａ０",
    "+81(0)=1",
    "@SUM(1+1)",
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "{{7*7}}${7*7}#{7*7}",
    "見本\u202e子花",
    "'; DROP TABLE client; --",
)


async def test_what_a_system_answers_leaves_unchanged_and_acts_nowhere(siege: Siege) -> None:
    """API10: the API carries it as it is; in HTML it is text; on a list it is no formula."""
    for name in HOSTILE:
        siege.world.systems["resident"].script = holding(shimei=name)
        question = siege.bodies(siege.handle())["POST", "/v1/questions"] | {"items": [NAME]}
        answer = (await siege.call("POST", "/v1/questions", question)).json()
        assert answer["parts"][0]["records"][0]["shimei"]["value"] == name
        wanted = siege.bodies(siege.handle())["POST", "/v1/evidence/previews"]
        preview = (await siege.call("POST", "/v1/evidence/previews", wanted)).json()["preview"]
        html = (await siege.call("POST", "/v1/evidence", wanted | {"preview": preview})).json()[
            "html"
        ]
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "{{" not in name or name in html


def test_a_released_list_holds_no_formula_and_changes_nothing_else() -> None:
    """API10: cells that a spreadsheet would run get an apostrophe; numbers and names do not."""
    for cell in (*HOSTILE[:4], "-1+1", "\t=1", "\r=1", "－cmd"):
        assert harmless(cell) == f"'{cell}"
    plain = ("見本　花子", "0001", "-1,000", "+81 3-0000-0000", "-", "－", "", "a=b", "1+1")
    for cell in plain:
        assert harmless(cell) == cell
    text = _written([["番号", "宛名"], ["1", HOSTILE[0]]], "utf-8").decode()
    assert "\r\n1,\"'=HYPERLINK" in text
