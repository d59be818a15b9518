"""API2: tokens, assertions and proofs that attackers make; AT-1, AT-3, AT-4, AT-5.

Source: RFC 8725 (what goes wrong with JWTs), RFC 9449, 11 (what goes wrong with proofs).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx
from joserfc.jwk import ECKey
from sqlalchemy import func, select

from gateway.store.tables import AuditRow
from tests.gateway.access.consumers import EC, FOREIGN, RSA, public_member
from tests.gateway.access.consumers import sign as signed
from tests.redteam.siege import KEYS, OTHER_CLIENT, Siege
from tests.redteam.siege_rooms import ISSUER

ASK = "/v1/questions"
DEEP = "[" * 5_500
"""Brings a parser down that has no end of its own; fits into a token of ordinary size."""


def encoded(content: bytes | dict[str, Any] | str) -> str:
    """Return a part of a token."""
    data = json.dumps(content).encode() if isinstance(content, dict) else content
    data = data.encode() if isinstance(data, str) else data
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return header, claims and signature of a token."""
    header, claims, signature = token.split(".")
    return *(json.loads(urlsafe_b64decode(p + "==")) for p in (header, claims)), signature


def with_header(token: str, **changes: Any) -> str:
    """Return the token under another header, with the signature that it had."""
    header, claims, signature = parts(token)
    kept = {name: value for name, value in {**header, **changes}.items() if value is not None}
    return ".".join([encoded(kept), encoded(claims), signature])


def with_claims(token: str, **changes: Any) -> str:
    """Return the token with other claims, and the signature that it had."""
    header, claims, signature = parts(token)
    return ".".join([encoded(header), encoded({**claims, **changes}), signature])


def by_public_key(token: str, public: bytes) -> str:
    """Return the token signed with HS256, the public key for a secret."""
    header, claims, _ = parts(token)
    text = f"{encoded({**header, 'alg': 'HS256'})}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(public, text.encode(), hashlib.sha256))}"


def own_key(token: str, key: ECKey = FOREIGN, **header: Any) -> str:
    """Return the claims signed with a key of the attacker's own, under such a header."""
    said, claims, _ = parts(token)
    return signed(claims, key=key, header={**said, **header})


FORGERIES: dict[str, Callable[[str], str]] = {
    "none": lambda t: with_header(t, alg="none").rpartition(".")[0] + ".",
    "None": lambda t: with_header(t, alg="None"),
    "no signature": lambda t: t.rpartition(".")[0] + ".",
    "zero signature": lambda t: f"{t.rpartition('.')[0]}.{encoded(bytes(64))}",
    "public key as secret, PEM": lambda t: by_public_key(t, EC.as_pem(private=False)),
    "public key as secret, JWK": lambda t: by_public_key(
        t, json.dumps(EC.as_dict(private=False)).encode()
    ),
    "own key": own_key,
    "own key by jwk": lambda t: own_key(t, jwk=public_member(FOREIGN)),
    "own key by jku": lambda t: own_key(t, jku="https://evil.example/keys"),
    "own key by x5u": lambda t: own_key(t, x5u="https://evil.example/chain"),
    "own key by x5c": lambda t: own_key(t, x5c=["MIIB"]),
    "kid of a file": lambda t: own_key(t, kid="../../../../dev/null"),
    "kid of a query": lambda t: own_key(t, kid="x' UNION SELECT 'AAAA' --"),
    "kid of a command": lambda t: own_key(t, kid="| sleep 5"),
    "kid with a line": lambda t: own_key(t, kid="k\r\nx-admin: 1"),
    "kid of another kind": lambda t: with_header(t, kid=7),
    "no kid": lambda t: with_header(t, kid=None),
    "RS256": lambda t: signed(parts(t)[1], key=RSA, header={**parts(t)[0], "alg": "RS256"}),
    "alg as a list": lambda t: with_header(t, alg=["ES256"]),
    "b64 false": lambda t: with_header(t, b64=False, crit=["b64"]),
    "crit": lambda t: with_header(t, crit=["exp"], exp=1),
    "zip": lambda t: with_header(t, zip="DEF"),
    "later": lambda t: with_claims(t, exp=9_999_999_999),
    "other audience": lambda t: with_claims(t, aud="https://other.example"),
    "audience in a list": lambda t: own_key(with_claims(t, aud=[ISSUER])),
    "nested": lambda t: ".".join(
        [encoded({**parts(t)[0], "cty": "JWT"}), encoded(t), t.rpartition(".")[2]]
    ),
    "encrypted": lambda t: f"{t}.{encoded('x')}.{encoded('y')}",
    "huge header": lambda t: with_header(t, x="a" * 3_000),
    "huge token": lambda t: with_header(t, x="a" * 9_000),
    "deep header": lambda t: f"{encoded(DEEP)}.{t.partition('.')[2]}",
    "deep claims": lambda t: f"{t.partition('.')[0]}.{encoded(DEEP)}.{t.rpartition('.')[2]}",
    "endless number": lambda t: f"{encoded('1' * 5_000)}.{t.partition('.')[2]}",
    "UTF-16": lambda t: (
        f"{encoded(json.dumps(parts(t)[0]).encode('utf-16'))}.{t.partition('.')[2]}"
    ),
    "not JSON": lambda t: f"{encoded('x')}.{t.partition('.')[2]}",
    "not base64": lambda t: f"é{t[1:]}",
    "nothing": lambda t: "..",
}


async def counted(siege: Siege) -> int:
    """Return how many records there are."""
    async with siege.world.store.session() as session:
        return await session.scalar(select(func.count()).select_from(AuditRow)) or 0


async def call_with(siege: Siege, token: str, **proof: Any) -> httpx.Response:
    """Ask a question with this token and a proof for it."""
    shown = siege.proof_for("POST", ASK, token, EC, **proof)
    body = siege.bodies(siege.handle())["POST", ASK]
    sent = {"Authorization": f"DPoP {token}".encode(), "DPoP": shown}
    return await siege.http.post(ASK, json=body, headers=sent)


async def test_a_forged_token_opens_nothing(siege: Siege) -> None:
    """401, the same kind of problem for each, a record of the refusal; no system is asked."""
    await siege.call("POST", ASK, siege.bodies(siege.handle())["POST", ASK])  # for a nonce
    asked = len(siege.world.systems["resident"].requests)
    for name, forge in FORGERIES.items():
        before = await counted(siege)
        answer = await call_with(siege, forge(await siege.token()))
        assert answer.status_code == 401, name
        assert answer.json()["type"] == f"{ISSUER}/problems/token-invalid", name
        assert answer.headers["www-authenticate"].startswith("DPoP")
        assert len(siege.world.systems["resident"].requests) == asked, name
        assert await counted(siege) == before + 1, name


async def test_a_forged_assertion_gives_no_token(siege: Siege) -> None:
    """AT-4: 401 ``invalid_client`` for each, and a record."""
    for name, forge in FORGERIES.items():
        before = await counted(siege)
        answer = await siege.ask_token(assertion=forge(siege.assertion()))
        assert answer.status_code == 401, name
        assert answer.json()["error"] == "invalid_client", name
        assert await counted(siege) == before + 1, name


WRONG_CLAIMS: tuple[dict[str, Any], ...] = (
    {"aud": [ISSUER]},
    {"aud": f"{ISSUER}/oauth/token"},
    {"aud": "https://other.example"},
    {"iss": OTHER_CLIENT},
    {"sub": OTHER_CLIENT},
    {"exp": 10**400},
    {"iat": 10**400},
    {"exp": "soon"},
    {"exp": None},
    {"jti": None},
    {"jti": {"a": 1}},
    {"nbf": 9_999_999_999},
)


async def test_an_assertion_of_ones_own_key_with_a_wrong_claim_gives_no_token(
    siege: Siege,
) -> None:
    """AT-4: though the signature is good."""
    for changes in WRONG_CLAIMS:
        answer = await siege.ask_token(assertion=siege.assertion(**changes))
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), changes


async def test_what_one_consumer_signed_is_no_assertion_of_another(siege: Siege) -> None:
    """Its own good assertion under the other's name; and one that was used before."""
    stolen = siege.assertion()
    answer = await siege.ask_token(assertion=stolen, client_id=OTHER_CLIENT)
    assert answer.status_code in {400, 401}
    once = siege.assertion()
    assert (await siege.ask_token(assertion=once)).status_code == 200
    assert (await siege.ask_token(assertion=once)).status_code == 401


WRONG_PROOFS: tuple[dict[str, Any], ...] = (
    {"htm": "GET"},
    {"htu": f"{ISSUER}/v1/explain"},
    {"htu": "http://gateway.test/v1/questions"},
    {"htu": "https://evil.example/v1/questions"},
    {"ath": "x"},
    {"iat": 4_102_444_800},
    {"iat": 10**400},
    {"iat": -1},
    {"jti": ""},
    {"header": {"typ": "JWT"}},
    {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
    {"header": {"jwk": EC.as_dict(private=True)}},
    {"header": {"jku": "https://evil.example", "jwk": None}},
    {"header": {"crit": ["b64"], "b64": False}},
)


async def test_a_proof_about_something_else_opens_nothing(siege: Siege) -> None:
    """AT-3: 401 for each rule of RFC 9449, 4.3."""
    await siege.call("POST", ASK, siege.bodies(siege.handle())["POST", ASK])
    token = await siege.token()
    for changes in WRONG_PROOFS:
        answer = await call_with(siege, token, **changes)
        assert answer.status_code == 401, changes
        assert answer.json()["type"].endswith("/proof-invalid"), changes
    for name, forge in FORGERIES.items():
        shown = forge(siege.proof_for("POST", ASK, token, EC)).encode()
        sent = {"Authorization": f"DPoP {token}", "DPoP": shown}
        answer = await siege.http.post(ASK, json={}, headers=sent)
        assert answer.status_code == 401, name


async def test_a_stolen_token_is_worth_nothing_whatever_comes_with_it(siege: Siege) -> None:
    """AT-1, AT-3: no proof, two, a used one, one of another key, as a bearer's."""
    token = await siege.token()
    body = siege.bodies(siege.handle())["POST", ASK]
    await siege.call("POST", ASK, body)
    good = siege.proof_for("POST", ASK, token, EC)
    first = await siege.http.post(
        ASK, json=body, headers={"Authorization": f"DPoP {token}", "DPoP": good}
    )
    assert first.status_code == 200
    fresh = siege.proof_for("POST", ASK, token, EC)
    another = siege.proof_for("POST", ASK, token, EC)
    tries: list[list[tuple[str, str]]] = [
        [("Authorization", f"DPoP {token}")],
        [("Authorization", f"DPoP {token}"), ("DPoP", good)],
        [("Authorization", f"DPoP {token}"), ("DPoP", fresh), ("DPoP", another)],
        [("Authorization", f"DPoP {token}"), ("DPoP", f"{fresh}, {another}")],
        [
            ("Authorization", f"DPoP {token}"),
            ("DPoP", siege.proof_for("POST", ASK, token, FOREIGN)),
        ],
        [("Authorization", f"Bearer {token}")],
        [("Authorization", f"Bearer {token}"), ("DPoP", another)],
        [("Authorization", f"DPoP {token}"), ("DPoP", encoded(DEEP) + ".e30.x")],
    ]
    for headers in tries:
        answer = await siege.http.post(ASK, json=body, headers=headers)
        assert answer.status_code == 401, headers[1:]


async def test_a_key_cannot_be_exchanged_for_another_after_the_token(siege: Siege) -> None:
    """AT-3: the other consumer's key, good in itself, is not the one of the token."""
    token = await siege.token()
    await siege.call("POST", ASK, siege.bodies(siege.handle())["POST", ASK])
    stolen = await call_with(siege, token)
    assert stolen.status_code == 200
    shown = siege.proof_for("POST", ASK, token, KEYS[OTHER_CLIENT])
    sent = {"Authorization": f"DPoP {token}", "DPoP": shown}
    answer = await siege.http.post(ASK, json={}, headers=sent)
    assert "another key" in answer.json()["detail"] or "別の鍵" in answer.json()["detail"]
    assert answer.status_code == 401
