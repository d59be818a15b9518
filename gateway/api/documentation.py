"""The pages that explain the API: its description, and one page for each kind of problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gateway.pages import entity_tag, render_page, with_entity_tag
from gateway.problems import PROBLEM_TYPES, Problem


def documentation_router(describe: Callable[[], Mapping[str, Any]]) -> APIRouter:
    """Return the router of ``/openapi.json``, ``/docs`` and ``/problems``.

    ``describe`` returns the OpenAPI document; it is asked once, at the first request.
    """
    router = APIRouter(include_in_schema=False)

    @cache
    def description() -> tuple[bytes, str]:
        content = orjson.dumps(describe())
        return content, entity_tag(content)

    @router.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        content, tag = description()
        return with_entity_tag(
            request,
            content,
            tag=tag,
            media_type="application/json",
            cache_control="public, max-age=300",
        )

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        return render_page("docs.html", root=root_of(request))

    @router.get("/problems")
    async def problems(request: Request) -> Response:
        kinds = sorted(PROBLEM_TYPES.values(), key=lambda kind: (kind.status, kind.slug))
        return render_page("problems.html", kinds=kinds, root=root_of(request))

    @router.get("/problems/{slug}")
    async def problem(slug: str, request: Request) -> Response:
        kind = PROBLEM_TYPES.get(slug)
        if kind is None:
            raise Problem("not-found")
        return render_page("problem.html", kind=kind, root=root_of(request))

    return router


def root_of(request: Request) -> str:
    """Return the path under which a proxy shows the gateway, without a final slash."""
    root: str = request.scope.get("root_path", "")
    return root.rstrip("/")
