"""HTTP of the token endpoint, its metadata and its keys."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from gateway.access.dpop import Presented
from gateway.access.entries import Caller
from gateway.access.jose import ASSERTION_ALGORITHMS
from gateway.access.schemas import (
    ASSERTION_TYPE,
    GRANT_TYPES,
    ID_TOKEN,
    MAX_FORM_BYTES,
    TokenAnswer,
    authorization_details,
    read_form,
    read_revocation_request,
    read_token_request,
)
from gateway.access.service import AccessService
from gateway.access.tokens import PURPOSE_TYPE
from gateway.api.edge import peer_of
from gateway.api.openapi import DPOP_HEADER, problem_responses
from gateway.problems import Problem

FORM = "application/x-www-form-urlencoded"
_METHODS = ("private_key_jwt", "self_signed_tls_client_auth")

_FORM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": [
        "grant_type",
        "authorization_details",
    ],
    "properties": {
        "grant_type": {"type": "string", "enum": list(GRANT_TYPES)},
        "client_assertion_type": {"type": "string", "const": ASSERTION_TYPE},
        "client_assertion": {
            "type": "string",
            "description": "登録済みの鍵で署名した JWT（RFC 7523） / JWT signed by a key of yours",
        },
        "subject_token": {
            "type": "string",
            "description": "本人のログインの証明（RFC 8693） / proof of the citizen's login",
        },
        "subject_token_type": {"type": "string", "const": ID_TOKEN},
        "authorization_details": {
            "type": "string",
            "description": "団体と利用目的（RFC 9396） / municipality and purpose",
            "examples": [
                json.dumps(authorization_details("999997", "jidoteate-ninteiseikyu")),
            ],
        },
    },
}

_CLIENT_SCHEMA: dict[str, Any] = {
    name: _FORM_SCHEMA["properties"][name] for name in ("client_assertion_type", "client_assertion")
} | {
    "client_id": {
        "type": "string",
        "description": "クライアント証明書だけで名乗るとき / with a client certificate alone",
    }
}
_FORM_SCHEMA["properties"] |= {"client_id": _CLIENT_SCHEMA["client_id"]}
_REVOCATION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["token"],
    "properties": {
        **_CLIENT_SCHEMA,
        "token": {"type": "string", "description": "返却するトークン / the token"},
    },
}


_OF_CLIENTS: Final = (
    "client-authentication-failed",
    "token-request-invalid",
    "quota-exceeded",
    "audit-unavailable",
)


def token_router(service: AccessService) -> APIRouter:
    """Return the routes of ``/oauth/token``, ``/oauth/jwks`` and the server's metadata."""
    router = APIRouter(tags=["access"])

    @router.post(
        "/oauth/token",
        summary="アクセストークンを取得する / Get an access token",
        response_model=TokenAnswer,
        responses=problem_responses(
            *_OF_CLIENTS,
            "unknown-purpose",
            "purpose-not-granted",
            "proof-invalid",
            "login-invalid",
            "login-not-linked",
        ),
        openapi_extra={
            "parameters": [DPOP_HEADER],
            "requestBody": {"required": True, "content": {FORM: {"schema": _FORM_SCHEMA}}},
        },
    )
    async def token(request: Request) -> JSONResponse:
        caller = caller_of(request)
        try:
            presented = presented_with(request, service.issuer)
            asked = read_token_request(read_form(await _form_body(request)), presented)
        except Problem as problem:
            await service.refuse_request(problem, caller)
        answer = await service.issue(asked, caller)
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
        return JSONResponse(answer.model_dump(exclude_none=True), headers=headers)

    @router.post(
        "/oauth/revoke",
        summary="アクセストークンを返却する / Give an access token back",
        responses=problem_responses(*_OF_CLIENTS),
        openapi_extra={
            "requestBody": {"required": True, "content": {FORM: {"schema": _REVOCATION_SCHEMA}}},
            "responses": {"200": {"description": "使えなくなった / No longer good."}},
        },
    )
    async def revoke(request: Request) -> Response:
        caller = caller_of(request)
        try:
            presented = presented_with(request, service.issuer)
            asked = read_revocation_request(read_form(await _form_body(request)), presented)
        except Problem as problem:
            await service.refuse_request(problem, caller)
        await service.revoke(*asked, caller)
        return Response(headers={"Cache-Control": "no-store"})

    @router.get("/oauth/jwks", summary="トークンの公開鍵 / Public keys of the tokens")
    async def keys() -> JSONResponse:
        return JSONResponse(service.public_keys(), headers={"Cache-Control": "max-age=60"})

    @router.get(
        "/.well-known/oauth-authorization-server",
        summary="認可サーバーの情報 / Authorization server metadata",
    )
    async def metadata() -> JSONResponse:
        return JSONResponse(server_metadata(service.issuer))

    return router


def server_metadata(issuer: str) -> dict[str, Any]:
    """Return the metadata of the authorization server.

    Sources: RFC 8414, 2; RFC 8705, 3.3; RFC 9396, 10.
    """
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "response_types_supported": [],
        "grant_types_supported": list(GRANT_TYPES),
        "token_endpoint_auth_methods_supported": list(_METHODS),
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": list(_METHODS),
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "tls_client_certificate_bound_access_tokens": True,
        "authorization_details_types_supported": [PURPOSE_TYPE],
        "dpop_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "service_documentation": f"{issuer}/docs",
    }


def presented_with(request: Request, issuer: str) -> Presented:
    """Return the proofs of a call, and the call as the client sees it: at the public address."""
    proofs = request.headers.getlist("dpop")
    address = issuer + request.url.path
    return Presented(proofs, request.method, address, peer_of(request).certificate)


def caller_of(request: Request) -> Caller:
    """Return where the call comes from; the trace is the one that the API gave it."""
    trace_id = getattr(request.state, "trace_id", "")
    return Caller(trace_id, peer_of(request).address)


async def _form_body(request: Request) -> bytes:
    """Return the body.

    Raises:
        Problem: ``unsupported-media-type``, ``body-too-large``.

    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise Problem(
            "unsupported-media-type",
            f"Content-Type は {FORM} にしてください。",
            f"The Content-Type must be {FORM}.",
        )
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise Problem(
                "body-too-large",
                f"上限は {MAX_FORM_BYTES} バイトです。",
                f"The limit is {MAX_FORM_BYTES} bytes.",
            )
    return bytes(body)
