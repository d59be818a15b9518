import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService
from gateway.access.routes import token_router
from gateway.problems import Problem
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import ISSUER, PURPOSE, TOWN, claims, proof, register, sign
from tests.gateway.access.proofs import refused, verified

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
async def http(service: AccessService):
    app = FastAPI()
    app.include_router(token_router(service))

    @app.exception_handler(Problem)
    async def problem(request: Request, raised: Problem) -> JSONResponse:
        content = {"slug": raised.type.slug, "detail": raised.detail_en, **raised.extensions}
        return JSONResponse(content, raised.type.status, raised.headers)

    transport = httpx.ASGITransport(app, client=("192.0.2.4", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


def form(clock: StoppedClock, **changes: Any) -> dict[str, str]:
    details = [{"type": "hitotsu_purpose", "municipality": TOWN, "purpose": PURPOSE}]
    members = {
        "grant_type": "client_credentials",
        "client_assertion_type": TYPE,
        "client_assertion": sign(claims(clock)),
        "authorization_details": json.dumps(details),
    } | changes
    return {name: value for name, value in members.items() if value is not None}


def dpop(clock: StoppedClock) -> dict[str, str]:
    return {"DPoP": proof(clock.now().timestamp())}


async def test_a_registered_client_gets_a_token_that_nobody_stores(
    http: httpx.AsyncClient, registry: AccessRegistry, clock: StoppedClock, service: AccessService
):
    """AT-5, RFC 6749 5.1 and RFC 9396 7: for five minutes, for one purpose."""
    await register(registry)
    answer = await http.post("/oauth/token", data=form(clock), headers=dpop(clock))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    token = body.pop("access_token")
    assert body == {
        "token_type": "DPoP",
        "expires_in": 300,
        "authorization_details": [
            {
                "type": "hitotsu_purpose",
                "municipality": "999997",
                "purpose": "jidoteate-ninteiseikyu",
            }
        ],
    }
    assert (await verified(service, clock, token)).purpose_id == PURPOSE


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"client_secret": "s"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_assertion_type": "saml"}, "invalid_request"),
        ({"authorization_details": None}, "invalid_authorization_details"),
        ({"authorization_details": "{}"}, "invalid_authorization_details"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": "[" * 4000}, "invalid_authorization_details"),
        ({"authorization_details": '[{"type":"other"}]'}, "invalid_authorization_details"),
        (
            {
                "authorization_details": '[{"type":"hitotsu_purpose","municipality":"999997",'
                '"purpose":"p","more":"x"}]'
            },
            "invalid_authorization_details",
        ),
        (
            {
                "authorization_details": '[{"type":"hitotsu_purpose","municipality":999997,'
                '"purpose":"p"}]'
            },
            "invalid_authorization_details",
        ),
    ],
)
async def test_a_request_that_is_not_understood_gets_the_oauth_error(
    http: httpx.AsyncClient,
    registry: AccessRegistry,
    clock: StoppedClock,
    changes: dict[str, Any],
    error: str,
):
    """400 with the code of RFC 6749 or RFC 9396."""
    await register(registry)
    answer = await http.post("/oauth/token", data=form(clock, **changes), headers=dpop(clock))
    assert answer.status_code == 400
    assert answer.json()["slug"] == "token-request-invalid"
    assert answer.json()["error"] == error


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe", b"a=1&a=2", b"no form", b"&".join(b"f%d=1" % n for n in range(21))],
    ids=["not ascii", "a field twice", "no fields", "too many fields"],
)
async def test_a_body_that_is_no_form_is_refused(http: httpx.AsyncClient, body: bytes):
    """400; never an internal error."""
    answer = await http.post("/oauth/token", content=body, headers=FORM)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_another_media_type_and_a_huge_body_are_refused(http: httpx.AsyncClient):
    """415 and 413."""
    answer = await http.post("/oauth/token", json={})
    assert (answer.status_code, answer.json()["slug"]) == (415, "unsupported-media-type")
    answer = await http.post("/oauth/token", content=b"a=" + b"x" * 16_384, headers=FORM)
    assert (answer.status_code, answer.json()["slug"]) == (413, "body-too-large")


async def test_a_client_that_is_not_known_gets_401(
    http: httpx.AsyncClient, clock: StoppedClock, registry: AccessRegistry
):
    """RFC 6749 5.2, invalid_client."""
    answer = await http.post("/oauth/token", data=form(clock), headers=dpop(clock))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("purpose", "slug"),
    [("nobody-knows-it", "unknown-purpose"), (PURPOSE, "purpose-not-granted")],
)
async def test_no_token_without_a_grant_that_holds_today(
    http: httpx.AsyncClient,
    registry: AccessRegistry,
    clock: StoppedClock,
    store,
    purpose: str,
    slug: str,
):
    """Refused before anything personal could be asked, and recorded."""
    await register(registry)
    clock.time = clock.time.replace(year=2027, month=4, day=1)
    details = [{"type": "hitotsu_purpose", "municipality": TOWN, "purpose": purpose}]
    answer = await http.post(
        "/oauth/token", data=form(clock, authorization_details=json.dumps(details))
    )
    assert (answer.status_code, answer.json()["slug"]) == (403, slug)
    assert answer.json()["error"] == "unauthorized_client"
    async with store.session() as session:
        query = select(AuditRow).where(AuditRow.kind == "authentication")
        row = (await session.scalars(query)).one()
    assert (row.outcome, row.client_id) == ("refused", "online-service")
    assert f'"problem":"{slug}"' in row.entry
    assert '"terminal":"192.0.2.4"' in row.entry


async def test_the_metadata_names_what_a_client_library_needs(http: httpx.AsyncClient):
    """RFC 8414; every address is under the issuer."""
    answer = await http.get("/.well-known/oauth-authorization-server")
    assert answer.json() == {
        "issuer": ISSUER,
        "token_endpoint": "https://hitotsu.example.jp/oauth/token",
        "jwks_uri": "https://hitotsu.example.jp/oauth/jwks",
        "response_types_supported": [],
        "grant_types_supported": [
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256", "EdDSA", "Ed25519"],
        "revocation_endpoint": "https://hitotsu.example.jp/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "self_signed_tls_client_auth",
        ],
        "revocation_endpoint_auth_signing_alg_values_supported": [
            "ES256",
            "PS256",
            "EdDSA",
            "Ed25519",
        ],
        "tls_client_certificate_bound_access_tokens": True,
        "authorization_details_types_supported": ["hitotsu_purpose"],
        "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA", "Ed25519"],
        "service_documentation": "https://hitotsu.example.jp/docs",
    }


async def test_the_public_keys_are_there_for_everybody(http: httpx.AsyncClient, keys):
    """Public parts only."""
    answer = await http.get("/oauth/jwks")
    (key,) = answer.json()["keys"]
    assert key["kid"] == keys.keys().signing_key.kid
    assert "d" not in key


async def test_fields_that_oauth_does_not_define_are_ignored(
    http: httpx.AsyncClient, registry: AccessRegistry, clock: StoppedClock
):
    """RFC 6749 3.2: unrecognized parameters must not disturb."""
    await register(registry)
    body = urlencode(form(clock) | {"scope": "all", "x": ""}).encode()
    answer = await http.post("/oauth/token", content=body, headers=FORM | dpop(clock))
    assert answer.status_code == 200


async def test_a_client_gives_its_token_back(
    http: httpx.AsyncClient, registry: AccessRegistry, clock: StoppedClock, service: AccessService
):
    """RFC 7009: 200 and nothing else; the token is refused from then on."""
    await register(registry)
    issued = await http.post("/oauth/token", data=form(clock), headers=dpop(clock))
    token = issued.json()["access_token"]
    said = form(clock, grant_type=None, authorization_details=None, token=token)
    answer = await http.post("/oauth/revoke", data=said)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["cache-control"] == "no-store"
    assert "given back" in (await refused(service, clock, token)).detail_en
    without = form(clock, grant_type=None, authorization_details=None)
    answer = await http.post("/oauth/revoke", data=without)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("changes", [{"subject_token": None}, {"subject_token_type": "urn:x"}])
async def test_an_exchange_without_a_proof_of_the_login_is_not_understood(
    http: httpx.AsyncClient, registry: AccessRegistry, clock: StoppedClock, changes: dict[str, Any]
):
    """RFC 8693, 2.1: the proof and its type are both needed."""
    await register(registry)
    exchange = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": "a.b.c",
        "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
    }
    said = form(clock, **exchange | changes)
    answer = await http.post("/oauth/token", data=said, headers=dpop(clock))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert "subject_token" in answer.json()["detail"]
    answer = await http.post("/oauth/token", data=form(clock, **exchange), headers=dpop(clock))
    assert (answer.status_code, answer.json()["slug"]) == (400, "login-invalid")
