"""HTTP of matching."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import RIGHT_PROBLEMS, answer_to, called_with
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.matching.schemas import EXAMPLES, MATCHED, NO_MATCH, MatchDocument, StatedFacts
from gateway.matching.service import MatchingService


def matching_router(service: MatchingService, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/subjects/match``."""
    router = APIRouter(prefix="/v1", tags=["subjects"])

    @router.post(
        "/subjects/match",
        summary="基本4情報から対象者を確かめる / Find a person by the four basic facts",
        description=(
            "氏名（または読み）・生年月日・住所がそろって台帳の一人とだけ一致したとき、その人のハンドルを"
            "返す。同じ人がいない、何人もいる、窓口での確認が要る、のどれでも答えは同じ「no-match」。"
            "専用の許可（right:match-subjects）が要り、外れが続くと断る。\n\n"
            "*Name, birth date and address must agree with one resident alone. Every miss looks "
            "the same; people for whom the counter must be asked are never matched.*"
        ),
        openapi_extra={**SECURED, **json_request(StatedFacts, EXAMPLES)},
        responses={
            200: {
                "model": MatchDocument,
                "description": "一致した、または一致しない / a match, or none",
                "content": {
                    "application/json": {
                        "examples": {
                            "match": {"summary": "一致 / match", "value": MATCHED},
                            "no-match": {"summary": "不一致 / no match", "value": NO_MATCH},
                        }
                    }
                },
            },
            **problem_responses(
                *RIGHT_PROBLEMS, "too-many-misses", "systems-closed", "register-unavailable"
            ),
        },
    )
    async def match(request: Request) -> Response:
        who, caller, stated = await called_with(request, access, service, StatedFacts)
        return answer_to(access, (await service.match(who, stated, caller)).model_dump())

    return router
