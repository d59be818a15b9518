"""HTTP of reports of counter systems."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import RIGHT_PROBLEMS, answer_to, called_with
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.notices.schemas import EXAMPLES, RECEIVED, DeliveryDocument, DeliveryReport
from gateway.notices.service import Notices


def notice_router(notices: Notices, access: AccessService) -> APIRouter:
    """Return the router of ``POST /v1/notices/deliveries``."""
    router = APIRouter(prefix="/v1/notices", tags=["notices"])

    @router.post(
        "/deliveries",
        summary="証明書の交付を知らせる / Report that a certificate was handed out",
        description=(
            "窓口のシステムが、交付した証明書の種別・通数・交付日・請求者の種別を知らせる。登録した本人への"
            "通知（本人通知制度）の元になる。請求者の氏名は受け取らない。登録の有無で答えは変わらない。"
            "専用の許可（right:report-deliveries）が要る。\n\n"
            "*Notices to registered people are made of it. Who the requester was is not taken in, "
            "and the answer does not tell whether anybody is registered.*"
        ),
        openapi_extra={**SECURED, **json_request(DeliveryReport, EXAMPLES)},
        responses={
            200: {
                "model": DeliveryDocument,
                "description": "受け取った / received",
                "content": {"application/json": {"example": RECEIVED}},
            },
            **problem_responses(*RIGHT_PROBLEMS),
        },
    )
    async def report(request: Request) -> Response:
        who, caller, told = await called_with(request, access, notices, DeliveryReport)
        return answer_to(access, (await notices.report(who, told, caller)).model_dump())

    return router
