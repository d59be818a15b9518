"""HTTP of flags that sources push."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import RIGHT_PROBLEMS, answer_to, called_with
from gateway.access.quotas import Lane
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.protection.pushes import FlagPushes
from gateway.protection.schemas import EXAMPLES, RECEIVED, FlagPush, FlagPushDocument


def flag_router(pushes: FlagPushes, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/protection/flags``."""
    router = APIRouter(prefix="/v1/protection", tags=["protection"])

    @router.post(
        "/flags",
        summary="支援措置をすぐに知らせる / Push protective measures",
        description=(
            "支援措置を持つシステムが、登録・延長・転出・終了を、その場で知らせる。次の照会から効く。"
            "**終了の知らせで保護が終わることはない**（職員二人の確認を待つ）。専用の許可"
            "（right:push-protection-flags）が要る。定期的な読み取りの代わりにはならない。\n\n"
            "*Counts from the next question on. A push protects and prolongs; it never ends a "
            "measure. The list of the source is read as before.*"
        ),
        openapi_extra={**SECURED, **json_request(FlagPush, EXAMPLES)},
        responses={
            200: {
                "model": FlagPushDocument,
                "description": "受け付けた / received",
                "content": {"application/json": {"example": RECEIVED}},
            },
            **problem_responses(*RIGHT_PROBLEMS, "flag-push-out-of-order"),
        },
    )
    async def push(request: Request) -> Response:
        who, caller, told = await called_with(request, access, pushes, FlagPush, lane=Lane.PROTECT)
        return answer_to(access, (await pushes.take(who, told, caller)).model_dump())

    return router
