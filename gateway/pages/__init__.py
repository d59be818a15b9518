"""Pages for people: one layout, one style sheet, no inline style or script, nothing from outside.

Every page of the gateway is rendered here, so that all of them look alike and carry the same
content security policy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import jinja2
from fastapi import APIRouter, Request, Response

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)

ASSETS: Final[Mapping[str, tuple[str, str, str]]] = {
    "tokens.css": ("gateway.pages", "assets/tokens.css", "text/css"),
    "page.css": ("gateway.pages", "assets/page.css", "text/css"),
    "console.css": ("gateway.console", "assets/console.css", "text/css"),
    "adapters.js": ("gateway.console", "assets/adapters.js", "text/javascript"),
    "swagger-ui.css": ("gateway.api", "assets/swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": ("gateway.api", "assets/swagger-ui-bundle.js", "text/javascript"),
    "docs.css": ("gateway.api", "assets/docs.css", "text/css"),
    "docs.js": ("gateway.api", "assets/docs.js", "text/javascript"),
}
"""Served files by name: package, place in it, media type. Nothing else is served."""


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(f"gateway.{room}") for room in ("pages", "console", "api")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _asset(name: str) -> tuple[bytes, str]:
    """Return the content and the entity tag of a served file."""
    package, place, _ = ASSETS[name]
    content = resources.files(package).joinpath(place).read_bytes()
    return content, entity_tag(content)


def entity_tag(content: bytes) -> str:
    """Return a strong entity tag: equal for equal bytes only."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def render_page(template: str, **values: Any) -> Response:
    """Return a page made of a template of ``gateway.console`` or ``gateway.api``.

    Templates extend ``base.html``; every value is escaped.
    """
    return Response(
        _templates().get_template(template).render(**values),
        media_type="text/html",
        headers={
            "Content-Security-Policy": PAGE_POLICY,
            "Cross-Origin-Opener-Policy": "same-origin",
        },
    )


def with_entity_tag(
    request: Request, content: bytes, *, tag: str, media_type: str, cache_control: str
) -> Response:
    """Return ``content``, or 304 where the caller has it already.

    Source: RFC 9110, 13.1.2 (weak comparison).
    """
    headers = {"ETag": tag, "Cache-Control": cache_control}
    known = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    if tag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def asset_router() -> APIRouter:
    """Return the router of ``/assets/…``."""
    router = APIRouter(prefix="/assets", include_in_schema=False)
    for name, (_, _, media_type) in ASSETS.items():
        router.add_api_route(f"/{name}", _serve(name, media_type), methods=["GET"])
    return router


def _serve(name: str, media_type: str) -> Any:
    async def serve(request: Request) -> Response:
        content, tag = _asset(name)
        return with_entity_tag(
            request, content, tag=tag, media_type=media_type, cache_control="public, max-age=3600"
        )

    return serve
