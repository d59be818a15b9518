"""Bodies: what is read, what is refused, and that nothing can make the gateway stumble."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.api.bodies import parse_json
from gateway.problems import Problem
from tests.gateway.api.town import Town

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'],
)
async def test_json_in_utf8_is_read(client: httpx.AsyncClient, content_type: str) -> None:
    """In every legal spelling of the media type."""
    response = await client.post(
        "/v1/asked", content=b'{"purpose": "x"}', headers={"content-type": content_type}
    )
    assert (response.status_code, response.json()) == (200, {"items": 0})


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/json; charset=shift_jis", "application/jsonp", "json"],
)
async def test_other_media_types_are_refused(client: httpx.AsyncClient, content_type: str) -> None:
    """The refusal names the one that works."""
    response = await client.post(
        "/v1/asked", content=b'{"purpose": "x"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415
    assert response.headers["accept-post"] == "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nul",
        b'{"a": NaN}',
        b'{"a": 1}}',
        b"\xef\xbb\xbf{}",
        '{"a": "髙"}'.encode("cp932"),
        b'"\\ud800"',
        b"[" * 200 + b"]" * 200,
        b"[" * 1500,
        b'{"a":' * 300 + b"1" + b"}" * 300,
    ],
)
async def test_what_is_not_json_is_refused_with_a_place_or_a_limit(
    client: httpx.AsyncClient, body: bytes
) -> None:
    """Also bytes of another encoding, lone surrogates and nesting beyond reason."""
    response = await client.post("/v1/asked", content=body, headers=JSON)
    assert response.status_code == 400
    assert response.json()["type"].endswith("/problems/malformed-json")


def test_nesting_is_counted_outside_of_strings() -> None:
    """Brackets within text are text; 32 levels are read and 33 are not."""
    assert parse_json(b'"' + b"[" * 100 + b'\\"["') == "[" * 100 + '"['
    levels = parse_json(b"[" * 32 + b"]" * 32)
    for _ in range(31):
        levels = levels[0]
    assert levels == []
    with pytest.raises(Problem) as refused:
        parse_json(b"[" * 33 + b"]" * 33)
    assert refused.value.detail_en == "Nested too deeply (limit 32)."


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html, application/*;q=0.5", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/json;q=0.000, text/html", 406),
    ],
)
async def test_a_caller_that_cannot_take_json_is_told_so(
    client: httpx.AsyncClient, accept: str, status: int
) -> None:
    """Rather than sent something it did not ask for."""
    response = await client.post("/v1/asked", json={"purpose": "x"}, headers={"accept": accept})
    assert response.status_code == status


_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)
_near_misses = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("purpose", "items", "year", "person", "other"), _values),
)


@cache
def _app() -> FastAPI:
    """Return one application for all examples; it keeps nothing between requests."""
    return Town().app()


@settings(max_examples=150, deadline=None)
@given(
    body=st.binary(max_size=200) | st.one_of(_values, _near_misses),
    path=st.sampled_from(["/v1/asked", "/v1/declared", "/oauth/token", "/v1/nothing"]),
    content_type=st.sampled_from(
        ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/a"]
    ),
)
async def test_no_body_brings_a_crash_or_an_answer_of_another_form(
    body: Any, path: str, content_type: str
) -> None:
    """Random bytes, random JSON and near misses end with 200 or with a problem below 500."""
    transport = httpx.ASGITransport(_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await http.post(path, content=content, headers={"content-type": content_type})
    if response.status_code != 200:
        assert response.status_code < 500
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"].startswith("https://gateway.town.test/problems/")
