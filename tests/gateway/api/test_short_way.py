"""The short way to operations that take the request alone: nobody can tell it from the long one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import APIRouter, Request, Response

from gateway.api.application import ApiOptions, build_api
from gateway.api.bodies import json_response
from gateway.api.swift import Application
from gateway.metrics import Metrics
from gateway.problems import Problem
from tests.doubles import RecordingLog

Endpoint = Callable[[Request], Awaitable[Response]]
PASSING = {"date", "x-trace-id", "content-length"}


async def answers(_request: Request) -> Response:
    """Answer."""
    return json_response({"ok": True})


async def refuses(_request: Request) -> Response:
    """Refuse."""
    raise Problem("unknown-subject")


async def crashes(_request: Request) -> Response:
    """Fail in a way that nobody foresaw."""
    raise RuntimeError("canary-4711")


async def is_turned_away(_request: Request) -> Response:
    """Fail in a way that the application has an answer to."""
    raise LookupError


async def reads(request: Request) -> Response:
    """Read the whole body."""
    return json_response({"size": len(await request.body())})


def application(endpoint: Endpoint, log: RecordingLog) -> Application:
    """Return an application with the endpoint at ``/short``, and at a path that is not short."""
    router = APIRouter()
    router.post("/short")(endpoint)
    router.post("/long/{part}")(endpoint)
    app = build_api(
        ApiOptions("https://gateway.test", "1", max_body_bytes=1_000),
        routers=[router],
        log=log,
        metrics=Metrics(),
    )

    async def turn_away(_request: Request, _error: Exception) -> Response:
        return json_response({"away": True}, 503)

    app.add_exception_handler(LookupError, turn_away)
    assert isinstance(app, Application)
    return app


@pytest.mark.parametrize("endpoint", [answers, refuses, crashes, is_turned_away, reads])
@pytest.mark.parametrize("body", [b"[]", b" " * 1_001], ids=["small", "too large"])
async def test_both_ways_answer_alike(
    endpoint: Endpoint, body: bytes, event_log: RecordingLog
) -> None:
    """Status, headers, body and line of the log; only the route is another."""
    app = application(endpoint, event_log)
    assert ("POST", "/short") in app.door
    assert ("POST", "/long/x") not in app.door
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        short = await client.post("/short", content=body)
        long = await client.post("/long/x", content=body)
    assert short.status_code == long.status_code
    assert _lasting(short) == _lasting(long)
    assert "canary" not in short.text
    lines = [fields for _, event, fields in event_log.lines if event == "request"]
    reached = len(body) < 1_000
    assert [line["route"] for line in lines] == (
        ["/short", "/long/{part}"] if reached else ["(unmatched)"] * 2
    )
    assert lines[0].get("problem") == lines[1].get("problem")


async def test_other_methods_go_the_long_way(event_log: RecordingLog) -> None:
    """What is not allowed there is told by the framework."""
    transport = httpx.ASGITransport(application(answers, event_log))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        refused = await client.get("/short")
    assert refused.status_code == 405
    assert refused.headers["allow"] == "POST"


def _lasting(response: httpx.Response) -> tuple[object, object]:
    headers = {n: v for n, v in response.headers.items() if n not in PASSING}
    document = response.json()
    return headers, {n: v for n, v in document.items() if n not in {"instance", "trace_id"}}
