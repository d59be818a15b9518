"""Put the HTTP of all rooms together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.types import Lifespan

from adapters.contract import Clock, EventLog
from gateway.api.admission import Admission, Door
from gateway.api.documentation import documentation_router
from gateway.api.drain import Drain
from gateway.api.edge import HEADERS, INSIST, Counted, Edge, count_nothing
from gateway.api.lifecycle import Lifecycle, Line
from gateway.api.limits import BODY_TIMEOUT_S, Limits
from gateway.api.openapi import TAGS, Tag, install_openapi
from gateway.api.operation import ReadinessCheck, operation_router
from gateway.api.problems import ProblemRenderer, install_problem_handlers
from gateway.api.proxies import Proxies
from gateway.api.swift import Application, Swift
from gateway.clock import SystemClock
from gateway.metrics import Metrics
from gateway.pages import asset_router
from gateway.telemetry import NO_TRACING, Tracing

DESCRIPTION = (
    "住民記録・税務・福祉の各システムに一度で照会し、標準のデータ項目で回答を受け取る。"
    "値がない項目には、必ずその理由が付く。\n\n"
    "*Ask the town's systems once and receive standard items; what has no value has a reason.*"
)


QUESTIONS = frozenset({("POST", "/v1/questions"), ("POST", "/v1/explain")})
TOKEN = ("POST", "/oauth/token")
"""Costs as much as a question, and is asked for by everybody at a time after an interruption."""


@dataclass(frozen=True, slots=True)
class ApiOptions:
    """What the HTTP side needs to know.

    ``public_url`` is the URL of the gateway as consumers see it, without a final slash: the base
    of ``type`` URIs and of the token endpoint. ``max_body_bytes`` bounds every request body.
    ``admission`` knows whether there is time for another call. ``lifecycle`` says what is going
    away, ``clock`` what has gone. ``on_call`` is told of every call of a known consumer.
    """

    public_url: str
    version: str
    title: str = "Hitotsu"
    max_body_bytes: int = 262_144
    body_timeout_s: float = BODY_TIMEOUT_S
    proxies: Proxies = field(default_factory=Proxies)
    admission: Admission = field(default_factory=Admission)
    lifecycle: Sequence[Line] = ()
    clock: Clock = field(default_factory=SystemClock)
    on_call: Counted = count_nothing


def build_api(
    options: ApiOptions,
    *,
    routers: Sequence[APIRouter],
    log: EventLog,
    metrics: Metrics,
    readiness: Sequence[ReadinessCheck] = (),
    extra_tags: Sequence[Tag] = (),
    lifespan: Lifespan[FastAPI] | None = None,
    tracing: Tracing = NO_TRACING,
) -> FastAPI:
    """Return the ASGI application that serves ``routers`` and what every installation has.

    That is ``/health``, ``/ready``, ``/metrics``, ``/openapi.json``, ``/docs``, ``/problems`` and
    ``/assets``. A router need not care for problems, traces, limits, logs or headers: it raises
    ``Problem``, and reads and writes bodies with ``gateway.api.bodies``.

    Raises:
        LifecycleError: something is going away that is not there.
    """
    app = Application(
        title=options.title,
        version=options.version,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    drain = app.state.drain = Drain()
    renderer = ProblemRenderer(options.public_url)
    install_problem_handlers(app, renderer)
    mounted = (
        *routers,
        operation_router(readiness, metrics),
        # Asked late, so that a later change of ``app.openapi`` is seen.
        documentation_router(lambda: app.openapi()),  # noqa: PLW0108
        asset_router(),
    )
    for router in mounted:
        app.include_router(router)
    routes = (route for router in mounted for route in router.routes)
    going = Lifecycle(options.lifecycle, routes, options.public_url, options.clock)
    install_openapi(
        app,
        renderer,
        token_url=f"{options.public_url}/oauth/token",
        tags=(*TAGS, *extra_tags),
        endings=going.endings,
    )
    limits: dict[str, Any] = {
        "max_body_bytes": options.max_body_bytes,
        "body_timeout_s": options.body_timeout_s,
    }
    edge: dict[str, Any] = {
        "renderer": renderer,
        "log": log,
        "metrics": metrics,
        "secure": options.public_url.startswith("https://"),
        "proxies": options.proxies,
        "drain": drain,
        "tracing": tracing,
        "lifecycle": going,
        "on_call": options.on_call,
    }
    # The last one added is the outermost.
    app.add_middleware(Limits, **limits)
    app.add_middleware(Edge, **edge)
    swift = Swift(app, routers)
    app.swift, app.short_way = swift.operations, Edge(Limits(swift, **limits), **edge)
    app.door = Door(
        options.admission,
        renderer,
        log,
        metrics,
        operations=swift.operations | {TOKEN},
        questions=QUESTIONS,
        headers=(*HEADERS, INSIST) if edge["secure"] else HEADERS,
        body_timeout_s=options.body_timeout_s,
    )
    return app
