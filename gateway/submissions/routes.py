"""HTTP of submissions."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, written_with
from gateway.access.quotas import Lane
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.submissions.idempotency import HEADER
from gateway.submissions.schemas import (
    SUBMISSION_EXAMPLE,
    SUBMISSION_EXAMPLES,
    WITHDRAWAL_EXAMPLE,
    WITHDRAWAL_EXAMPLES,
    Submission,
    SubmissionDocument,
    Withdrawal,
    WithdrawalDocument,
)
from gateway.submissions.service import SubmissionService

_PROOF: Final = ("proof-invalid", "proof-nonce-needed", "signature-invalid")
_KEY_PARAMETER: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "提出ごとに一つ。同じ提出を送り直すときは同じ値 / one for each submission",
    "schema": {"type": "string", "minLength": 8, "maxLength": 200},
}


def submission_router(service: SubmissionService, access: AccessService) -> APIRouter:
    """Return the router of ``/v1/submissions``."""
    router = APIRouter(prefix="/v1/submissions", tags=["submissions"])

    @router.post(
        "",
        status_code=201,
        summary="本人の申告を一度だけ預ける / Keep what a citizen states",
        description=(
            "本人が申告した値を、同意の範囲と期限とともに預かる。以後の照会に「本人の申告」として答え、"
            "受け付けるシステムには順に渡す。\n\n"
            "*Kept once within the consent; answers later questions as a source of its own.*"
        ),
        openapi_extra={
            **SECURED,
            **json_request(Submission, SUBMISSION_EXAMPLES),
            "parameters": [_KEY_PARAMETER],
        },
        responses={
            201: {
                "model": SubmissionDocument,
                "description": "預かった / kept",
                "content": {"application/json": {"example": SUBMISSION_EXAMPLE}},
            },
            **problem_responses(
                "unknown-item",
                "unknown-purpose",
                "purpose-not-granted",
                "relation-not-granted",
                "item-not-granted",
                "unknown-subject",
                "idempotency-key-missing",
                "idempotency-key-reused",
                "idempotency-in-flight",
                "audit-unavailable",
                *_PROOF,
            ),
        },
    )
    async def submit(request: Request) -> Response:
        who, caller, stated = await written_with(request, access, service, Submission)
        reply = await service.submit(who, stated, request.headers.get(HEADER), caller)
        return answer_to(access, reply, 201)

    @router.post(
        "/withdraw",
        summary="同意を取り消す / Take a consent back",
        description=(
            "預けた値を消す。以後の照会には使わない。まだ渡していないシステムには渡さない。\n\n"
            "*Erases the values; later questions do not see them.*"
        ),
        openapi_extra={**SECURED, **json_request(Withdrawal, WITHDRAWAL_EXAMPLES)},
        responses={
            200: {
                "model": WithdrawalDocument,
                "description": "消した / erased",
                "content": {"application/json": {"example": WITHDRAWAL_EXAMPLE}},
            },
            **problem_responses(
                "unknown-subject", "unknown-submission", "audit-unavailable", *_PROOF
            ),
        },
    )
    async def withdraw(request: Request) -> Response:
        who, caller, asked = await written_with(
            request, access, service, Withdrawal, lane=Lane.PROTECT
        )
        return answer_to(access, await service.withdraw(who, asked, caller))

    return router
