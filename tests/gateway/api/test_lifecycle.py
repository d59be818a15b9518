"""API9: what is going away says so, ends on its day, and names what comes after."""

from __future__ import annotations

import datetime as dt
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from gateway.api.bodies import json_response
from gateway.api.lifecycle import LifecycleError, Line, read_lifecycle, version_of
from gateway.clock import TOKYO
from tests.doubles import StoppedClock
from tests.gateway.api.town import Town

BEFORE = dt.datetime(2027, 12, 31, 23, 59, 59, tzinfo=TOKYO)
SUNSET = dt.datetime(2028, 1, 1, tzinfo=TOKYO)
CATALOGUE = """
- operation: GET /v1/catalogue
  deprecated: 2027-01-01T00:00:00+09:00
  sunset: 2028-01-01T00:00:00+09:00
  successor: /v2/catalogue
  page: https://town.example/hitotsu/v2
"""
VERSION = """
- version: v1
  deprecated: 2027-01-01T00:00:00+09:00
  sunset: 2028-01-01T00:00:00+09:00
  successor: v2
"""


def second_version() -> APIRouter:
    """Return some operations of a second version, one of which the first one has as well."""
    router = APIRouter(prefix="/v2", tags=["catalogue"])

    async def answered(request: Request) -> Response:
        return json_response({"path": request.url.path})

    for path in ("/catalogue", "/catalogue/{group}", "/asked"):
        methods = ["POST"] if path == "/asked" else ["GET"]
        router.add_api_route(path, answered, methods=methods, summary="新しい版 / New")
    return router


def town_with(lines: str, now: dt.datetime = BEFORE) -> Town:
    """Return a town of two versions, of which ``lines`` say what is going away."""
    clock = StoppedClock(now.isoformat())
    return Town(routers=[second_version()], lifecycle=read_lifecycle(lines), clock=clock)


async def call(town: Town, method: str, path: str, **sent: Any) -> httpx.Response:
    """Return the answer to one call."""
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        return await http.request(method, path, **sent)


async def test_a_deprecated_operation_answers_and_says_until_when() -> None:
    """RFC 9745: a date of structured fields; RFC 8594: an HTTP-date; RFC 5829: what comes after."""
    answer = await call(town_with(CATALOGUE), "GET", "/v1/catalogue")
    assert answer.status_code == 200
    assert answer.headers["deprecation"] == "@1798729200"
    assert answer.headers["sunset"] == "Fri, 31 Dec 2027 15:00:00 GMT"
    assert answer.headers["link"] == (
        '<https://town.example/hitotsu/v2>; rel="deprecation"; type="text/html", '
        '<https://town.example/hitotsu/v2>; rel="sunset"; type="text/html", '
        '<https://gateway.town.test/v2/catalogue>; rel="successor-version"'
    )


async def test_refusals_and_heads_of_a_deprecated_operation_say_it_as_well() -> None:
    """Whoever only ever fails must hear of it too, also over the short way."""
    town = town_with(VERSION)
    for method, path, status in (
        ("HEAD", "/v1/catalogue", 200),
        ("GET", "/v1/catalogue?business=abc", 422),
        ("POST", "/v1/asked", 415),
        ("GET", "/v1/crashing", 500),
    ):
        answer = await call(town, method, path)
        assert (answer.status_code, answer.headers["deprecation"]) == (status, "@1798729200"), path
    large = await call(town, "POST", "/v1/asked", content=b"a" * 3_000)
    assert (large.status_code, "sunset" in large.headers) == (413, True)


async def test_others_say_nothing_of_an_end() -> None:
    """Neither those beside it, nor other methods of an address, nor what is not there."""
    town = town_with(CATALOGUE)
    for method, path in (
        ("GET", "/v1/catalogue/001.juminkihonjoho"),
        ("POST", "/v1/catalogue"),
        ("GET", "/v2/catalogue"),
        ("GET", "/health"),
        ("GET", "/v1/nothing"),
    ):
        answer = await call(town, method, path)
        assert not {"deprecation", "sunset", "link"} & set(answer.headers), path


async def test_from_its_sunset_on_an_operation_is_gone_and_names_what_comes_after() -> None:
    """410 as a problem, with the same headers; counted by its route like any other."""
    town = town_with(CATALOGUE, SUNSET)
    answer = await call(town, "GET", "/v1/catalogue", headers={"Accept-Language": "en"})
    said = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (410, "application/problem+json")
    assert said["type"] == "https://gateway.town.test/problems/operation-ended"
    assert said["successor"] == "https://gateway.town.test/v2/catalogue"
    assert said["sunset"] == "2028-01-01T00:00:00+09:00"
    assert said["detail"] == (
        "GET /v1/catalogue ended on 2028-01-01. Use https://gateway.town.test/v2/catalogue."
    )
    assert answer.headers["sunset"] == "Fri, 31 Dec 2027 15:00:00 GMT"
    labels = 'method="GET",route="/v1/catalogue",status="410"'
    assert f"hitotsu_http_requests_total{{{labels}}} 1.0" in town.metrics.render().decode()


@pytest.mark.parametrize("now", [BEFORE, SUNSET])
async def test_what_is_only_deprecated_goes_on(now: dt.datetime) -> None:
    """Without a sunset there is no end."""
    lines = "- {operation: GET /v1/catalogue, deprecated: 2027-01-01T00:00:00+09:00}"
    answer = await call(town_with(lines, now), "GET", "/v1/catalogue")
    assert (answer.status_code, "sunset" in answer.headers) == (200, False)
    assert answer.headers["link"] == (
        '<https://gateway.town.test/docs>; rel="deprecation"; type="text/html"'
    )


async def test_the_line_of_a_version_is_about_all_its_operations() -> None:
    """Each is led to its counterpart where there is one; what stood in the path is not repeated."""
    town = town_with(VERSION, SUNSET)
    group = await call(town, "GET", "/v1/catalogue/001.juminkihonjoho")
    assert group.status_code == 410
    assert group.json()["successor"] == "https://gateway.town.test/v2/catalogue/{group}"
    assert group.headers["link-template"] == (
        '"https://gateway.town.test/v2/catalogue/{group}"; rel="successor-version"'
    )
    alone = await call(town, "GET", "/v1/refused")
    assert (alone.status_code, "successor" in alone.json()) == (410, False)
    assert (await call(town, "POST", "/v2/asked")).status_code == 200


async def test_an_operation_s_own_line_counts_before_that_of_its_version() -> None:
    """It may end later than the others."""
    later = CATALOGUE.replace("2028-01-01", "2029-01-01")
    for lines in (VERSION + later, later + VERSION):
        town = town_with(lines, SUNSET)
        assert (await call(town, "GET", "/v1/catalogue")).status_code == 200
        assert (await call(town, "POST", "/v1/asked", json={})).status_code == 410


def test_the_description_marks_what_is_going_away() -> None:
    """``deprecated: true``, until when, what comes after, and that it can be gone."""
    paths = town_with(CATALOGUE).app().openapi()["paths"]
    marked = paths["/v1/catalogue"]["get"]
    assert marked["deprecated"] is True
    assert marked["x-lifecycle"] == {
        "deprecated": "2027-01-01T00:00:00+09:00",
        "sunset": "2028-01-01T00:00:00+09:00",
        "successor": "https://gateway.town.test/v2/catalogue",
        "page": "https://town.example/hitotsu/v2",
    }
    assert marked["description"].startswith(
        "**2027-01-01 から非推奨 / deprecated。2028-01-01 に終了 / ends。"
        "代わり / instead: https://gateway.town.test/v2/catalogue**"
    )
    examples = marked["responses"]["410"]["content"]["application/problem+json"]["examples"]
    assert list(examples) == ["operation-ended"]
    assert not any("deprecated" in o for p in paths.values() for o in p.values() if o is not marked)


AT = "deprecated: 2027-01-01T00:00:00+09:00"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            f"- {{operation: GET /v1/catalogue, {AT}, sunset: 2026-12-31T23:59:59+09:00}}",
            "sunset of GET /v1/catalogue lies before deprecated",
        ),
        (f"- {{operation: GET /v1/catalog, {AT}}}", "there is no operation of GET /v1/catalog"),
        (f"- {{operation: GET /docs, {AT}}}", "there is no operation of GET /docs"),
        (f"- {{version: v9, {AT}}}", "there is no operation of v9"),
        (
            f"- {{operation: GET /v1/catalogue, {AT}, successor: /v3/catalogue}}",
            "there is no /v3/catalogue",
        ),
        (f"- {{operation: GET /v1/catalogue, version: v1, {AT}}}", "an operation or a version"),
        (f"- {{{AT}}}", "an operation or a version"),
        (f"- {{version: v1, {AT}, successor: /v2/asked}}", "a version follows a version"),
        (f"- {{operation: GET /v1/catalogue, {AT}, successor: v2}}", "an address an operation"),
        ("- {version: v1, deprecated: 2027-01-01}", "deprecated"),
        (f"- {{version: v1, {AT}, sunsets: 1}}", "sunsets"),
        (f'- {{version: v1, {AT}, page: "https://a/\\r\\nX: y"}}', "page"),
        ("- {", "not YAML"),
    ],
)
def test_the_gateway_does_not_start_with_a_line_that_cannot_be(lines: str, said: str) -> None:
    """RFC 9745, 4: a sunset is not before the deprecation. And no line is misspelt."""
    with pytest.raises(LifecycleError) as refused:
        town_with(lines).app()
    assert said in refused.value.detail_en
    assert "lifecycle.yaml に誤りがあります" in refused.value.detail_ja


def test_sunset_at_the_moment_of_the_deprecation_is_allowed() -> None:
    """What must go at once."""
    at = dt.datetime(2027, 1, 1, tzinfo=TOKYO)
    assert Line(version="v1", deprecated=at, sunset=at).sunset == at


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v1/questions", "v1"),
        ("/v12/x/v3/y", "v12"),
        ("/linkage/{business}/app_submit/v10/{name}", "v10"),
        ("/oauth/token", "-"),
        ("/vault/x", "-"),
    ],
)
def test_the_version_of_an_operation_stands_in_its_path(path: str, version: str) -> None:
    """So that calls can be counted by it."""
    assert version_of(path) == version
