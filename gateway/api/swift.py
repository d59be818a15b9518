"""The short way to operations that take the request alone, whose path holds no parameters.

FastAPI describes them like all others; when they are called, there is nothing for it to do.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.admission import Door

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Application(FastAPI):
    """FastAPI with a short way."""

    short_way: ASGIApp
    """What answers the operations of ``swift``, with all that stands around every operation."""
    swift: frozenset[tuple[str, str]] = frozenset()
    """Methods and paths."""
    door: Door
    """It stands before these operations and others that cost much."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        operation = (scope["method"], scope["path"]) if scope["type"] == "http" else ("", "")
        if operation not in self.door:
            await super().__call__(scope, receive, send)
            return
        if self.door.is_shut(operation):
            await self.door.turn_away(scope, send)
            return
        scope["app"] = self
        with self.door.admission.working():
            way = self.short_way if operation in self.swift else super().__call__
            await way(scope, receive, send)


class Swift:
    """Calls the endpoint that belongs to a request."""

    def __init__(self, app: FastAPI, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._routes = {
            (method, route.path): route
            for router in routers
            for route in router.routes
            if isinstance(route, APIRoute) and _takes_the_request_alone(route)
            for method in route.methods or ()
        }

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """Return the methods and paths that are answered here."""
        return frozenset(self._routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. What the endpoint raises is for whoever stands around this."""
        route = scope["route"] = self._routes[scope["method"], scope["path"]]
        request = Request(scope, receive, send)
        endpoint: Endpoint = route.endpoint
        try:
            response = await endpoint(request)
        except Exception as error:
            handler = self._handler(error)
            if handler is None:
                raise
            response = await handler(request, error)
        await response(scope, receive, send)

    def _handler(self, error: Exception) -> Callable[[Request, Exception], Any] | None:
        handlers = self._app.exception_handlers
        return next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)


def _takes_the_request_alone(route: APIRoute) -> bool:
    annotations = [p.annotation for p in inspect.signature(route.endpoint).parameters.values()]
    return (
        annotations in ([Request], [Request.__name__])
        and inspect.iscoroutinefunction(route.endpoint)
        and "{" not in route.path
        and route.response_model is None
        and not route.dependencies
    )
