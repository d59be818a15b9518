"""Puts the service together: pages, files, headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.online_service.config import Config
from examples.online_service.demo_panel import DemoPanel
from examples.online_service.gateway_client import GatewayClient, Registration
from examples.online_service.pages import Pages, load_templates, problem_page
from examples.online_service.records import Records

_POLICY: Final = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEADERS: Final = (
    (
        b"content-security-policy",
        _POLICY,
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


class SecurityHeaders:
    """Adds the headers of every page; nothing personal is ever kept by a browser or proxy."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(scope, message)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)

    def _add(self, scope: Scope, message: MutableMapping[str, Any]) -> None:
        is_asset = str(scope["path"]).startswith("/assets/")
        caching = b"max-age=3600" if is_asset else b"no-store"
        message["headers"] = [
            *message["headers"],
            *_HEADERS,
            (b"cache-control", caching),
        ]


def create_app(
    config: Config,
    *,
    gateway_http: httpx.AsyncClient | None = None,
    demo_http: httpx.AsyncClient | None = None,
) -> Starlette:
    """Return the online service; clients given are used as they are and left open."""
    key = ECKey.import_key(orjson.loads(config.key_file.read_bytes()))
    to_gateway = gateway_http or httpx.AsyncClient(timeout=config.answer_timeout_s)
    to_demo = demo_http or httpx.AsyncClient()
    records = Records(config.records_file)
    registration = Registration(
        config.gateway_url, config.client_id, config.municipality, config.purpose
    )
    templates = load_templates()
    pages = Pages(
        config,
        records,
        GatewayClient(registration, key, to_gateway),
        DemoPanel(config.demo, to_demo) if config.demo else None,
        templates,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        if gateway_http is None:
            await to_gateway.aclose()
        if demo_http is None:
            await to_demo.aclose()
        records.close()

    async def on_http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return problem_page(templates, request, status)

    assets = Mount("/assets", StaticFiles(directory=Path(__file__).parent / "assets"))
    app = Starlette(
        routes=[*pages.routes(), assets],
        lifespan=lifespan,
        exception_handlers={HTTPException: on_http_error, 500: on_http_error},
    )
    app.state.records = records
    app.add_middleware(SecurityHeaders)
    return app
