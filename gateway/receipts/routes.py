"""HTTP of receipts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, called_with
from gateway.api.edge import note
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.receipts.schemas import (
    VERDICT_EXAMPLE,
    VERIFICATION_EXAMPLES,
    Verification,
    VerificationDocument,
)
from gateway.receipts.service import ReceiptService, render_verified

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "model": VerificationDocument,
        "description": "項目ごとの判定 / a verdict for each item",
        "content": {"application/json": {"example": VERDICT_EXAMPLE}},
    },
    **problem_responses(
        "unknown-subject", "audit-unavailable", "proof-invalid", "proof-nonce-needed"
    ),
}


def receipt_router(service: ReceiptService, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/receipts/verify``."""
    router = APIRouter(prefix="/v1/receipts", tags=["receipts"])

    @router.post(
        "/verify",
        summary="受領票と値を照らし合わせる / Verify a receipt",
        description=(
            "送り返された値が、渡した値のままかを項目ごとに判定する。受領票に値は入っていない。\n\n"
            "*Says of each value that came back whether it is the one that was delivered.*"
        ),
        openapi_extra={**SECURED, **json_request(Verification, VERIFICATION_EXAMPLES)},
        responses=_RESPONSES,
    )
    async def verify(request: Request) -> Response:
        who, caller, asked = await called_with(request, access, service, Verification)
        verified = await service.verify(who, asked, caller)
        outcome = "unchanged" if verified.unchanged else "changed"
        note(request, outcome=outcome)
        return answer_to(access, render_verified(verified))

    return router
