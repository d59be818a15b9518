"""API8 and API9: nothing stands open, nothing tells of its inside, nothing is forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.redteam.conftest import Target

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
TYPES = ("application/json", "application/x-www-form-urlencoded", "text/xml", "*/*", "")
BODIES = (b"", b"null", b"{", b"[]", b'{"a":' * 200, b"\xff\xfe", b"grant_type=client_credentials")
OPEN = {"/health", "/ready", "/metrics"}
"""Answers of machines that look after the gateway; /ready says 503 without any adapter."""
INSIDE = re.compile(
    r"Traceback|\.py\b|sqlalchemy|sqlite|asyncpg|site-packages|Exception\b|SELECT ", re.IGNORECASE
)


def operations(target: Target) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Return method, path and description of every documented operation."""
    for path, methods in target.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _filled(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "x", path)


def _is_a_problem(answer: httpx.Response) -> bool:
    return answer.headers.get("content-type", "").startswith("application/problem+json")


async def test_no_method_type_or_body_makes_an_operation_crash(target: Target) -> None:
    """API8: 405, 415 and the like, always as a problem; never a 500 or a word of our inside."""
    paths = sorted({path for _, path, _ in operations(target)} - OPEN)
    asked = 0
    for path in paths:
        for method in METHODS:
            for number, body in enumerate(BODIES):
                headers = {"content-type": TYPES[number % len(TYPES)]}
                answer = await target.http.request(
                    method, _filled(path), content=body, headers=headers
                )
                asked += 1
                where = (method, path, number, answer.status_code)
                assert answer.status_code < 500, where
                assert answer.status_code < 400 or _is_a_problem(answer), where
                if answer.status_code >= 400:
                    assert not INSIDE.search(answer.text), where
    assert asked >= 500


async def test_a_wrong_method_is_answered_with_the_right_ones(target: Target) -> None:
    """API8: 405 with Allow on every path."""
    paths: dict[str, set[str]] = {}
    for method, path, _ in operations(target):
        paths.setdefault(path, set()).add(method)
    for path, allowed in paths.items():
        answer = await target.http.request("PATCH", _filled(path))
        assert answer.status_code == 405, path
        assert allowed <= {m.strip() for m in answer.headers["allow"].split(",")}, path


@pytest.mark.parametrize(
    "scheme", ["", "Bearer x", "DPoP x.y.z", "Basic eDp5", "DPoP " + "a" * 9000]
)
async def test_every_operation_that_needs_a_token_refuses_whoever_has_none(
    target: Target, scheme: str
) -> None:
    """API2, API5: a false token opens no operation, whatever else is right."""
    secured = [(m, p) for m, p, o in operations(target) if o.get("security")]
    assert len(secured) >= 5
    headers = {"authorization": scheme, "content-type": "application/json"} if scheme else {}
    for method, path in secured:
        answer = await target.http.request(method, _filled(path), headers=headers, content=b"{}")
        assert answer.status_code == 401, (method, path)
        assert "www-authenticate" in answer.headers, (method, path)


async def test_no_operation_under_v1_is_open_but_the_catalogue(target: Target) -> None:
    """API5, API9: whoever adds an operation must say who may call it."""
    unguarded = {
        p for _, p, o in operations(target) if p.startswith("/v1/") and not o.get("security")
    }
    assert {p for p in unguarded if not p.startswith("/v1/catalogue")} == set()


async def test_the_usual_forgotten_places_are_empty(target: Target) -> None:
    """API9: no old version, no page for debugging, no file of ours."""
    for path in ("/debug", "/admin", "/.env", "/.git/config", "/redoc", "/v0/questions",
                 "/v2/questions", "/actuator", "/server-status", "/docs/../keys.json"):  # fmt: skip
        answer = await target.http.get(path)
        assert answer.status_code == 404, path
        assert _is_a_problem(answer), path


async def test_no_other_site_may_read_an_answer(target: Target) -> None:
    """API8: no CORS header for anybody, not even for a preflight."""
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for method in ("OPTIONS", "GET"):
        answer = await target.http.request(method, "/v1/questions", headers=headers)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_body_above_the_limit_is_refused_before_it_is_read(target: Target) -> None:
    """API4: by its declared length, and by what really comes."""
    huge = b"a" * 300_000
    declared = await target.http.post("/v1/questions", content=huge)
    assert declared.status_code == 413

    async def pieces() -> Any:
        for _ in range(400):
            yield b"a" * 1_000

    form = {"content-type": "application/x-www-form-urlencoded"}
    streamed = await target.http.post("/oauth/token", content=pieces(), headers=form)
    assert streamed.status_code == 413
