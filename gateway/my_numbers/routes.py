"""HTTP of finding a person by My Number: in the body of this operation, and nowhere else (MN-2)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import RIGHT_PROBLEMS, answer_to, called_with
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.my_numbers.matching import NumberMatching
from gateway.my_numbers.schemas import (
    EXAMPLES,
    MATCHED,
    UNMATCHED,
    NumberMatchDocument,
    NumberQuery,
)


def my_number_router(service: NumberMatching, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/subjects/match-number``."""
    router = APIRouter(prefix="/v1", tags=["subjects"])

    @router.post(
        "/subjects/match-number",
        summary="個人番号から対象者を確かめる / Find a person by My Number",
        description=(
            "番号法で個人番号を使える事務だけが使える。専用の許可（right:match-by-number）が要り、"
            "許可を登録するときに根拠を確かめる。番号の人がいない、二人に付いている、窓口での確認が"
            "要る、のどれでも答えは同じ「no-match」。個人番号そのものを返す操作はない。\n\n"
            "*Only for affairs for which the Number Act lets it be used. Every miss looks the "
            "same; people for whom the counter must be asked are never matched. No operation "
            "returns a number.*"
        ),
        openapi_extra={**SECURED, **json_request(NumberQuery, EXAMPLES)},
        responses={
            200: {
                "model": NumberMatchDocument,
                "description": "一致した、または一致しない / a match, or none",
                "content": {
                    "application/json": {
                        "examples": {
                            "match": {"summary": "一致 / match", "value": MATCHED},
                            "no-match": {"summary": "不一致 / no match", "value": UNMATCHED},
                        }
                    }
                },
            },
            **problem_responses(*RIGHT_PROBLEMS, "too-many-misses", "register-unavailable"),
        },
    )
    async def match_number(request: Request) -> Response:
        who, caller, asked = await called_with(request, access, service, NumberQuery)
        found = await service.match(who, asked.kojinbango, caller)
        return answer_to(access, found.model_dump())

    return router
