import json
from typing import Any

import pytest
from joserfc import jws
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService, Caller
from gateway.access.refusals import CHALLENGE
from gateway.access.tokens import CACHE_SECONDS, TokenCache, VerifiedToken, read_token
from gateway.keys import FileKeyStore
from gateway.problems import Problem
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    CLIENT,
    EC,
    FOREIGN,
    ISSUER,
    claims,
    presented,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import refused, verified


async def token(service: AccessService, clock: StoppedClock) -> str:
    return (await service.issue(request(sign(claims(clock))))).access_token


async def refusal(service: AccessService, header: str | None) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.verify_token(header, presented())
    return refused.value


async def test_a_call_without_a_token_is_told_how_to_bring_one(service: AccessService):
    """401 with the scheme that is expected."""
    for header in (None, "", "  "):
        problem = await refusal(service, header)
        assert problem.type.slug == "token-missing"
        assert problem.headers["WWW-Authenticate"] == CHALLENGE


@pytest.mark.parametrize("header", ["Basic abc", "DPoP", "DPoP x", "DPoP a.b.c", "Bearer a.b.c"])
async def test_what_is_no_token_is_refused(service: AccessService, header: str):
    """401, and the error code of RFC 6750."""
    problem = await refusal(service, header)
    assert problem.type.slug == "token-invalid"
    assert problem.headers["WWW-Authenticate"] == f'{CHALLENGE}, error="invalid_token"'
    assert problem.extensions["error"] == "invalid_token"


async def test_a_token_works_until_its_last_second(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """300 seconds here; also when it was remembered a moment ago."""
    await register(registry)
    text = await token(service, clock)
    clock.advance(seconds=299)
    assert (await verified(service, clock, text)).client_id == "online-service"
    clock.advance(seconds=1)
    assert "expired" in (await refused(service, clock, text)).detail_en


async def test_a_token_says_what_rfc_9068_wants_and_nothing_of_a_person(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    keys: FileKeyStore,
):
    """Type at+jwt, issuer, audience, client, the purpose; the signing key's id."""
    await register(registry)
    text = await token(service, clock)
    key = keys.keys().signing_key
    parsed = jws.deserialize_compact(text, key.jwk, algorithms=["ES256"])
    assert parsed.headers() == {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    content: dict[str, Any] = json.loads(parsed.payload or b"")
    assert len(content.pop("jti")) >= 20
    assert content.pop("cnf") == {"jkt": EC.thumbprint()}
    assert content == {
        "iss": "https://hitotsu.example.jp",
        "aud": "https://hitotsu.example.jp",
        "sub": "online-service",
        "client_id": "online-service",
        "municipality": "999997",
        "purpose": "jidoteate-ninteiseikyu",
        "iat": 1790816400,
        "exp": 1790816700,
    }


async def test_a_revoked_client_is_refused_after_a_minute_at_most(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """A token that was verified just before the revocation is remembered for 60 seconds."""
    await register(registry)
    text = await token(service, clock)
    await verified(service, clock, text)
    await registry.revoke_client(CLIENT)
    clock.advance(seconds=59)
    assert (await verified(service, clock, text)).client_id == CLIENT
    clock.advance(seconds=1)
    assert "revoked" in (await refused(service, clock, text)).detail_en


async def test_a_clock_that_is_put_back_prolongs_no_revoked_client(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """What was verified at a time that is still to come is verified anew."""
    await register(registry)
    text = await token(service, clock)
    await verified(service, clock, text)
    await registry.revoke_client(CLIENT)
    clock.advance(seconds=-3_600)
    assert "revoked" in (await refused(service, clock, text)).detail_en


async def test_a_token_that_was_not_seen_yet_is_refused_at_once_after_the_revocation(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Only remembered tokens enjoy the minute."""
    await register(registry)
    text = await token(service, clock)
    await registry.revoke_client(CLIENT)
    assert "revoked" in (await refused(service, clock, text)).detail_en


async def test_a_token_of_the_last_signing_key_works_until_the_rotation_ends(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, keys: FileKeyStore
):
    """Rotation does not interrupt anybody."""
    await register(registry)
    text = await token(service, clock)
    clock.advance(seconds=10)
    keys.rotate_signing(clock.now().replace(second=40))
    assert (await verified(service, clock, text)).client_id == CLIENT
    clock.advance(seconds=CACHE_SECONDS)
    assert "key of the token" in (await refused(service, clock, text)).detail_en


def forged(clock: StoppedClock, keys: FileKeyStore, **changes: Any) -> str:
    now = int(clock.now().timestamp())
    members = {
        "iss": ISSUER,
        "aud": ISSUER,
        "client_id": CLIENT,
        "municipality": "999997",
        "purpose": "p",
        "jti": "j",
        "cnf": {"jkt": EC.thumbprint()},
        "exp": now + 60,
    } | changes
    current = keys.keys().signing_key
    head = {"alg": "ES256", "typ": "at+jwt", "kid": current.kid}
    return sign({n: v for n, v in members.items() if v is not None}, key=current.jwk, header=head)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example.jp"},
        {"aud": [ISSUER]},
        {"iss": "https://other.example.jp"},
        {"exp": None},
        {"exp": "later"},
        {"exp": 1790816400},
        {"purpose": None},
        {"municipality": 999997},
        {"cnf": None},
        {"cnf": {"jkt": None}},
        {"cnf": "key"},
    ],
)
async def test_a_token_of_our_own_key_with_other_claims_is_refused(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    keys: FileKeyStore,
    changes: dict[str, Any],
):
    """Another gateway, another issuer, no end, no purpose."""
    await register(registry)
    await verified(service, clock, forged(clock, keys))
    problem = await refused(service, clock, forged(clock, keys, **changes))
    assert problem.type.slug == "token-invalid"


async def test_an_assertion_of_the_client_is_no_token(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Though it is signed by a registered key and for this gateway."""
    await register(registry)
    assert (await refused(service, clock, sign(claims(clock)))).type.slug == "token-invalid"


async def test_a_token_of_a_foreign_key_is_refused(
    service: AccessService, clock: StoppedClock, keys: FileKeyStore
):
    """Under our key id, but not signed with our key."""
    head = {"alg": "ES256", "typ": "at+jwt", "kid": keys.keys().signing_key.kid}
    text = sign({"iss": ISSUER, "aud": ISSUER}, key=FOREIGN, header=head)
    assert "signature" in (await refused(service, clock, text)).detail_en


async def test_a_refused_token_is_recorded_with_where_it_came_from(service: AccessService, store):
    """Kind authentication; the token itself is not written down."""
    with pytest.raises(Problem):
        await service.verify_token(
            "DPoP canary.canary.canary", presented(), Caller("trace-1", "192.0.2.9")
        )
    async with store.session() as session:
        row = (await session.scalars(select(AuditRow))).one()
    assert (row.kind, row.outcome, row.client_id) == ("authentication", "refused", None)
    assert '"terminal":"192.0.2.9"' in row.entry
    assert '"trace_id":"trace-1"' in row.entry
    assert '"problem":"token-invalid"' in row.entry
    assert "canary" not in row.entry


def test_the_memory_of_verified_tokens_is_bounded(clock: StoppedClock, keys: FileKeyStore):
    """The oldest leave first; each is forgotten with its own end."""
    cache = TokenCache(size=2)
    texts = [forged(clock, keys, jti=str(n), exp=1790816410) for n in range(3)]
    for text in texts:
        verified = read_token(text, keys.keys(), issuer=ISSUER, now=clock.now())
        assert isinstance(verified, VerifiedToken)
        cache.keep(text, verified, clock.now())
    assert len(cache) == 2
    assert cache.find(texts[0], clock.now()) is None
    found = cache.find(texts[2], clock.now())
    assert found is not None
    assert found.token_id == "2"
    clock.advance(seconds=10)
    assert cache.find(texts[2], clock.now()) is None
