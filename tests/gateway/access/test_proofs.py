"""A token is worth nothing without its key: proofs of possession (AT-3, RFC 9449)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from gateway.access import AccessRegistry, AccessService
from gateway.access.dpop import FRESH_S, NONCE_S, OwnMemory, ProofGuard, token_digest
from gateway.access.refusals import CHALLENGE
from gateway.problems import Problem
from gateway.store.engine import Store
from gateway.store.tables import AuditRow
from tests.doubles import StoppedClock
from tests.gateway.access.consumers import (
    EC,
    ED,
    FOREIGN,
    ISSUER,
    RSA,
    Key,
    claims,
    presented,
    proof,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import ASK, call_proof, refused, verified


@pytest.fixture
async def token(service: AccessService, registry: AccessRegistry, clock: StoppedClock) -> str:
    """A token that is bound to the client's first key."""
    await register(registry)
    return (await service.issue(request(sign(claims(clock))))).access_token


async def problem_of(service: AccessService, token: str, *proofs: str) -> Problem:
    with pytest.raises(Problem) as caught:
        await service.verify_token(f"DPoP {token}", presented(*proofs, path=ASK))
    return caught.value


@pytest.mark.parametrize("key", [EC, RSA, ED], ids=["ES256", "PS256", "EdDSA"])
async def test_a_token_works_with_the_key_that_it_was_issued_to(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock, key: Key
) -> None:
    """And with no other; of each accepted type."""
    await register(registry)
    shown = presented(proof(clock.now().timestamp(), key=key))
    asked = request(sign(claims(clock)), presented=shown)
    token = (await service.issue(asked)).access_token
    assert (await verified(service, clock, token, key=key)).key == key.thumbprint()
    problem = await refused(service, clock, token, key=FOREIGN)
    assert problem.type.slug == "proof-invalid"
    assert "another key" in problem.detail_en


async def test_a_stolen_token_alone_is_worth_nothing(
    service: AccessService, clock: StoppedClock, token: str
) -> None:
    """AT-1: no proof, the scheme of an unbound token, a proof of the thief's own key."""
    assert (await problem_of(service, token)).type.slug == "proof-invalid"
    with pytest.raises(Problem) as bearer:
        await service.verify_token(f"Bearer {token}", presented(path=ASK))
    assert bearer.value.type.slug == "token-invalid"
    thief = ECKey.generate_key("P-256")
    assert (await refused(service, clock, token, key=thief)).type.slug == "proof-invalid"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"htm": "GET"}, "htm"),
        ({"htm": None}, "htm"),
        ({"htu": f"{ISSUER}/v1/catalogue"}, "htu"),
        ({"htu": f"https://other.example.jp{ASK}"}, "htu"),
        ({"htu": f"http://hitotsu.example.jp{ASK}"}, "htu"),
        ({"htu": None}, "htu"),
        ({"htu": "https://[:1"}, "htu"),
        ({"ath": None}, "ath"),
        ({"ath": token_digest("another")}, "ath"),
        ({"jti": None}, "jti"),
        ({"jti": "x" * 129}, "jti"),
        ({"jti": 7}, "jti"),
        ({"iat": None}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"iat": float("nan")}, "JSON"),
        ({"iat": 0}, "iat"),
        ({"header": {"typ": "JWT"}}, "typ"),
        ({"header": {"alg": "RS256"}, "key": RSA}, "alg"),
        ({"header": {"jwk": None}}, "jwk"),
        ({"header": {"jwk": EC.as_dict(private=True)}}, "jwk"),
        ({"header": {"jwk": {"kty": "oct", "k": "c2VjcmV0"}}}, "jwk"),
        ({"header": {"jwk": {"kty": "EC", "crv": "P-256", "x": "A", "y": "A"}}}, "jwk"),
        ({"header": {"jwk": FOREIGN.as_dict(private=False)}}, "signature"),
        ({"header": {"alg": "PS256"}, "key": RSA, "ath": None}, "ath"),
        ({"header": {"crit": ["b64"], "b64": False}}, ""),
    ],
)
async def test_a_proof_about_something_else_is_refused(
    service: AccessService, clock: StoppedClock, token: str, changes: dict[str, Any], said: str
) -> None:
    """RFC 9449 4.3, rule by rule; the detail names the rule."""
    problem = await refused(service, clock, token, **changes)
    assert problem.type.slug == "proof-invalid"
    assert said in problem.detail_en
    assert problem.headers["WWW-Authenticate"] == f'{CHALLENGE}, error="invalid_dpop_proof"'


@pytest.mark.parametrize(
    "htu", [f"{ISSUER}:443{ASK}", f"HTTPS://HITOTSU.example.jp{ASK}?a=b#c"], ids=["port", "case"]
)
async def test_the_same_address_may_be_written_in_other_ways(
    service: AccessService, clock: StoppedClock, token: str, htu: str
) -> None:
    """Default port, letters of scheme and host, query and fragment do not matter."""
    assert await verified(service, clock, token, htu=htu)


@pytest.mark.parametrize(
    ("seconds", "good"), [(-FRESH_S, True), (FRESH_S, True), (-61, False), (61, False)]
)
async def test_a_proof_is_good_for_a_minute_to_both_sides(
    service: AccessService, clock: StoppedClock, token: str, seconds: int, good: bool
) -> None:
    """Clocks differ; a proof that was kept does not work."""
    issued = int(clock.now().timestamp()) + seconds
    if good:
        assert await verified(service, clock, token, iat=issued)
    else:
        assert "iat" in (await refused(service, clock, token, iat=issued)).detail_en


async def test_a_proof_works_once(service: AccessService, clock: StoppedClock, token: str) -> None:
    """Whoever listened in cannot send it again, nor a second one under its jti."""
    made = call_proof(clock, token, nonce=service.nonce(), jti="once")
    await service.verify_token(f"DPoP {token}", presented(made, path=ASK))
    again = await problem_of(service, token, made)
    assert "used before" in again.detail_en
    assert "used before" in (await refused(service, clock, token, jti="once")).detail_en


async def test_two_proofs_are_refused(
    service: AccessService, clock: StoppedClock, token: str
) -> None:
    """Nobody can hide one behind the other."""
    made = [call_proof(clock, token, nonce=service.nonce()) for _ in range(2)]
    assert "exactly once" in (await problem_of(service, token, *made)).detail_en


@pytest.mark.parametrize(
    "nonce", [None, "", "guessed", 5], ids=["none", "empty", "wrong", "no text"]
)
async def test_without_a_nonce_of_ours_the_call_is_to_be_repeated_with_one(
    service: AccessService, store: Store, clock: StoppedClock, token: str, nonce: object
) -> None:
    """It is handed out with the refusal, which is half a call and leaves no record."""
    before = await records(store)
    problem = await problem_of(service, token, call_proof(clock, token, nonce=nonce))
    assert problem.type.slug == "proof-nonce-needed"
    assert problem.extensions["error"] == "use_dpop_nonce"
    assert problem.headers["DPoP-Nonce"] == service.nonce()
    assert await records(store) == before
    assert await verified(service, clock, token, nonce=problem.headers["DPoP-Nonce"])


async def test_a_nonce_outlives_the_next_one_but_not_the_one_after(
    service: AccessService, clock: StoppedClock, token: str
) -> None:
    """So that a call under way when it changes is not lost."""
    nonce = service.nonce()
    clock.advance(seconds=NONCE_S - 1)
    assert await verified(service, clock, token, nonce=nonce)


def test_what_was_seen_is_worthless_after_a_restart(clock: StoppedClock) -> None:
    """The memory is gone, and so are the nonces of the process that had it."""
    old, new = ProofGuard(), ProofGuard()
    assert old.nonce(clock.now()) != new.nonce(clock.now())


async def test_memory_of_proofs_is_given_back(
    service: AccessService, clock: StoppedClock, token: str
) -> None:
    """After the time in which they could be used."""
    for _ in range(5):
        await verified(service, clock, token)
    seen = service._proofs.seen
    assert isinstance(seen, OwnMemory)
    assert len(seen) == 5
    clock.advance(seconds=2 * FRESH_S)
    await verified(service, clock, token)
    assert len(seen) == 1


async def test_a_refused_proof_is_recorded_under_the_client_of_the_token(
    service: AccessService, store: Store, clock: StoppedClock, token: str
) -> None:
    """So that the theft of a token shows."""
    await refused(service, clock, token, key=FOREIGN)
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    last = json.loads(rows[-1].entry)
    assert (last["client_id"], last["problem"]) == ("online-service", "proof-invalid")


async def test_no_token_is_issued_without_a_proof(
    service: AccessService, registry: AccessRegistry, clock: StoppedClock
) -> None:
    """AT-1: there are no unbound tokens."""
    await register(registry)
    with pytest.raises(Problem) as caught:
        await service.issue(request(sign(claims(clock)), presented=presented()))
    assert caught.value.type.slug == "proof-invalid"
    assert caught.value.extensions["error"] == "invalid_dpop_proof"


async def records(store: Store) -> int:
    async with store.session() as session:
        return await session.scalar(select(func.count()).select_from(AuditRow)) or 0
