"""A gateway that is asked to end: what was begun is answered, what comes then is sent elsewhere."""

from __future__ import annotations

import asyncio
import io
import socket

import httpx
import uvicorn
from fastapi import APIRouter

from gateway.api.application import ApiOptions, build_api
from gateway.api.drain import Drain, DrainingServer
from gateway.logs import open_log
from gateway.metrics import Metrics

URL = "https://hitotsu.example.jp"


async def test_what_was_begun_is_answered_and_what_comes_then_is_sent_elsewhere() -> None:
    """503 with Retry-After and an end of the connection; health and figures are told to the end."""
    begun, released = asyncio.Event(), asyncio.Event()
    router = APIRouter()

    @router.get("/slow")
    async def slow() -> dict[str, str]:
        begun.set()
        await released.wait()
        return {"said": "whole"}

    options = ApiOptions(public_url=URL, version="1")
    app = build_api(
        options, routers=[router], log=open_log("error", io.StringIO()), metrics=Metrics()
    )
    drain: Drain = app.state.drain
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        first = asyncio.create_task(client.get("/slow"))
        await begun.wait()
        drain.begin()
        ended = asyncio.create_task(drain.ended())
        for path in ("/slow", "/ready", "/openapi.json"):
            late = await client.get(path)
            assert late.status_code == 503
            assert late.json()["type"] == f"{URL}/problems/shutting-down"
            assert (late.headers["retry-after"], late.headers["connection"]) == ("5", "close")
        for path in ("/health", "/metrics"):
            assert (await client.get(path)).status_code == 200
        assert not ended.done()
        released.set()
        answer = await first
        await ended
    assert (answer.status_code, answer.json()) == (200, {"said": "whole"})


async def test_nothing_begun_is_nothing_to_wait_for() -> None:
    """Also when a request failed."""
    drain = Drain()
    drain.begin()
    await drain.ended()


async def test_a_balancer_has_time_to_notice() -> None:
    """Asked to end with nothing to do, the gateway still listens and sends elsewhere."""
    options = ApiOptions(public_url=URL, version="1")
    app = build_api(options, routers=[], log=open_log("error", io.StringIO()), metrics=Metrics())
    config = uvicorn.Config(app, lifespan="off", log_config=None)
    server = DrainingServer(config, app.state.drain, notice_s=60)
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server._serve([listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/openapi.json"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url)).status_code == 200
        server.should_exit = True
        async with asyncio.timeout(10):
            while (answer := await client.get(url)).status_code == 200:
                pass
        assert answer.status_code == 503
        assert not serving.done()
        server.force_exit = True
        await serving
