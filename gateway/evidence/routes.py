"""HTTP of evidence."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from gateway.access import AccessService
from gateway.access.calls import answer_to, called_with, written_with
from gateway.access.quotas import Lane
from gateway.api.bodies import json_response
from gateway.api.openapi import SECURED, json_request, problem_responses
from gateway.evidence.schemas import (
    PREVIEW_EXAMPLES,
    RELEASE_EXAMPLES,
    REVOCATION_EXAMPLES,
    EvidenceDocument,
    PreviewDocument,
    Release,
    Revocation,
    RevocationDocument,
    Wanted,
)
from gateway.evidence.service import STATUS_TTL_S, EvidenceService
from gateway.evidence.view import verifier_page

_ASKED: Final = (
    "unknown-item",
    "unknown-purpose",
    "purpose-not-granted",
    "relation-not-granted",
    "item-not-granted",
    "unknown-subject",
    "systems-closed",
    "required-part-unavailable",
    "required-part-late",
    "evidence-not-certifiable",
    "audit-unavailable",
    "proof-invalid",
    "proof-nonce-needed",
)


def evidence_router(service: EvidenceService, access: AccessService) -> APIRouter:
    """Return the router of ``/v1/evidence``."""
    router = APIRouter(prefix="/v1/evidence", tags=["evidence"])

    @router.post(
        "/previews",
        summary="証明の内容を本人に見せる / Preview a statement",
        description=(
            "証明に入る内容を返す。まだ何も発行しない。\n\n"
            "*What the statement would say; nothing is issued yet.*"
        ),
        openapi_extra={**SECURED, **json_request(Wanted, PREVIEW_EXAMPLES)},
        responses={200: _ok(PreviewDocument), **problem_responses(*_ASKED)},
    )
    async def preview(request: Request) -> Response:
        who, caller, wanted = await called_with(request, access, service, Wanted)
        return service.signed(answer_to(access, await service.preview(who, wanted, caller)))

    @router.post(
        "",
        status_code=201,
        summary="本人が確かめた証明を発行する / Release a statement",
        description=(
            "本人が見た内容のままのときだけ、電子署名した証明（SD-JWT VC）と印刷用の HTML を返す。"
            "内容は保存しない。\n\n"
            "*Signed only if it says what the citizen saw; its content is not kept.*"
        ),
        openapi_extra={**SECURED, **json_request(Release, RELEASE_EXAMPLES)},
        responses={
            201: _ok(EvidenceDocument),
            **problem_responses(
                *_ASKED, "signature-invalid", "preview-invalid", "preview-outdated"
            ),
        },
    )
    async def release(request: Request) -> Response:
        who, caller, asked = await written_with(request, access, service, Release)
        return service.signed(answer_to(access, await service.release(who, asked, caller), 201))

    @router.post(
        "/revoke",
        summary="証明を取り消す / Take a statement back",
        description="取消一覧に載せる / It stands in the status list from now on.",
        openapi_extra={**SECURED, **json_request(Revocation, REVOCATION_EXAMPLES)},
        responses={
            200: _ok(RevocationDocument),
            **problem_responses(
                "unknown-subject",
                "unknown-evidence",
                "audit-unavailable",
                "proof-invalid",
                "proof-nonce-needed",
                "signature-invalid",
            ),
        },
    )
    async def revoke(request: Request) -> Response:
        who, caller, asked = await written_with(
            request, access, service, Revocation, lane=Lane.PROTECT
        )
        return service.signed(answer_to(access, await service.revoke(who, asked, caller)))

    return router


def verification_router(service: EvidenceService) -> APIRouter:
    """Return the router of what anybody needs to verify a statement; open to all."""
    router = APIRouter(tags=["evidence"])

    @router.get(
        "/.well-known/jwt-vc-issuer",
        summary="証明の公開鍵 / Published keys of statements",
        description="以前の鍵（`exp`）と取り消した鍵（`revoked`）も載る / Retired and revoked too.",
    )
    async def keys() -> Response:
        response = json_response(service.published_keys())
        response.headers["Cache-Control"] = "max-age=60"
        return response

    @router.get(
        "/evidence/status/{year}",
        summary="証明の取消一覧 / Status list",
        description="IETF Token Status List（署名つき） / signed, one bit for each statement.",
        responses={
            200: {"content": {"application/statuslist+jwt": {"schema": {"type": "string"}}}},
            **problem_responses("not-found"),
        },
    )
    async def status(year: int) -> Response:
        return Response(
            await service.status_list(year),
            media_type="application/statuslist+jwt",
            headers={"Cache-Control": f"max-age={STATUS_TTL_S}"},
        )

    @router.get("/evidence/verify", include_in_schema=False)
    async def page() -> Response:
        content, policy = verifier_page(service.published_keys()["jwks"])
        return Response(
            content, media_type="text/html", headers={"Content-Security-Policy": policy}
        )

    return router


_SIGNED_WITH: Final = {
    "Content-Digest": "本文の要約（RFC 9530） / digest of the body",
    "Signature-Input": "署名した範囲（RFC 9421） / what is signed",
    "Signature": "証明の鍵による署名 / signature with a key of statements",
}


def _ok(model: type[Any]) -> dict[str, Any]:
    headers = {
        name: {"description": description, "schema": {"type": "string"}}
        for name, description in _SIGNED_WITH.items()
    }
    return {"model": model, "description": model.__doc__ or "", "headers": headers}
