"""AT-2: tokens that are bound to a client certificate (RFC 8705)."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from sqlalchemy import select

from gateway.access import AccessRegistry, AccessService, Presented, RegistrationError
from gateway.access.credentials import Credentials
from gateway.access.schemas import TokenAnswer, TokenRequest
from gateway.access.tokens import Access, Binding
from gateway.problems import Problem
from gateway.store.tables import AuditRow, RevokedTokenRow
from tests.doubles import StoppedClock
from tests.gateway.access.certificates import KEY, certificate, pem, thumbprint
from tests.gateway.access.consumers import (
    CLIENT,
    ISSUER,
    PURPOSE,
    TOWN,
    claims,
    presented,
    proof,
    public_jwks,
    register,
    request,
    sign,
)
from tests.gateway.access.proofs import call_proof

SHORT_RSA = rsa.generate_private_key(65_537, 1_024)
SMALL_CURVE = ec.generate_private_key(ec.SECP192R1())


def shown(made: x509.Certificate, *proofs: str, path: str = "/oauth/token") -> Presented:
    return Presented(proofs, "POST", ISSUER + path, thumbprint(made))


async def issue(service: AccessService, presented: Presented, **changes: Any) -> TokenAnswer:
    """Return the token of a client that names itself by its certificate alone."""
    named = {"client_assertion": None, "client_id": CLIENT} | changes
    credentials = Credentials(certificate=presented.certificate, **named)
    return await service.issue(TokenRequest(credentials, TOWN, PURPOSE, presented))


async def call(service: AccessService, token: str, presented: Presented) -> Access:
    return await service.verify_token(f"Bearer {token}", presented)


async def refusal(awaitable: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        await awaitable
    return caught.value


@pytest.fixture
async def held(registry: AccessRegistry, clock: StoppedClock) -> x509.Certificate:
    """A certificate of the registered consumer."""
    await register(registry)
    made = certificate(clock.now())
    await registry.add_certificate(CLIENT, pem(made))
    return made


async def test_a_client_names_itself_by_its_certificate_and_its_token_is_bound_to_it(
    service: AccessService, held: x509.Certificate
):
    """RFC 8705, 2.2 and 3: the scheme of such a token is Bearer."""
    answer = await issue(service, shown(held))
    assert answer.token_type == "Bearer"
    access = await call(service, answer.access_token, shown(held))
    assert (access.client_id, access.binding) == (CLIENT, Binding.CERTIFICATE)
    assert access.key == thumbprint(held)


async def test_a_signed_assertion_and_a_certificate_go_together(
    service: AccessService, clock: StoppedClock, held: x509.Certificate
):
    """The assertion says who it is; without a proof the token is bound to the certificate."""
    asked = request(sign(claims(clock)), presented=shown(held))
    assert (await service.issue(asked)).token_type == "Bearer"


async def test_with_a_proof_the_token_is_bound_to_the_key_though_a_certificate_is_shown(
    service: AccessService, clock: StoppedClock, held: x509.Certificate
):
    """DPoP goes first: the certificate may be that of a proxy of the client's own."""
    answer = await issue(service, shown(held, proof(clock.now().timestamp())))
    assert answer.token_type == "DPoP"
    problem = await refusal(call(service, answer.access_token, shown(held)))
    assert "scheme of its type" in problem.detail_en


async def test_a_stolen_token_is_worth_nothing_without_its_certificate(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    held: x509.Certificate,
):
    """AT-2: another good certificate of the same client, or none, is refused: 401."""
    token = (await issue(service, shown(held))).access_token
    other = certificate(clock.now())
    await registry.add_certificate(CLIENT, pem(other))
    for presented_with in (shown(other), presented()):
        problem = await refusal(call(service, token, presented_with))
        assert (problem.type.slug, problem.type.status) == ("token-invalid", 401)
        assert "another certificate" in problem.detail_en
    signed = call_proof(clock, token, nonce=service.nonce())
    with_proof = Presented((signed,), "POST", f"{ISSUER}/v1/questions")
    problem = await refusal(service.verify_token(f"DPoP {token}", with_proof))
    assert problem.type.slug == "token-invalid"


@pytest.mark.parametrize("whose", ["foreign", "ended", "retired", "revoked"])
async def test_no_certificate_but_a_registered_one_gives_a_token(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    held: x509.Certificate,
    whose: str,
):
    """Neither by itself nor as what the token of an assertion is bound to."""
    made = held
    if whose == "foreign":
        made = certificate(clock.now())
    elif whose == "ended":
        clock.advance(seconds=90 * 86_400)
    elif whose == "retired":
        await registry.retire_certificate(CLIENT, thumbprint(held))
    else:
        await registry.revoke_client(CLIENT)
    problem = await refusal(issue(service, shown(made)))
    assert problem.type.slug == "client-authentication-failed"
    signed = request(sign(claims(clock)), presented=shown(made))
    problem = await refusal(service.issue(signed))
    assert problem.type.slug == (
        "client-authentication-failed" if whose == "revoked" else "proof-invalid"
    )


@pytest.mark.parametrize(
    "changes",
    [{"client_id": None}, {"client_id": "another-service"}, {"client_assertion": "a.b.c"}],
    ids=["nobody", "another", "broken-assertion"],
)
async def test_a_certificate_does_not_vouch_for_somebody_else(
    service: AccessService,
    registry: AccessRegistry,
    held: x509.Certificate,
    changes: dict[str, str | None],
):
    """A good certificate with the name of another client, or beside a bad assertion."""
    await registry.add_client(
        "another-service", name="Other", contact="ict@example.jp", jwks=public_jwks()
    )
    problem = await refusal(issue(service, shown(held), **changes))
    assert problem.type.slug == "client-authentication-failed"


async def test_a_retired_certificate_ends_its_tokens_within_a_minute(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    held: x509.Certificate,
):
    """Old and new ones overlap while a client changes them."""
    token = (await issue(service, shown(held))).access_token
    await call(service, token, shown(held))
    successor = certificate(clock.now())
    await registry.add_certificate(CLIENT, pem(successor))
    await registry.retire_certificate(CLIENT, thumbprint(held))
    clock.advance(seconds=59)
    await call(service, token, shown(held))
    clock.advance(seconds=1)
    problem = await refusal(call(service, token, shown(held)))
    assert "retired" in problem.detail_en
    assert (await issue(service, shown(successor))).token_type == "Bearer"


def weak_key() -> bytes:
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda clock: b"", "exactly one"),
        (lambda clock: b"not a certificate", "exactly one"),
        (lambda clock: pem(certificate(clock.now())) * 2, "exactly one"),
        (lambda clock: pem(certificate(clock.now())) + weak_key(), "private key"),
        (lambda clock: pem(certificate(clock.now(), days=0)), "expired"),
        (
            lambda clock: pem(certificate(clock.now(), key=SHORT_RSA)),
            "2048",
        ),
        (
            lambda clock: pem(certificate(clock.now(), key=SMALL_CURVE)),
            "P-256",
        ),
    ],
    ids=["empty", "text", "two", "private-key", "ended", "short-rsa", "small-curve"],
)
async def test_a_certificate_that_is_not_good_is_not_registered(
    registry: AccessRegistry, clock: StoppedClock, content: Any, said: str
):
    """The message says what to hand in instead."""
    await register(registry)
    with pytest.raises(RegistrationError, match=said):
        await registry.add_certificate(CLIENT, content(clock))
    assert await registry.certificates(CLIENT) == []


async def test_each_change_of_certificates_is_recorded(
    registry: AccessRegistry, held: x509.Certificate, store
):
    """Kind settings, with the thumbprint; retiring twice or adding twice is refused."""
    with pytest.raises(RegistrationError, match="already"):
        await registry.add_certificate(CLIENT, pem(held))
    await registry.retire_certificate(CLIENT, thumbprint(held))
    with pytest.raises(RegistrationError, match="no such certificate"):
        await registry.retire_certificate(CLIENT, thumbprint(held))
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    said = [row.entry for row in rows if "certificate" in row.entry]
    assert len(said) == 2
    assert all(thumbprint(held) in entry for entry in said)


async def test_a_token_that_is_given_back_is_refused_at_once(
    service: AccessService, held: x509.Certificate, store
):
    """RFC 7009; elsewhere, where it is remembered, within a minute."""
    token = (await issue(service, shown(held))).access_token
    await call(service, token, shown(held))
    await service.revoke(Credentials(None, CLIENT, thumbprint(held)), token)
    problem = await refusal(call(service, token, shown(held)))
    assert "given back" in problem.detail_en
    await service.revoke(Credentials(None, CLIENT, thumbprint(held)), token)
    async with store.session() as session:
        rows = (await session.scalars(select(AuditRow).order_by(AuditRow.sequence))).all()
    assert [r.outcome for r in rows if "token" in r.outcome] == [
        "token-issued",
        "token-revoked",
        "token-revoked",
    ]


async def test_nobody_gives_back_the_token_of_another(
    service: AccessService,
    registry: AccessRegistry,
    clock: StoppedClock,
    held: x509.Certificate,
):
    """What is not a token of the client's own is left alone, and nothing is told of it."""
    token = (await issue(service, shown(held))).access_token
    await registry.add_client(
        "another-service", name="Other", contact="ict@example.jp", jwks=public_jwks()
    )
    other = certificate(clock.now())
    await registry.add_certificate("another-service", pem(other))
    await service.revoke(Credentials(None, "another-service", thumbprint(other)), token)
    await service.revoke(Credentials(None, "another-service", thumbprint(other)), "no.token.this")
    assert (await call(service, token, shown(held))).client_id == CLIENT
    problem = await refusal(service.revoke(Credentials(None, CLIENT, None), token))
    assert problem.type.slug == "client-authentication-failed"


async def test_revoked_tokens_are_forgotten_when_no_clock_would_take_them(
    service: AccessService, clock: StoppedClock, held: x509.Certificate, store
):
    """The list does not grow for ever; clocks may differ by five minutes."""
    credentials = Credentials(None, CLIENT, thumbprint(held))
    for _ in range(3):
        token = (await issue(service, shown(held))).access_token
        await service.revoke(credentials, token)
        clock.advance(seconds=601)
    async with store.session() as session:
        assert len((await session.scalars(select(RevokedTokenRow))).all()) == 1
