"""HTTP of the resident's own view."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, require_subject_quota, who_calls
from gateway.accesses.schemas import EXAMPLE, MAX_PAGE, USUAL_PAGE, AccessesDocument
from gateway.accesses.service import AccessesService
from gateway.api.openapi import SECURED, problem_responses

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": AccessesDocument,
        "description": "一覧の一頁。新しい順 / a page, newest first",
        "content": {"application/json": {"example": EXAMPLE}},
    },
    **problem_responses(
        "unknown-purpose",
        "purpose-not-granted",
        "relation-not-granted",
        "right-not-granted",
        "unknown-subject",
        "login-other-subject",
        "cursor-invalid",
        "audit-unavailable",
        "proof-invalid",
        "proof-nonce-needed",
    ),
}


def accesses_router(service: AccessesService, access: AccessService) -> APIRouter:
    """Return the router of ``GET /v1/subjects/{handle}/accesses``."""
    router = APIRouter(prefix="/v1", tags=["accesses"])

    @router.get(
        "/subjects/{handle}/accesses",
        summary="誰が自分の情報を照会したか / Who asked about me",
        description=(
            "本人に見せるための一覧。連携先・担当・日時・利用目的と根拠・求められた項目名・結果を返す。値は"
            "ない。専用の許可（right:own-accesses）が要る。表示したことも記録される。\n\n"
            "*For the resident alone; needs a right of its own, and is itself recorded.*"
        ),
        openapi_extra=dict(SECURED),
        responses=_RESPONSES,
    )
    async def accesses(
        request: Request,
        handle: Annotated[
            str,
            Path(max_length=200, description="対象者ハンドル / pairwise handle of the person"),
        ],
        limit: Annotated[
            int, Query(ge=1, le=MAX_PAGE, description="一頁の件数 / entries of a page")
        ] = USUAL_PAGE,
        cursor: Annotated[
            str | None, Query(max_length=200, description="直前の next / next of the last page")
        ] = None,
    ) -> Response:
        who, caller = await who_calls(request, access)
        await require_subject_quota(access, who, handle, caller)
        document = await service.show(who, handle, cursor, limit, caller)
        response = answer_to(access, document.model_dump(mode="json"))
        response.headers["Cache-Control"] = "no-store"
        return response

    return router
