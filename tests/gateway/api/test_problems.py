"""Everything that is not 2xx is an RFC 9457 document, in the caller's language."""

from __future__ import annotations

import re
import traceback
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.api.edge import ResponseBroken
from gateway.problems import PROBLEM_TYPES
from tests.gateway.api.town import CANARY, PUBLIC_URL, Town

REFUSALS = [
    ("GET", "/nothing/here", {}, 404, "not-found"),
    ("GET", "/health/", {}, 404, "not-found"),
    ("DELETE", "/v1/asked", {}, 405, "method-not-allowed"),
    ("OPTIONS", "/v1/asked", {}, 405, "method-not-allowed"),
    ("BREW", "/v1/asked", {}, 405, "method-not-allowed"),
    ("POST", "/v1/asked", {"content": b"a=b"}, 415, "unsupported-media-type"),
    ("POST", "/v1/asked", {"content": b"{", "json": None}, 415, "unsupported-media-type"),
    ("POST", "/v1/asked", {"json": {}}, 422, "invalid-body"),
    ("POST", "/v1/asked", {"json": []}, 422, "invalid-body"),
    ("POST", "/v1/asked", {"json": {"purpose": "x" * 3000}}, 413, "body-too-large"),
    ("POST", "/v1/declared", {"json": {}}, 422, "invalid-body"),
    ("POST", "/v1/declared", {"data": {"purpose": "x"}}, 422, "invalid-body"),
    (
        "POST",
        "/v1/declared",
        {"content": b"<a/>", "headers": {"content-type": "text/xml"}},
        415,
        "unsupported-media-type",
    ),
    (
        "POST",
        "/v1/declared",
        {"content": b"{", "headers": {"content-type": "application/json"}},
        400,
        "malformed-json",
    ),
    ("POST", "/oauth/token", {"data": {}}, 422, "invalid-body"),
    ("POST", "/oauth/token", {"content": b"x" * 3000}, 413, "body-too-large"),
    ("GET", "/v1/catalogue?unknown=1", {}, 422, "invalid-body"),
    ("GET", "/v1/catalogue?business=1", {}, 422, "invalid-body"),
    ("GET", "/v1/catalogue/001.nothing", {}, 404, "not-found"),
    ("GET", "/v1/catalogue", {"headers": {"accept": "image/png"}}, 406, "not-acceptable"),
    ("GET", "/v1/refused", {}, 503, "overloaded"),
    ("GET", "/v1/crashing", {}, 500, "internal-error"),
    ("GET", "/problems/nothing", {}, 404, "not-found"),
    ("GET", "/assets/../api/server.py", {}, 404, "not-found"),
    ("GET", "/assets/server.py", {}, 404, "not-found"),
]


@pytest.mark.parametrize(("method", "address", "options", "status", "slug"), REFUSALS)
async def test_every_refusal_is_a_problem_document(
    client: httpx.AsyncClient,
    method: str,
    address: str,
    options: dict[str, Any],
    status: int,
    slug: str,
) -> None:
    """Whoever raises it: a room, the framework or a mistake."""
    response = await client.request(method, address, **options)
    document = response.json()
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert document["type"] == f"{PUBLIC_URL}/problems/{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document["remedy"]
    trace_id = document["trace_id"]
    assert response.headers["x-trace-id"] == trace_id
    assert document["instance"] == (
        f"urn:uuid:{trace_id[:8]}-{trace_id[8:12]}-{trace_id[12:16]}"
        f"-{trace_id[16:20]}-{trace_id[20:]}"
    )


async def test_a_problem_speaks_japanese_unless_asked_otherwise(client: httpx.AsyncClient) -> None:
    """One document, one language, and the answer says which."""
    plain = await client.get("/v1/refused")
    english = await client.get("/v1/refused", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert plain.json()["title"] == "混み合っています"
    assert plain.json()["detail"] == "いま八件を処理しています。"
    assert plain.headers["content-language"] == "ja"
    assert english.json()["title"] == "Too busy"
    assert english.json()["detail"] == "Eight are being answered."
    assert english.json()["remedy"] == "Wait as Retry-After says."
    assert english.headers["content-language"] == "en"
    assert english.headers["vary"] == "Accept-Language"


async def test_a_room_adds_headers_and_members_but_never_replaces_the_core(
    client: httpx.AsyncClient,
) -> None:
    """The extension ``type`` of the route loses against the registered type."""
    response = await client.get("/v1/refused")
    assert response.headers["retry-after"] == "7"
    assert response.json()["waiting"] == 8
    assert response.json()["type"] == f"{PUBLIC_URL}/problems/overloaded"


async def test_a_refused_method_names_every_method_of_the_address(
    client: httpx.AsyncClient,
) -> None:
    """``/v1/refused`` has two routes, and GET answers HEAD as well."""
    response = await client.delete("/v1/refused")
    assert response.headers["allow"] == "GET, HEAD, PUT"


async def test_wrong_places_are_named_by_pointers(client: httpx.AsyncClient) -> None:
    """Each with our own words; an unknown member is named by what holds it."""
    body = {"purpose": "", "items": ["a", 5], "year": 1, "person": {"handle": "h", "more": 1}}
    response = await client.post("/v1/asked", json=body)
    assert response.json()["errors"] == [
        {"in": "body", "pointer": "/purpose", "detail": "1 文字以上にしてください。"},
        {"in": "body", "pointer": "/items/1", "detail": "文字列にしてください。"},
        {"in": "body", "pointer": "/year", "detail": "1900 以上にしてください。"},
        {"in": "body", "pointer": "/person", "detail": "知らない項目があります。"},
    ]


async def test_a_wrong_parameter_is_named_in_the_query(client: httpx.AsyncClient) -> None:
    """The pointer then points into the parameters."""
    response = await client.get("/v1/catalogue?business=abc", headers={"Accept-Language": "en"})
    assert response.json()["errors"] == [
        {"in": "query", "pointer": "/business", "detail": "Does not have the documented form."}
    ]


async def test_head_is_get_without_the_body(client: httpx.AsyncClient) -> None:
    """Load balancers probe with it."""
    healthy = await client.head("/health")
    missing = await client.head("/nothing")
    assert (healthy.status_code, healthy.content) == (200, b"")
    assert (missing.status_code, missing.content) == (404, b"")
    assert missing.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("slug", sorted(PROBLEM_TYPES))
async def test_every_kind_of_problem_has_a_page_in_both_languages(
    client: httpx.AsyncClient, slug: str
) -> None:
    """The ``type`` of a problem leads somewhere."""
    response = await client.get(f"/problems/{slug}")
    kind = PROBLEM_TYPES[slug]
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert re.search(rf"<h1>{re.escape(kind.title_ja)}</h1>", response.text)
    assert kind.remedy_ja in response.text
    assert kind.title_en in response.text.replace("&#39;", "'")
    listed = await client.get("/problems")
    assert f'href="/problems/{slug}"' in listed.text


async def test_a_crash_is_answered_and_its_message_stays_inside(
    town: Town, client: httpx.AsyncClient
) -> None:
    """The log tells class and place; the message, which may hold a name, is nowhere."""
    response = await client.get("/v1/crashing")
    log = town.log.getvalue()
    assert response.status_code == 500
    assert '"error":"ValueError"' in log
    assert '"at":"town.crashing:' in log
    assert "name of a person" not in log + response.text


@pytest.mark.parametrize(
    ("address", "content_type"),
    [
        ("/v1/asked", "application/json"),
        ("/v1/declared", "application/json"),
        ("/oauth/token", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_without_a_declared_length_is_measured_for_every_kind_of_route(
    client: httpx.AsyncClient, address: str, content_type: str
) -> None:
    """Also where the framework, and not a room, reads the body."""

    async def body() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 1000

    headers = {"content-type": content_type}
    response = await client.post(address, content=body(), headers=headers)
    assert response.status_code == 413
    assert response.json()["limit_bytes"] == 2000


async def test_what_interrupts_an_answer_is_passed_on_without_its_message(town: Town) -> None:
    """The server writes what it gets into its own log."""
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        with pytest.raises(ResponseBroken) as broken:
            await http.get("/v1/breaking-off")
    assert CANARY not in "".join(traceback.format_exception(broken.value))
    assert CANARY not in town.log.getvalue()
