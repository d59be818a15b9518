"""HTTP of representations."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, who_calls
from gateway.api.openapi import SECURED, problem_responses
from gateway.representations.schemas import EXAMPLE, RepresentationsDocument
from gateway.representations.service import RepresentationList


def representation_router(service: RepresentationList, access: AccessService) -> APIRouter:
    """Return the router of ``GET /v1/representations``."""
    router = APIRouter(prefix="/v1", tags=["representations"])

    @router.get(
        "/representations",
        summary="だれを代理できるか / For whom the citizen may act",
        description=(
            "ログインした本人が、このトークンの利用目的で代理できる人のハンドルと、代理の種類を返す。"
            "返ったハンドルは、そのまま照会などの対象者に使える。代理できない理由は告げない。\n\n"
            "*Handles of everybody for whom the citizen who has logged in may act, for the purpose "
            "of this token; never why somebody is not among them.*"
        ),
        openapi_extra=dict(SECURED),
        responses={
            200: {
                "model": RepresentationsDocument,
                "description": "代理できる人 / the represented persons",
                "content": {"application/json": {"example": EXAMPLE}},
            },
            **problem_responses(
                "login-needed",
                "unknown-purpose",
                "purpose-not-granted",
                "relation-not-granted",
                "unknown-subject",
                "audit-unavailable",
                "proof-invalid",
                "proof-nonce-needed",
            ),
        },
    )
    async def representations(request: Request) -> Response:
        who, caller = await who_calls(request, access)
        response = answer_to(access, (await service.show(who, caller)).model_dump())
        response.headers["Cache-Control"] = "no-store"
        return response

    return router
