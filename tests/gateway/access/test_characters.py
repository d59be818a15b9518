"""API2, API8 and AU-1: a text with a character that the database cannot hold is refused, recorded.

On SQLite and PostgreSQL alike: neither a crash, nor a database that seems to be away.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService
from gateway.access.schemas import read_form, read_token_request
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    PURPOSE,
    TOWN,
    claims,
    presented,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import refused

NUL, HALF = "a\0b", "\ud800"
"""The character with code zero, and half of a character that takes two in UTF-16."""


async def problems_recorded(store: Store) -> list[str | None]:
    """Return the problems of all refusals, oldest first."""
    async with store.session() as session:
        rows = await session.scalars(
            select(AuditRow).where(AuditRow.outcome == "refused").order_by(AuditRow.sequence)
        )
        return [json.loads(row.entry)["problem"] for row in rows]


@pytest.mark.parametrize("text", [NUL, HALF])
@pytest.mark.parametrize("claim", ["sub", "iss", "aud", "jti", "azp"])
async def test_an_assertion_with_such_a_text_is_refused_like_every_other_forgery(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    store: Store,
    claim: str,
    text: str,
) -> None:
    """Before anybody knows whose it is: 401, and the refusal is in the record."""
    await register(registry)
    with pytest.raises(Problem) as caught:
        await service.issue(request(sign(claims(clock, **{claim: text}))))
    assert caught.value.type.slug == "client-authentication-failed"
    assert await problems_recorded(store) == ["client-authentication-failed"]


@pytest.mark.parametrize("text", [NUL, HALF])
async def test_the_proof_of_a_login_with_such_a_text_is_refused(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, store: Store, text: str
) -> None:
    """``login-invalid``, recorded; the provider is not even looked up."""
    await register(registry)
    shown = request(sign(claims(clock)), subject_token=sign(claims(clock, iss=text)))
    with pytest.raises(Problem) as caught:
        await service.issue(shown)
    assert caught.value.type.slug == "login-invalid"
    assert await problems_recorded(store) == ["login-invalid"]


@pytest.mark.parametrize(
    ("changes", "slug"),
    [
        ({"jti": NUL}, "proof-invalid"),
        ({"jti": HALF}, "proof-invalid"),
        ({"htu": NUL}, "proof-invalid"),
        ({"nonce": NUL}, "proof-invalid"),
        ({"nonce": HALF}, "proof-invalid"),
    ],
)
async def test_a_proof_with_such_a_text_is_refused_and_recorded(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    store: Store,
    changes: dict[str, Any],
    slug: str,
) -> None:
    """RFC 9449 4.3: 401 like any other proof that is none."""
    await register(registry)
    token = (await service.issue(request(sign(claims(clock))))).access_token
    assert (await refused(service, clock, token, **changes)).type.slug == slug
    assert await problems_recorded(store) == [slug]


async def test_a_nonce_in_other_characters_than_ascii_is_not_ours(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
) -> None:
    """RFC 9449 8.2: the caller is handed the right one."""
    await register(registry)
    token = (await service.issue(request(sign(claims(clock))))).access_token
    problem = await refused(service, clock, token, nonce="ひとつ")
    assert problem.type.slug == "proof-nonce-needed"
    assert problem.headers["DPoP-Nonce"] == service.nonce()


@pytest.mark.parametrize("member", ["municipality", "purpose"])
@pytest.mark.parametrize("written", [r"a\u0000b", r"\ud800"])
def test_a_purpose_with_such_a_text_is_no_authorization_detail(member: str, written: str) -> None:
    """RFC 9396 5: ``invalid_authorization_details``."""
    detail = {"type": "hitotsu_purpose", "municipality": TOWN, "purpose": PURPOSE, member: "@"}
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "x.y.z",
        "authorization_details": json.dumps([detail]).replace("@", written),
    }
    with pytest.raises(Problem) as caught:
        read_token_request(fields, presented())
    assert caught.value.extensions["error"] == "invalid_authorization_details"


@pytest.mark.parametrize("body", [b"client_id=a%00b", b"a%00=b&client_id=x"])
def test_a_form_with_such_a_text_is_no_token_request(body: bytes) -> None:
    """RFC 6749 5.2: ``invalid_request``."""
    with pytest.raises(Problem) as caught:
        read_form(body)
    assert caught.value.extensions["error"] == "invalid_request"
