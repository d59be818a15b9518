"""An application with the routes of a small town, as the rooms of the gateway would mount them."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp

from adapters.contract import Clock
from gateway.api.admission import Admission
from gateway.api.application import ApiOptions, build_api
from gateway.api.bodies import json_body, json_response
from gateway.api.catalogue import Catalogue, Supplier, catalogue_router
from gateway.api.drain import Drain, DrainingServer
from gateway.api.edge import Counted, count_nothing, note
from gateway.api.lifecycle import Line
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.api.operation import ReadinessCheck
from gateway.api.proxies import Proxies
from gateway.api.server import server_config
from gateway.clock import SystemClock
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.problems import Problem
from standard_models.builtin import load_builtin

PUBLIC_URL = "https://gateway.town.test"
MAX_BODY_BYTES = 2_000
CANARY = "987654321098"
"""Shaped like an individual number; must come back nowhere."""


class Person(BaseModel):
    """Somebody within the body."""

    model_config = ConfigDict(extra="forbid")

    handle: str = Field(max_length=20)


class Asked(BaseModel):
    """A body with the usual ways of being wrong."""

    model_config = ConfigDict(extra="forbid")

    purpose: str = Field(min_length=1, max_length=10)
    items: tuple[str, ...] = Field(default=(), max_length=3)
    year: int = Field(default=2026, ge=1900, le=2100)
    person: Person | None = None


EXAMPLES = {"plain": {"summary": "ひとつの例", "value": {"purpose": "kosodate", "items": ["a"]}}}


class TownSuppliers:
    """One system supplies the resident group."""

    async def by_group(self) -> Mapping[str, Sequence[Supplier]]:
        """Return it."""
        return {
            "001.juminkihonjoho": [Supplier("999997", "reference-resident", "住民記録システム")]
        }


def town_router() -> APIRouter:
    """Return routes that answer, refuse, crash and break off."""
    router = APIRouter(tags=["questions"])

    @router.post(
        "/v1/asked",
        summary="聞く / Ask",
        openapi_extra={**json_request(Asked, EXAMPLES), **SECURED},
        responses=problem_responses("unknown-item"),
    )
    async def asked(request: Request) -> Response:
        body = await json_body(request, Asked)
        note(request, client_id="kosodate-portal", outcome="complete")
        return json_response({"items": len(body.items)})

    @router.post("/v1/declared", summary="宣言 / Declared")
    async def declared(body: Asked) -> Response:
        return json_response({"items": len(body.items)})

    @router.post("/oauth/token", summary="トークン / Token")
    async def token(grant_type: Annotated[str, Form(max_length=20)]) -> Response:
        return json_response({"length": len(grant_type)})

    @router.get("/v1/refused", summary="断る / Refuse", responses=problem_responses("overloaded"))
    async def refused() -> Response:
        raise Problem(
            "overloaded",
            "いま八件を処理しています。",
            "Eight are being answered.",
            headers={"Retry-After": "7"},
            extensions={"waiting": 8, "type": "not this one"},
        )

    @router.get("/v1/crashing", summary="壊れる / Crash")
    async def crashing() -> Response:
        raise ValueError(f"name of a person {CANARY}")

    @router.get("/v1/breaking-off", summary="途切れる / Break off")
    async def breaking_off() -> Response:
        async def body() -> Any:
            yield b"first"
            raise ValueError(CANARY)

        return StreamingResponse(body())

    @router.put("/v1/refused", summary="置く / Put")
    async def put() -> Response:
        return json_response({})

    return router


@dataclass
class Town:
    """The application with what it writes."""

    log: io.StringIO = field(default_factory=io.StringIO)
    metrics: Metrics = field(default_factory=Metrics)
    readiness: Sequence[ReadinessCheck] = ()
    body_timeout_s: float = 30.0
    public_url: str = PUBLIC_URL
    routers: Sequence[APIRouter] = ()
    proxies: Proxies = field(default_factory=Proxies)
    admission: Admission = field(default_factory=Admission)
    lifecycle: Sequence[Line] = ()
    clock: Clock = field(default_factory=SystemClock)
    on_call: Counted = count_nothing

    def app(self) -> FastAPI:
        """Return the application."""
        return build_api(
            ApiOptions(
                self.public_url,
                "1.2.3",
                max_body_bytes=MAX_BODY_BYTES,
                body_timeout_s=self.body_timeout_s,
                proxies=self.proxies,
                admission=self.admission,
                lifecycle=self.lifecycle,
                clock=self.clock,
                on_call=self.on_call,
            ),
            routers=[
                town_router(),
                catalogue_router(Catalogue(load_builtin(), TownSuppliers())),
                *self.routers,
            ],
            log=open_log("info", self.log),
            metrics=self.metrics,
            readiness=self.readiness,
        )


@contextmanager
def served(app: ASGIApp, *, head_timeout_s: float = 30.0) -> Iterator[tuple[str, int]]:
    """Serve ``app`` on a free loopback port, as in production; yield host and port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = server_config(
            app, public_url=PUBLIC_URL, head_timeout_s=head_timeout_s, log_level="critical"
        )
        drain = app.state.drain if isinstance(app, FastAPI) else Drain()
        server = DrainingServer(config, drain, notice_s=0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        listener.listen()
        thread.start()
        try:
            yield "127.0.0.1", listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()
