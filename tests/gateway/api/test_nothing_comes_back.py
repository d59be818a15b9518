"""Nothing that a caller sent stands in a refusal, a log line or a figure."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.gateway.api.town import CANARY, Town

SENT: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", f"/v1/people/{CANARY}", {}),
    ("GET", f"/{CANARY}/x", {}),
    ("GET", f"/v1/catalogue?q={CANARY}", {}),
    ("GET", f"/v1/catalogue?{CANARY}=1", {}),
    ("GET", f"/v1/catalogue?business=a{CANARY}", {}),
    ("GET", f"/v1/catalogue/{CANARY}", {}),
    ("GET", f"/problems/{CANARY}", {}),
    ("GET", "/v1/crashing", {}),
    ("GET", "/v1/catalogue", {"headers": {"accept": CANARY}}),
    ("GET", "/nothing", {"headers": {"accept-language": CANARY, "x-note": CANARY}}),
    ("GET", "/nothing", {"headers": {"traceparent": f"00-{CANARY:0>32}-00f067aa0ba902b7-01"}}),
    ("GET", "/nothing", {"headers": {"traceparent": CANARY}}),
    ("POST", "/v1/asked", {"json": {"purpose": CANARY}}),
    ("POST", "/v1/asked", {"json": {"purpose": "x", CANARY: 1}}),
    ("POST", "/v1/asked", {"json": {"purpose": "x", "person": {"handle": "h", CANARY: 1}}}),
    ("POST", "/v1/asked", {"json": {"purpose": int(CANARY)}}),
    ("POST", "/v1/asked", {"json": {"purpose": "x", "year": CANARY}}),
    ("POST", "/v1/asked", {"json": {"purpose": "x", "items": [CANARY, CANARY, CANARY, 1]}}),
    ("POST", "/v1/asked", {"json": CANARY}),
    ("POST", "/v1/declared", {"json": {"purpose": CANARY, CANARY: CANARY}}),
    ("POST", "/v1/declared", {"json": CANARY}),
    ("POST", "/oauth/token", {"data": {"grant_type": CANARY * 2}}),
    ("POST", "/oauth/token", {"data": {CANARY: CANARY}}),
    (
        "POST",
        "/v1/asked",
        {
            "content": b'{"purpose": "' + CANARY.encode() + b'"',
            "headers": {"content-type": "application/json"},
        },
    ),
    (
        "POST",
        "/v1/asked",
        {"content": b"x", "headers": {"content-type": f"text/{CANARY}"}},
    ),
    (CANARY, "/nothing", {}),
]


@pytest.mark.parametrize(("method", "address", "options"), SENT, ids=range(len(SENT)))
async def test_a_number_that_was_sent_comes_back_nowhere(
    town: Town, client: httpx.AsyncClient, method: str, address: str, options: dict[str, Any]
) -> None:
    """In path, query, header, body, key or method: not in the answer, the log or the figures."""
    response = await client.request(method, address, **options)
    written = response.text + repr(response.headers) + town.log.getvalue()
    assert response.status_code >= 400
    assert response.headers["content-type"] == "application/problem+json"
    assert CANARY not in written + town.metrics.render().decode()
    assert town.log.getvalue().count('"event":"request"') == 1


async def test_a_log_line_tells_the_template_of_the_route_and_who_asked(
    town: Town, client: httpx.AsyncClient
) -> None:
    """What is needed to follow a call, and no more."""
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await client.post("/v1/asked", json={"purpose": "x"}, headers={"traceparent": given})
    line = town.log.getvalue()
    assert '"route":"/v1/asked"' in line
    assert '"client_id":"kosodate-portal"' in line
    assert '"outcome":"complete"' in line
    assert '"status":200' in line
    assert '"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"' in line


async def test_probes_fill_no_log(town: Town, client: httpx.AsyncClient) -> None:
    """They come every few seconds."""
    for address in ("/health", "/ready", "/metrics"):
        assert (await client.get(address)).status_code == 200
    assert town.log.getvalue() == ""


NUMBERS = [
    f"/v1/{CANARY}",
    "/v1/9876-5432-1098",
    "/v1/9876%205432%201098",
    "/v1/x?a=9876+5432+1098",
    "/v1/x?a=" + "".join(f"%3{digit}" for digit in CANARY),
    "/v1/x?a=" + "".join(f"%253{digit}" for digit in CANARY),
    "/v1/x?a=９８７６５４３２１０９８",
    f"/v1/x?{CANARY}",
    f"/health?a=b{CANARY}c",
]


@pytest.mark.parametrize("address", NUMBERS, ids=range(len(NUMBERS)))
async def test_twelve_digits_in_an_address_are_refused_however_they_are_written(
    client: httpx.AsyncClient, address: str
) -> None:
    """Before any route: addresses stand in proxies' logs and browsers' histories."""
    response = await client.get(address)
    assert response.status_code == 400
    assert response.json()["type"].endswith("/problems/number-outside-body")


@pytest.mark.parametrize(
    "address",
    [
        "/health?a=98765432109",
        "/health?a=9876543210987",
        "/health?a=2026-10-01&b=2026-10-02",
        "/health?a=2026-10-01T10:15:30",
        "/health?a=192.168.100.101",
        "/health?a=203.113.115.197:8080&b=203.113.115.198",
        "/health?a=0190a5b2-8c1d-7def-8123-987654321098",
    ],
)
async def test_other_digits_in_an_address_are_let_through(
    client: httpx.AsyncClient, address: str
) -> None:
    """Eleven or thirteen digits, days, times, UUIDs and hosts are no individual numbers."""
    assert (await client.get(address)).status_code == 200
