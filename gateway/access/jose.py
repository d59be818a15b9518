"""What we accept of signed tokens and public keys, whoever made them. Pure.

Source: RFC 7515, RFC 7517, RFC 8725 (best current practices); FAPI 2.0 for the algorithms.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.util import urlsafe_b64decode

from gateway.api.characters import holds_nul
from gateway.errors import ExplainedError

ASSERTION_ALGORITHMS: Final = ("ES256", "PS256", "EdDSA", "Ed25519")
"""``Ed25519`` is the newer name of the same algorithm (RFC 9864)."""
MAX_TOKEN_CHARS: Final = 8_192
MAX_HEADER_CHARS: Final = 2_048
"""A header that carries an RSA key of 4,096 bits has about a thousand."""
MAX_KEYS: Final = 10
MIN_RSA_BITS: Final = 2_048

_CARRIES_A_KEY: Final = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"})
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


_ALGORITHMS: Final[Mapping[str, Any]] = {
    name: jws.JWSRegistry.algorithms[name] for name in ASSERTION_ALGORITHMS
}
PublicKey = ECKey | RSAKey | OKPKey


class TokenRefused(ExplainedError):
    """A signed token is not acceptable. The texts name the broken rule, never a sent value."""


class KeyRefused(Exception):
    """A public key is not acceptable; the message says why."""


def read_header(segment: str) -> dict[str, Any]:
    """Return the header that the first part of a JWS holds, which is not trusted yet.

    Raises:
        TokenRefused: it is none; names a key by itself; has extensions that must be understood.

    """
    header = read_json_header(segment)
    if _CARRIES_A_KEY & header.keys():
        raise TokenRefused(
            "ヘッダーに鍵やその所在を入れることはできません。",
            "the header must not carry or point to a key.",
        )
    if not isinstance(header.get("kid"), str):
        raise TokenRefused("ヘッダーに kid が必要です。", "the header needs a kid.")
    return header


def require_compact(token: str) -> str:
    """Return the first part of a compact JWS of ordinary size.

    Raises:
        TokenRefused: not a JWS; too long.

    """
    if len(token) > MAX_TOKEN_CHARS or token.count(".") != 2:
        raise TokenRefused("署名付き JWT ではありません。", "not a signed JWT.")
    return token.split(".", 1)[0]


def read_json_header(segment: str) -> dict[str, Any]:
    """Return the header that the first part of a JWS holds.

    Raises:
        TokenRefused: it is none, or has extensions that must be understood.

    """
    if len(segment) > MAX_HEADER_CHARS:
        raise TokenRefused("ヘッダーが長すぎます。", "the header is too long.")
    header = _json_object(segment)
    if "crit" in header or "b64" in header:
        raise TokenRefused(
            "ヘッダーに対応していない拡張があります。",
            "the header has extensions that are not supported.",
        )
    return header


def read_claims(token: str, key: PublicKey, algorithm: str) -> dict[str, Any]:
    """Return the claims of ``token`` if ``key`` signed it with ``algorithm``.

    Raises:
        TokenRefused: the signature is wrong, or the content is not a JSON object.

    """
    try:
        payload = _payload(token, key, algorithm)
    except (JoseError, ValueError, TypeError):
        raise TokenRefused("署名が正しくありません。", "the signature is not valid.") from None
    claims: object = None
    with suppress(orjson.JSONDecodeError):
        claims = orjson.loads(payload)
    # NUL can only be there in this notation: as it is, it is no JSON.
    if not isinstance(claims, dict) or (b"\\u0000" in payload and holds_nul(claims)):
        raise TokenRefused(
            "内容が JSON オブジェクトではないか、文字列に NUL があります。",
            "the content is not a JSON object of ordinary texts.",
        )
    return claims


def _payload(token: str, key: PublicKey, algorithm: str) -> bytes:
    """Return the content of a compact JWS whose header names ``algorithm`` and was read before.

    The library's own algorithm judges the signature; what it does around that, for headers that
    nobody has looked at, is done already.

    Raises:
        JoseError, ValueError, TypeError: not by this key, or not in base64url.

    """
    signed, _, signature = token.rpartition(".")
    judge = _ALGORITHMS[algorithm]
    judge.check_key(key)
    if not judge.verify(signed.encode("ascii"), _decoded(signature), key):
        raise BadSignatureError
    return _decoded(signed.partition(".")[2])


def _decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment.encode("ascii"))


def read_assertion_header(token: str) -> dict[str, Any]:
    """Return the header of a client assertion, which is not trusted yet.

    Raises:
        TokenRefused: as ``require_compact`` and ``read_header``; an algorithm that is not accepted.

    """
    header = read_header(require_compact(token))
    if header.get("alg") not in ASSERTION_ALGORITHMS:
        raise TokenRefused(
            f"alg は {'、'.join(ASSERTION_ALGORITHMS)} のいずれかにしてください。",
            f"The alg must be one of {', '.join(ASSERTION_ALGORITHMS)}.",
        )
    return header


def read_untrusted_claims(token: str) -> dict[str, Any]:
    """Return the claims of ``token`` without looking at its signature: who it says it is of.

    Raises:
        TokenRefused: not a JWS, or its content is not a JSON object.

    """
    return _json_object(token.split(".")[1])


def find_key(jwks: dict[str, Any], kid: str, algorithm: str) -> PublicKey | None:
    """Return the key ``kid`` of a registered set if it may be used with ``algorithm``."""
    for member in jwks.get("keys", []):
        if member.get("kid") == kid:
            key = import_public_key(member)
            return key if algorithm in algorithms_of(key) else None
    return None


def signing_keys(jwks: dict[str, Any]) -> dict[str, Any]:
    """Return the public keys of a registered set as the signatures of messages need them."""
    return {m["kid"]: import_public_key(m).public_key for m in jwks.get("keys", [])}


def algorithms_of(key: PublicKey) -> tuple[str, ...]:
    """Return the algorithms that are accepted with a key of this type."""
    if isinstance(key, ECKey):
        return ("ES256",)
    return ("PS256",) if isinstance(key, RSAKey) else ("EdDSA", "Ed25519")


def check_jwks(jwks: object) -> dict[str, list[dict[str, Any]]]:
    """Return a JWK Set that may be registered: public signing keys, each with its own kid.

    Raises:
        KeyRefused: private or symmetric keys, weak or unknown ones, a missing or repeated kid.

    """
    members = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(members, list) or not 1 <= len(members) <= MAX_KEYS:
        raise KeyRefused(f"a JWK Set with 1 to {MAX_KEYS} keys is needed")
    kids = [m.get("kid") if isinstance(m, dict) else None for m in members]
    if any(not isinstance(kid, str) or not 1 <= len(kid) <= 128 for kid in kids):
        raise KeyRefused("every key needs a kid of 1 to 128 characters")
    if len(set(kids)) != len(kids):
        raise KeyRefused("two keys have the same kid")
    return {"keys": [_public_member(m) for m in members]}


def import_public_key(member: dict[str, Any]) -> PublicKey:
    """Return the key of one JWK.

    Raises:
        KeyRefused: it is private, symmetric, weak, damaged or of an unknown type.

    """
    if _PRIVATE_MEMBERS & member.keys():
        raise KeyRefused("the key is a private one: keep it, and register its public part")
    try:
        return _import(member)
    except (JoseError, ValueError, TypeError, KeyError):
        raise KeyRefused("the key is damaged") from None


def _import(member: dict[str, Any]) -> PublicKey:
    kind, curve = member.get("kty"), member.get("crv")
    if kind == "EC" and curve == "P-256":
        return ECKey.import_key(member)
    if kind == "OKP" and curve == "Ed25519":
        return OKPKey.import_key(member)
    if kind == "RSA":
        key = RSAKey.import_key(member)
        if key.public_key.key_size < MIN_RSA_BITS:
            raise KeyRefused(f"RSA keys need at least {MIN_RSA_BITS} bits")
        return key
    raise KeyRefused("only EC P-256, OKP Ed25519 and RSA keys are accepted")


def _public_member(member: dict[str, Any]) -> dict[str, Any]:
    key = import_public_key(member)
    if member.get("use", "sig") != "sig":
        raise KeyRefused("the key is not for signatures")
    accepted = algorithms_of(key)
    if member.get("alg", accepted[0]) not in accepted:
        raise KeyRefused(f"keys of this type are used with {' or '.join(accepted)}")
    needed = ("kty", "crv", "x", "y", "n", "e")
    public = key.as_dict(private=False)
    return {**{m: public[m] for m in needed if m in public}, "kid": member["kid"], "use": "sig"}


def _json_object(part: str) -> dict[str, Any]:
    try:
        # Not the standard library's: that one takes other encodings than UTF-8 and numbers that
        # are none, and nesting without end brings it down.
        data = orjson.loads(_decoded(part))
    except (Base64Error, ValueError):
        raise TokenRefused("署名付き JWT ではありません。", "not a signed JWT.") from None
    if not isinstance(data, dict) or holds_nul(data):
        raise TokenRefused("署名付き JWT ではありません。", "not a signed JWT.")
    return data
