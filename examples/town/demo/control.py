"""The control interface of the demonstration: stops and starts the legacy systems for real.

It listens on the loopback interface and asks for a token that is new at every start. It belongs
to the demonstration alone; no product has such an interface.
"""

from __future__ import annotations

import asyncio
import hmac
from http import HTTPStatus
from typing import Final, Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

ACTIONS: Final = ("stop", "start", "night", "day")


class Systems(Protocol):
    """What the control interface acts on."""

    def states(self) -> dict[str, str]:
        """Return running, stopped or night by the name of the system."""
        ...

    async def act(self, name: str, action: str) -> bool:
        """Carry the action out; False if the system has no such action."""
        ...


def create_control(systems: Systems, token: str) -> Starlette:
    """Return the control interface."""
    one_at_a_time = asyncio.Lock()

    def allowed(request: Request) -> bool:
        sent = request.headers.get("authorization", "")
        return hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())

    async def show(request: Request) -> Response:
        if not allowed(request):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        return JSONResponse(systems.states())

    async def act(request: Request) -> Response:
        if not allowed(request):
            return Response(status_code=HTTPStatus.UNAUTHORIZED)
        name, action = request.path_params["name"], request.path_params["action"]
        if name not in systems.states() or action not in ACTIONS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        async with one_at_a_time:
            done = await systems.act(name, action)
        status = HTTPStatus.OK if done else HTTPStatus.CONFLICT
        return JSONResponse(systems.states(), status)

    return Starlette(
        routes=[
            Route("/systems", show, methods=["GET"]),
            Route("/systems/{name}/{action}", act, methods=["POST"]),
        ]
    )
