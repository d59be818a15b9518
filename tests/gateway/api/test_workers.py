"""A worker says that it serves; without its supervisor it ends; it retires without a refusal."""

from __future__ import annotations

import asyncio
import os
import socket

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from gateway.api.drain import Drain
from gateway.api.workers import WorkerServer


async def answer_slowly(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer after a moment."""
    assert scope["type"] == "http"
    await asyncio.sleep(0.1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})


async def served(server: uvicorn.Server, listener: socket.socket) -> asyncio.Task[None]:
    """Serve; return when connections are taken."""
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    return task


@pytest.fixture
def config() -> uvicorn.Config:
    return uvicorn.Config(answer_slowly, lifespan="off", log_config=None)


async def test_a_worker_says_that_it_serves(config: uvicorn.Config) -> None:
    """Once it does."""
    said = asyncio.Event()
    server = WorkerServer(config, Drain(), notice_s=0, said=said.set, supervisor=os.getppid())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = await served(server, listener)
        await said.wait()
        server.should_exit = True
        await serving


async def test_a_worker_whose_supervisor_is_gone_ends(config: uvicorn.Config) -> None:
    """Also where it went before the worker had begun to serve."""
    server = WorkerServer(config, Drain(), notice_s=0, said=lambda: None, supervisor=-1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        await (await served(server, listener))


async def test_a_worker_that_retires_answers_what_was_begun(config: uvicorn.Config) -> None:
    """It refuses nothing: whoever comes now is taken by another one."""
    drain = Drain()
    server = WorkerServer(config, drain, notice_s=0.05, said=lambda: None, supervisor=os.getppid())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = await served(server, listener)
        async with httpx.AsyncClient(trust_env=False) as client:
            begun = asyncio.create_task(client.get(url))
            while not server.server_state.total_requests:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
            server.retire()
            answer = await begun
        await serving
    assert (answer.status_code, answer.text) == (200, "whole")
    with drain.admitted("/v1/x"):
        await asyncio.sleep(0)
