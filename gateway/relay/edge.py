"""The edge: takes requests from outside, and hands them to the core that asks for them."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.contract import EventLog
from gateway.api.application import ApiOptions
from gateway.api.drain import Drain, DrainingServer
from gateway.api.edge import Edge
from gateway.api.limits import Limits
from gateway.api.operation import METRICS_TYPE
from gateway.api.problems import ProblemRenderer
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.relay.desk import Desk
from gateway.relay.frames import (
    MEDIA_TYPE,
    BadFrame,
    Forwarded,
    end_to_end,
    is_public,
    read_answer,
    request_frame,
)

WAIT_S: Final = 20.0
"""How long the core's question for a request is left open."""
MAX_ANSWER_BYTES: Final = 67_108_864
_ANSWERS: Final = re.compile(r"/answers/([0-9a-f]{32})")


def edge_app(
    options: ApiOptions, desk: Desk, drain: Drain, *, log: EventLog, metrics: Metrics
) -> ASGIApp:
    """Return the side that consumers see: limits, traces and problems are those of the core."""
    return Edge(
        Limits(
            _Outside(desk, metrics),
            max_body_bytes=options.max_body_bytes,
            body_timeout_s=options.body_timeout_s,
        ),
        renderer=ProblemRenderer(options.public_url),
        log=log,
        metrics=metrics,
        secure=options.public_url.startswith("https://"),
        proxies=options.proxies,
        drain=drain,
    )


class _Outside:
    """Passes public requests on; says itself that it lives, and whether there is a core."""

    def __init__(self, desk: Desk, metrics: Metrics) -> None:
        self._desk = desk
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        scope = request.scope
        if scope["path"] == "/health":
            return JSONResponse({"status": "alive"})
        if scope["path"] == "/metrics":
            return Response(self._metrics.render(), media_type=METRICS_TYPE)
        if scope["path"] == "/ready" and self._desk.attended:
            return JSONResponse({"status": "ready", "checks": []})
        if scope["path"] == "/ready":
            raise Problem("core-unreachable", headers={"Retry-After": "5"})
        if not is_public(scope["path"]):
            raise Problem("not-found")
        answer = await self._desk.ask(await _forwarded(request))
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (b"content-length", str(len(answer.body)).encode()),
            *end_to_end(answer.headers),
        ]
        return response


async def _forwarded(request: Request) -> Forwarded:
    scope = request.scope
    # The core goes on with the trace that this answer will name.
    traced = scope["state"]["traceparent"].encode()
    headers = [(n, v) for n, v in end_to_end(scope["headers"]) if n != b"traceparent"]
    body = await request.body()
    client = scope.get("client") or ("", 0)
    return Forwarded(
        ticket="",
        method=scope["method"],
        path=scope.get("raw_path") or scope["path"].encode(),
        query=scope["query_string"],
        client=(str(client[0]), int(client[1])),
        headers=[
            *headers,
            (b"traceparent", traced),
            (b"content-length", str(len(body)).encode()),
        ],
        body=body,
    )


def link_app(desk: Desk) -> ASGIApp:
    """Return the side that the core alone can reach."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        response = await _serve_core(desk, request)
        await response(scope, receive, send)

    return app


async def _serve_core(desk: Desk, request: Request) -> Response:
    path = request.url.path
    if request.method != "POST":
        return Response(status_code=405)
    if path == "/pull":
        found = await _taken(desk, request)
        if found is None:
            return Response(status_code=204)
        return Response(request_frame(found), media_type=MEDIA_TYPE)
    answered = _ANSWERS.fullmatch(path)
    if answered is None:
        return Response(status_code=404)
    try:
        taken = desk.give(answered[1], read_answer(await _bounded(request)))
    except BadFrame:
        return Response(status_code=400)
    return Response(status_code=204 if taken else 410)


async def _taken(desk: Desk, request: Request) -> Forwarded | None:
    """Return the next request for a core that waits here, None if none comes or the core goes.

    A core that has gone must take nothing: it would be lost, and nobody would say so.
    """
    taking = asyncio.create_task(desk.take(WAIT_S))
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((taking, leaving), return_when=asyncio.FIRST_COMPLETED)
        found = taking.result() if taking.done() else None
        if found is not None and leaving.done():
            desk.take_back(found)
            return None
        return found
    finally:
        taking.cancel()
        leaving.cancel()
        await asyncio.gather(taking, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    """Return when nobody is at the other end any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _bounded(request: Request) -> bytes:
    """Return the body.

    Raises:
        BadFrame: it is larger than any answer.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise BadFrame
        chunks.append(chunk)
    return b"".join(chunks)


class EdgeServer(DrainingServer):
    """Serves consumers, and beside them the core on a port of its own."""

    def __init__(
        self,
        config: uvicorn.Config,
        drain: Drain,
        *,
        notice_s: float,
        desk: Desk,
        link_listener: socket.socket,
        context: ssl.SSLContext,
    ) -> None:
        super().__init__(config, drain, notice_s=notice_s)
        self._link_listener = link_listener
        self._desk = desk
        link_config = uvicorn.Config(
            link_app(desk),
            ws="none",
            lifespan="off",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        link_config.load()
        link_config.ssl = context
        self._link = uvicorn.Server(link_config)
        self._link.lifespan = link_config.lifespan_class(link_config)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the core in first."""
        await self._link.startup([self._link_listener])
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for the answers to what is at the desk, then let the core go."""
        await super().shutdown(sockets)
        self._desk.close()
        await self._link.shutdown([self._link_listener])
