import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService
from gateway.problems import Problem
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    CLIENT,
    EC,
    ED,
    FOREIGN,
    ISSUER,
    RSA,
    access_service,
    claims,
    public_jwks,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import verified


async def refusal(service: AccessService, assertion: str, **changes: Any) -> Problem:
    with pytest.raises(Problem) as refused:
        await service.issue(request(assertion, **changes))
    return refused.value


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (EC, {"alg": "ES256", "kid": "ec-1"}),
        (RSA, {"alg": "PS256", "kid": "rsa-1"}),
        (ED, {"alg": "EdDSA", "kid": "ed-1"}),
        (ED, {"alg": "Ed25519", "kid": "ed-1"}),
        (EC, {"alg": "ES256", "kid": "ec-1", "typ": "client-authentication+jwt"}),
    ],
    ids=["ES256", "PS256", "EdDSA", "Ed25519", "typed"],
)
async def test_each_accepted_algorithm_gives_a_token(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, key, header
):
    """The token is bound to the purpose and works at once."""
    await register(registry)
    answer = await service.issue(request(sign(claims(clock), key=key, header=header)))
    assert (answer.token_type, answer.expires_in) == ("DPoP", 300)
    access = await verified(service, clock, answer.access_token)
    assert (access.client_id, access.municipality, access.purpose_id) == (
        "online-service",
        "999997",
        "jidoteate-ninteiseikyu",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"aud": [ISSUER]}, "aud must be"),
        ({"aud": f"{ISSUER}/oauth/token"}, "aud must be"),
        ({"aud": f"{ISSUER}/"}, "aud must be"),
        ({"aud": "https://other.example.jp"}, "aud must be"),
        ({"aud": None}, "aud must be"),
        ({"iss": "somebody-else"}, "iss and sub"),
        ({"iss": None}, "iss and sub"),
        ({"exp": None}, "exp is missing"),
        ({"exp": True}, "exp is not a time"),
        ({"exp": "2026-10-01"}, "exp is not a time"),
        ({"exp": 1790816400}, "expired"),
        ({"exp": 1790816400 + 331}, "at most 300"),
        ({"iat": 1790816400 + 31}, "iat lies in the future"),
        ({"nbf": 1790816400 + 31}, "nbf lies in the future"),
        ({"jti": None}, "jti must be"),
        ({"jti": ""}, "jti must be"),
        ({"jti": "x" * 129}, "jti must be"),
        ({"jti": 7}, "jti must be"),
    ],
)
async def test_a_signed_assertion_with_a_wrong_claim_is_refused_by_the_name_of_the_claim(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    changes: dict[str, Any],
    said: str,
):
    """The clock stands at 1790816400 s; clocks may differ by 30 seconds, not more."""
    await register(registry)
    assert clock.now().timestamp() == 1790816400
    problem = await refusal(service, sign(claims(clock, **changes)))
    assert problem.type.slug == "client-authentication-failed"
    assert said in problem.detail_en
    assert problem.extensions["error"] == "invalid_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"iat": 1790816400 + 30},
        {"nbf": 1790816400 + 30},
        {"exp": 1790816401},
        {"exp": 1790816400 + 300},
        {"iat": None},
    ],
)
async def test_times_at_the_border_are_accepted(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, changes: dict[str, Any]
):
    """Just inside what the refusals name."""
    await register(registry)
    assert (await service.issue(request(sign(claims(clock, **changes))))).access_token


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://keys.example.jp"},
        {"x5u": "https://keys.example.jp"},
        {"jwk": EC.as_dict(private=False)},
        {"x5c": ["MIIB"]},
        {"crit": ["b64"], "b64": False},
    ],
    ids=["jku", "x5u", "jwk", "x5c", "crit"],
)
async def test_an_assertion_that_brings_its_own_key_is_refused(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, header: dict[str, Any]
):
    """Only registered keys count, even if the signature would be good."""
    await register(registry)
    good = sign(claims(clock))
    head = urlsafe_b64encode(json.dumps({"alg": "ES256", "kid": "ec-1", **header}).encode()).rstrip(
        b"="
    )
    problem = await refusal(service, f"{head.decode()}.{good.split('.', 1)[1]}")
    assert "header" in problem.detail_en


def unsigned(clock: StoppedClock, algorithm: str) -> str:
    parts = ({"alg": algorithm, "kid": "ec-1"}, claims(clock))
    head, body = (urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    return f"{head}.{body}."


def keyed_with_the_public_key(clock: StoppedClock) -> str:
    text = unsigned(clock, "HS256")[:-1]
    digest = hmac.digest(EC.as_pem(private=False), text.encode(), "sha256")
    return f"{text}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE"])
async def test_an_unsigned_assertion_is_refused(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, algorithm: str
):
    """The algorithm none is none of those accepted."""
    await register(registry)
    assert "alg must be" in (await refusal(service, unsigned(clock, algorithm))).detail_en


async def test_symmetric_and_weak_algorithms_are_refused(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """HS256 keyed with the public key, RS256 and ES384 are refused before any key is looked up."""
    await register(registry)
    attempts = [
        keyed_with_the_public_key(clock),
        sign(claims(clock), key=RSA, header={"alg": "RS256", "kid": "rsa-1"}),
        sign(claims(clock), key=ECKey.generate_key("P-384"), header={"alg": "ES384"}),
    ]
    for attempt in attempts:
        assert "alg must be" in (await refusal(service, attempt)).detail_en


async def test_who_cannot_be_authenticated_cannot_tell_why(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Unknown client, unknown key, wrong key, wrong type of key, revoked client: one answer."""
    await register(registry)
    stranger = {"iss": "stranger", "sub": "stranger"}
    attempts = [
        sign(claims(clock, **stranger)),
        sign(claims(clock), header={"kid": "no-such-key"}),
        sign(claims(clock), key=FOREIGN),
        sign(claims(clock), key=RSA, header={"alg": "PS256", "kid": "ec-1"}),
    ]
    problems = [await refusal(service, a) for a in attempts]
    problems.append(await refusal(service, sign(claims(clock)), client_id="somebody-else"))
    await registry.revoke_client(CLIENT)
    problems.append(await refusal(service, sign(claims(clock))))
    said = "The client, its key or the signature is not known."
    for problem in problems:
        assert problem.type.slug == "client-authentication-failed"
        assert problem.detail_en == said
        assert problem.detail_ja == "連携先、鍵、署名のいずれかを確認できません。"
        assert problem.extensions == {"error": "invalid_client", "error_description": said}


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_changed_assertion_is_refused(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, part: int
):
    """Whichever part was changed after signing."""
    await register(registry)
    parts = sign(claims(clock)).split(".")
    other = sign(claims(clock), header={"typ": "JWT"}).split(".")
    parts[part] = other[part]
    assert (await refusal(service, ".".join(parts))).type.slug == "client-authentication-failed"


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "ä.ö.ü", "e30.e30.", "..", "x" * 9000])
async def test_what_is_no_jwt_is_refused(service: AccessService, text: str):
    """Never an internal error."""
    assert (await refusal(service, text)).type.slug == "client-authentication-failed"


async def test_an_assertion_works_once_also_after_a_restart(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, store, keys, audit_log
):
    """The second use is refused by this process and by the next one."""
    await register(registry)
    assertion = sign(claims(clock))
    await service.issue(request(assertion))
    assert "jti was used" in (await refusal(service, assertion)).detail_en
    restarted = access_service(store, keys, audit_log, clock)
    assert "jti was used" in (await refusal(restarted, assertion)).detail_en


async def test_a_stranger_cannot_use_up_the_jti_of_a_client(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Only an assertion that was verified is remembered."""
    await register(registry)
    content = claims(clock, jti="chosen")
    await refusal(service, sign(content, key=FOREIGN))
    assert (await service.issue(request(sign(content)))).access_token


async def test_old_and_new_key_overlap_and_a_retired_key_is_refused_at_once(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
):
    """Add the new key, switch, retire the old one."""
    await register(registry)
    await registry.rotate_keys(CLIENT, add=public_jwks(ec_2=FOREIGN))
    assert (await service.issue(request(sign(claims(clock))))).access_token
    new = {"kid": "ec-2"}
    assert (await service.issue(request(sign(claims(clock), key=FOREIGN, header=new)))).access_token
    assert await registry.rotate_keys(CLIENT, add=None, retire=["ec-1"]) == [
        "rsa-1",
        "ed-1",
        "ec-2",
    ]
    await refusal(service, sign(claims(clock)))


async def test_token_and_refusal_are_recorded_without_what_a_stranger_claims(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, store
):
    """Kind authentication; a refused caller's own words are not written down."""
    await register(registry)
    await service.issue(request(sign(claims(clock))))
    await refusal(service, sign(claims(clock), key=FOREIGN), purpose="canary-purpose")
    canary = secrets.token_hex(6)
    await refusal(service, sign(claims(clock, iss=canary, sub=canary)))
    async with store.session() as session:
        query = select(AuditRow).where(AuditRow.kind == "authentication")
        rows = (await session.scalars(query.order_by(AuditRow.sequence))).all()
    assert [(r.outcome, r.client_id, r.purpose_id, r.municipality) for r in rows] == [
        ("token-issued", "online-service", "jidoteate-ninteiseikyu", "999997"),
        ("refused", "online-service", None, "000000"),
        ("refused", None, None, "000000"),
    ]
    text = "".join(r.entry for r in rows)
    assert canary not in text
    assert "canary-purpose" not in text


async def test_no_token_without_a_record(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, audit_log
):
    """When the audit record cannot be written, the token does not go out."""
    await register(registry)
    await audit_log.aclose()
    problem = await refusal(service, sign(claims(clock)))
    assert problem.type.slug == "audit-unavailable"
