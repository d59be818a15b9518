"""HTTP of consents."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, written_with
from gateway.access.quotas import Lane
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.consents.schemas import (
    CONSENT_EXAMPLE,
    CONSENT_EXAMPLES,
    WITHDRAWN_EXAMPLES,
    ConsentDocument,
    GivenConsent,
    Withdrawn,
)
from gateway.consents.service import ConsentService

_PROOF: Final = ("proof-invalid", "proof-nonce-needed", "signature-invalid")


def consent_router(service: ConsentService, access: AccessService) -> APIRouter:
    """Return the router of ``/v1/consents``."""
    router = APIRouter(prefix="/v1/consents", tags=["consents"])

    @router.post(
        "",
        status_code=201,
        summary="本人の同意を預ける / Keep a consent",
        description=(
            "許可が本人の同意を求めている項目について、本人が同意したことを登録する。以後の照会は、"
            "同意がある間だけ答える。\n\n"
            "*Where a grant wants a consent, questions are answered while there is one.*"
        ),
        openapi_extra={**SECURED, **json_request(GivenConsent, CONSENT_EXAMPLES)},
        responses={
            201: {
                "model": ConsentDocument,
                "description": "預かった / kept",
                "content": {"application/json": {"example": CONSENT_EXAMPLE}},
            },
            **problem_responses(
                "unknown-item",
                "unknown-purpose",
                "purpose-not-granted",
                "relation-not-granted",
                "item-not-granted",
                "unknown-subject",
                "login-other-subject",
                "audit-unavailable",
                *_PROOF,
            ),
        },
    )
    async def give(request: Request) -> Response:
        who, caller, given = await written_with(request, access, service, GivenConsent)
        kept = await service.give(who, given, caller)
        return answer_to(access, kept.model_dump(), 201)

    @router.post(
        "/withdraw",
        summary="同意を取り消す / Take a consent back",
        description="次の照会から効く。 / *Counts from the next question on.*",
        openapi_extra={**SECURED, **json_request(Withdrawn, WITHDRAWN_EXAMPLES)},
        responses={
            200: {
                "model": ConsentDocument,
                "description": "取り消した / taken back",
                "content": {
                    "application/json": {
                        "example": CONSENT_EXAMPLE | {"withdrawn_at": "2026-11-01T10:00:05+09:00"}
                    }
                },
            },
            **problem_responses(
                "unknown-subject",
                "unknown-consent",
                "login-other-subject",
                "audit-unavailable",
                *_PROOF,
            ),
        },
    )
    async def withdraw(request: Request) -> Response:
        who, caller, asked = await written_with(
            request, access, service, Withdrawn, lane=Lane.PROTECT
        )
        return answer_to(access, (await service.withdraw(who, asked, caller)).model_dump())

    return router
