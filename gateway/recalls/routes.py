"""HTTP of events."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, who_calls
from gateway.access.quotas import Lane
from gateway.api.openapi import SECURED, problem_responses
from gateway.recalls.feed import EventFeed
from gateway.recalls.schemas import (
    EXAMPLE,
    EXAMPLE_ID,
    MAX_PAGE,
    USUAL_PAGE,
    AcknowledgedDocument,
    EventsDocument,
)

_USUAL: Final = ("login-other-subject", "audit-unavailable", "proof-invalid", "proof-nonce-needed")


def event_router(feed: EventFeed, access: AccessService) -> APIRouter:
    """Return the router of ``/v1/events``."""
    router = APIRouter(prefix="/v1/events", tags=["events"])

    @router.get(
        "",
        summary="お知らせを受け取る / Read events",
        description=(
            "この連携先が受け取った住所類のうち、もう持っていてはならないものを知らせる。理由は告げない。"
            "少なくとも一分に一度、前回の next を cursor に入れて聞く。何度でも読み直せる。\n\n"
            "*What this consumer was given and must not keep; never why. Ask once a minute at "
            "least; events can be read again.*"
        ),
        openapi_extra=dict(SECURED),
        responses={
            200: {
                "model": EventsDocument,
                "description": "古い順の一頁 / a page, oldest first",
                "content": {"application/json": {"example": EXAMPLE}},
            },
            **problem_responses("cursor-invalid", *_USUAL),
        },
    )
    async def events(
        request: Request,
        cursor: Annotated[
            str | None, Query(max_length=200, description="前回の next / next of the last page")
        ] = None,
        limit: Annotated[
            int, Query(ge=1, le=MAX_PAGE, description="一頁の件数 / events of a page")
        ] = USUAL_PAGE,
    ) -> Response:
        who, caller = await who_calls(request, access, Lane.PROTECT)
        page = await feed.read(who, cursor, limit, caller)
        return answer_to(access, page.model_dump())

    @router.post(
        "/{event_id}/acknowledge",
        summary="お知らせに従ったことを返す / Acknowledge an event",
        description=(
            "消し終えてから呼ぶ。何度呼んでもよい。返事がないと担当者に知らされる。\n\n"
            "*Call it when you have erased; without it the officer on duty is called.*"
        ),
        openapi_extra=dict(SECURED),
        responses={
            200: {
                "model": AcknowledgedDocument,
                "description": "受け付けた / noted",
                "content": {"application/json": {"example": {"event_id": EXAMPLE_ID}}},
            },
            **problem_responses("unknown-event", *_USUAL),
        },
    )
    async def acknowledge(
        request: Request,
        event_id: Annotated[
            str, Path(max_length=200, description="お知らせの番号 / id of the event")
        ],
    ) -> Response:
        who, caller = await who_calls(request, access, Lane.PROTECT)
        return answer_to(access, (await feed.acknowledge(who, event_id, caller)).model_dump())

    return router
