"""A registered consumer with keys of every accepted kind, and the assertions it signs."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import warnings
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from adapters.contract import EventLog
from gateway.access import AccessRegistry, AccessService, AccessStore, Presented
from gateway.access.credentials import Credentials
from gateway.access.grants import GrantTerms
from gateway.access.jose import TokenRefused, read_untrusted_claims
from gateway.access.quotas import Quotas, Rates
from gateway.access.schemas import TokenRequest
from gateway.audit import AuditLog
from gateway.keys import KeyStore
from gateway.settings import MOST_PER_MINUTE
from gateway.store.engine import Store
from gateway.subjects import SubjectService, SubjectStore
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock

ISSUER = "https://hitotsu.example.jp"
CLIENT = "online-service"
TOWN = "999997"
PURPOSE = "jidoteate-ninteiseikyu"
NAME = "001.juminkihonjoho.shimei"
ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519", "RS256", "HS256", "ES384"]

Key = ECKey | RSAKey | OKPKey | OctKey

EC = ECKey.generate_key("P-256")
RSA = RSAKey.generate_key(2048)
ED = OKPKey.generate_key("Ed25519")
FOREIGN = ECKey.generate_key("P-256")
KEYS: Mapping[str, Key] = {"ec-1": EC, "rsa-1": RSA, "ed-1": ED}


def public_jwks(**keys: Key) -> dict[str, Any]:
    """Return a JWK Set of the public parts, each under the name it was given."""
    chosen = {name.replace("_", "-"): key for name, key in keys.items()} or KEYS
    return {"keys": [{**k.as_dict(private=False), "kid": kid} for kid, k in chosen.items()]}


def claims(clock: StoppedClock, **changes: Any) -> dict[str, Any]:
    """Return good claims at the clock's time with ``changes``; None takes a claim away."""
    now = int(clock.now().timestamp())
    members = {
        "iss": CLIENT,
        "sub": CLIENT,
        "aud": ISSUER,
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    } | changes
    return {name: value for name, value in members.items() if value is not None}


def sign(
    content: Mapping[str, Any],
    *,
    key: Key = EC,
    header: Mapping[str, Any] | None = None,
) -> str:
    """Return ``content`` signed with ``key`` under ``header``."""
    head = {"alg": "ES256", "kid": "ec-1", **(header or {})}
    registry = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    registry.max_header_length = 4_096
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return jws.serialize_compact(head, json.dumps(content).encode(), key, registry=registry)


def public_member(key: Key) -> dict[str, Any]:
    """Return the public key as a header carries it."""
    members = key.as_dict(private=False)
    return {n: members[n] for n in ("kty", "crv", "x", "y", "n", "e") if n in members}


def proof(
    now: float, *, key: Key = EC, header: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """Return a good proof for a token request, with ``changes``; None takes a claim away."""
    algorithm = {id(RSA): "PS256", id(ED): "EdDSA"}.get(id(key), "ES256")
    head = {"typ": "dpop+jwt", "alg": algorithm, "jwk": public_member(key), **(header or {})}
    head = {name: member for name, member in head.items() if member is not None}
    members = {
        "jti": secrets.token_hex(8),
        "htm": "POST",
        "htu": f"{ISSUER}/oauth/token",
        "iat": int(now),
    } | changes
    content = {name: value for name, value in members.items() if value is not None}
    return sign(content, key=key, header=head)


def presented(*proofs: str, path: str = "/oauth/token") -> Presented:
    """Return a call with these proofs."""
    return Presented(proofs, "POST", ISSUER + path)


def request(assertion: str, **changes: Any) -> TokenRequest:
    """Return a token request with ``assertion``, and a good proof made at the same time."""
    now = _issued_at(assertion)
    client_id = changes.pop("client_id", None)
    members = {
        "municipality": TOWN,
        "purpose": PURPOSE,
        "presented": presented(proof(now)),
    } | changes
    return TokenRequest(Credentials(assertion, client_id, None), **members)


def _issued_at(assertion: str) -> float:
    """Return about when an assertion was made, 0 where it says nothing of the kind."""
    try:
        said = read_untrusted_claims(assertion)
    except (TokenRefused, IndexError):
        return 0
    now = said.get("iat", said.get("exp", 0))
    return now if isinstance(now, int) else 0


def access_service(
    store: Store, keys: KeyStore, audit: AuditLog, clock: StoppedClock
) -> AccessService:
    """Return the service under test."""
    people = SubjectService(SubjectStore(store), keys, clock=clock)
    return AccessService(
        AccessStore(store),
        keys,
        audit,
        people,
        clock=clock,
        issuer=ISSUER,
        token_lifetime_s=300,
        quotas=ample_quotas(),
    )


def ample_quotas(log: EventLog | None = None) -> Quotas:
    """Return quotas that nobody uses up, for tests about something else."""
    return Quotas(Rates(MOST_PER_MINUTE, MOST_PER_MINUTE), log or RecordingLog())


def access_registry(store: Store, clock: StoppedClock) -> AccessRegistry:
    """Return the registry."""
    return AccessRegistry(AccessStore(store), load_builtin(), clock=clock, actor="test")


async def register(
    registry: AccessRegistry,
    *,
    valid_from: dt.date = dt.date(2026, 4, 1),
    valid_to: dt.date | None = dt.date(2027, 3, 31),
) -> str:
    """Register the consumer, the purpose and a grant of one item; return the grant's id."""
    await registry.add_client(CLIENT, name="Online", contact="ict@example.jp", jwks=public_jwks())
    await registry.add_purpose(
        TOWN,
        PURPOSE,
        name_ja="児童手当の認定請求",
        name_en="Claim for child allowance",
        legal_basis="児童手当法第7条",
        organ="子育て支援課",
    )
    row = await registry.propose_grant(
        TOWN, CLIENT, PURPOSE, GrantTerms(items=[NAME], valid_from=valid_from, valid_to=valid_to)
    )
    await approve(registry, row.grant_id)
    return row.grant_id


async def approve(registry: AccessRegistry, grant_id: str) -> None:
    """Approve a grant as a second person."""
    second = AccessRegistry(
        registry._store, registry._dictionary, clock=registry._clock, actor="second"
    )
    await second.approve_grant(TOWN, grant_id)
