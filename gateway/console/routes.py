"""HTTP of the staff pages."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from adapters.contract import Clock
from gateway.console.schemas import AdapterStates
from gateway.console.service import arrange
from gateway.pages import render_page


def console_router(states: AdapterStates, clock: Clock) -> APIRouter:
    """Return the router of ``GET /console/adapters``, the state page.

    The page has no login: mount it only where the setting ``state_page`` is on.
    """
    router = APIRouter(prefix="/console", include_in_schema=False)

    @router.get("/adapters")
    async def adapters(request: Request) -> Response:
        page = arrange(await states.adapter_states(), clock.now())
        root = request.scope.get("root_path", "").rstrip("/")
        return render_page("adapters.html", page=page, root=root)

    return router
