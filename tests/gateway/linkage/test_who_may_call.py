"""Tokens of the linkage face: registered systems only, one scope each, and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from gateway.access import AccessRegistry, AccessStore, RegistrationError
from gateway.access.tokens import Access, issue_token
from gateway.linkage.number_calls import REGISTER, SCOPES
from standard_models.builtin import load_builtin
from tests.gateway.access.certificates import certificate, pem
from tests.gateway.access.consumers import public_jwks
from tests.gateway.linkage.conftest import (
    ASSERTION_TYPE,
    HOUSEHOLD,
    RESIDENT,
    TOWN,
    Face,
    registration,
)

WHO = {"shikuchosonkodo": TOWN, "atenabango": "R1"}


async def test_a_registered_system_gets_a_bearer_token_without_a_refresh_token(face: Face) -> None:
    """Client credentials with client_secret_jwt."""
    answer = await face.ask_token(RESIDENT)
    said = answer.json()
    assert answer.status_code == 200
    assert said.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 300, RESIDENT)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "changes",
    [
        {"secret": "x" * 48},
        {"aud": "https://other.example.jp/token"},
        {"aud": ["http://127.0.0.1/linkage/oauth/token"]},
        {"iss": "somebody"},
        {"exp": None},
        {"exp": 1},
        {"jti": None},
    ],
    ids=["secret", "audience", "list", "issuer", "no-end", "ended", "no-id"],
)
async def test_a_wrong_assertion_gets_no_token(face: Face, changes: dict[str, Any]) -> None:
    """AT-4 on this face."""
    answer = await face.ask_token(RESIDENT, client_assertion=face.assertion(**changes))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_an_assertion_works_once(face: Face) -> None:
    """AT-4."""
    assertion = face.assertion()
    assert (await face.ask_token(RESIDENT, client_assertion=assertion)).status_code == 200
    assert (await face.ask_token(RESIDENT, client_assertion=assertion)).status_code == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "010:app_submit/v10/kazeikihonjoho:Read"}, "invalid_scope"),
        ({"scope": RESIDENT.replace("Read", "Create")}, "invalid_scope"),
        ({"client_assertion_type": "none"}, "invalid_client"),
    ],
    ids=["grant", "scope", "operation", "assertion"],
)
async def test_a_token_is_for_what_was_registered(
    face: Face, form: dict[str, str], error: str
) -> None:
    """Scopes are those of the registration, word for word."""
    assert (await face.ask_token(RESIDENT, **form)).json() == {"error": error}


async def test_a_token_of_another_scope_is_refused(face: Face) -> None:
    """A token is good for one call and one operation."""
    answer = await face.call(RESIDENT, WHO, token=await face.token(HOUSEHOLD))
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "住民基本情報",
        "detail": "アクセストークンが無効です。",
        "_links": {"self": {"href": "/linkage/001/app_submit/v10/juminkihonjoho"}},
    }
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


async def test_a_token_of_this_face_is_refused_by_the_other(face: Face) -> None:
    """AT-1: the weaker face does not open the stronger one."""
    token = await face.token(RESIDENT)
    for scheme in ("Bearer", "DPoP"):
        answer = await face.http.post(
            "/v1/questions", json={}, headers={"Authorization": f"{scheme} {token}"}
        )
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (
            401,
            "token-invalid",
        )


async def test_a_token_of_the_other_face_is_refused_here(face: Face) -> None:
    """AT-1, the other direction: a JWT that the gateway itself signed means nothing here."""
    rooms = face.world.questions._rooms
    own = issue_token(
        Access("online-service", TOWN, "jidoteate-ninteiseikyu", "t" * 32, "k"),
        rooms.access._keys.keys(),
        issuer=rooms.access.issuer,
        now=face.world.clock.now(),
        lifetime_s=300,
    )
    assert (await face.call(RESIDENT, WHO, token=own)).status_code == 401


async def test_a_system_cannot_log_in_to_the_other_face(face: Face) -> None:
    """AT-1: client_secret_jwt is accepted only here."""
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": face.assertion(aud="https://gateway.test"),
        "authorization_details": json.dumps(
            [{"type": "hotitsu", "municipality": TOWN, "purpose": "p"}]
        ),
    }
    answer = await face.http.post("/oauth/token", data=fields)
    assert answer.status_code in {400, 401}
    assert "access_token" not in answer.json()


async def test_a_revoked_system_and_its_tokens_are_refused_at_once(face: Face) -> None:
    """Revocation does not wait for the end of a token."""
    token = await face.token(RESIDENT)
    await face.registry.revoke(TOWN, face.system.client_id)
    assert (await face.call(RESIDENT, WHO, token=token)).status_code == 401
    assert (await face.ask_token(RESIDENT)).status_code == 401


async def test_a_token_ends(face: Face) -> None:
    """Five minutes."""
    token = await face.token(RESIDENT)
    face.world.clock.advance(seconds=301)
    assert (await face.call(RESIDENT, WHO, token=token)).status_code == 401


async def test_introspection_tells_the_holder_and_the_provider_only(face: Face) -> None:
    """RFC 7662, 2.2: another system learns nothing, not even that there is such a token."""
    token = await face.token(RESIDENT)
    now = int(face.world.clock.now().timestamp())
    assert (await face.introspect(token)).json() == {
        "active": True,
        "client_id": face.system.client_id,
        "scope": RESIDENT,
        "token_type": "Bearer",
        "iat": now,
        "exp": now + 300,
    }
    assert (await face.introspect(token, face.other)).json() == {"active": False}
    assert (await face.introspect("x")).json() == {"active": False}


async def test_introspection_needs_a_registered_system(face: Face) -> None:
    """RFC 7662, 2.1: it is not open to anybody."""
    answer = await face.http.post("/linkage/oauth/introspect", data={"token": "x"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/linkage/oauth/token", f"/linkage/031/{REGISTER}"])
async def test_outside_the_linkage_zone_there_is_nothing(face: Face, path: str) -> None:
    """AT-1: only from the linkage zone."""
    transport = httpx.ASGITransport(face.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as outside:
        assert (await outside.post(path, json={})).status_code == 404


async def test_refusals_are_recorded_without_what_an_unknown_caller_claims(face: Face) -> None:
    """AU-1."""
    await face.ask_token(RESIDENT, client_assertion=face.assertion(sub="x", iss="x"))
    entries = await face.world.audit()
    assert all(entry["client_id"] != "x" for entry in entries)


async def test_the_face_has_a_description_of_its_own(face: Face) -> None:
    """Every call of the editions, with the 40 parameters of 付番."""
    said = (await face.http.get("/linkage/openapi.json")).json()
    call = said["paths"][f"/linkage/031/{REGISTER}"]["post"]
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    assert len(schema["properties"]) == 40
    assert "/linkage/001/app_submit/v10/juminkihonjoho" in said["paths"]
    own = (await face.http.get("/openapi.json")).json()
    assert not [path for path in own["paths"] if path.startswith("/linkage")]


async def test_nothing_is_said_of_the_body_before_the_token(face: Face) -> None:
    """A caller without a token learns nothing of the rules."""
    answer = await face.call(SCOPES[REGISTER], registration(shimei=None), token="x")
    assert (answer.status_code, "errors" in answer.json()) == (401, False)


async def test_a_system_is_given_no_keys_with_which_it_could_enter_elsewhere(face: Face) -> None:
    """Its networks and scopes bind it here; a consumer's token would not be bound by them."""
    world = face.world
    registry = AccessRegistry(
        AccessStore(world.store), load_builtin(), clock=world.clock, actor="test"
    )
    with pytest.raises(RegistrationError, match="no keys"):
        await registry.rotate_keys(face.system.client_id, add=public_jwks())
    with pytest.raises(RegistrationError, match="no keys"):
        await registry.add_certificate(face.system.client_id, pem(certificate(world.clock.now())))
