"""Access tokens: made, verified, remembered for a short while.

Source: RFC 9068 (JWT profile of access tokens), RFC 9396 (the purpose the token is bound to).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from joserfc import jws

from gateway.access.jose import TokenRefused, read_claims, read_header, require_compact
from gateway.access.logins import Login, LoginLevel
from gateway.keys import SIGNING_ALGORITHM, Keys

TOKEN_TYPE: Final = "at+jwt"  # noqa: S105 - a media type
PURPOSE_TYPE: Final = "hitotsu_purpose"
CACHE_SECONDS: Final = 60
CACHE_SIZE: Final = 10_000
MOST_HEADERS: Final = 100
"""Headers of tokens that are kept; a gateway has one for each of its keys."""


class Binding(StrEnum):
    """What a caller must hold besides its token, by the name that ``cnf`` has for it."""

    KEY = "jkt"
    """The key of its proofs, by RFC 7638 thumbprint. Source: RFC 9449, 6.1."""
    CERTIFICATE = "x5t#S256"
    """The client certificate of the connection. Source: RFC 8705, 3.1."""

    @property
    def token_type(self) -> str:
        """Return the scheme with which such a token is sent."""
        return "DPoP" if self is Binding.KEY else "Bearer"


_BINDINGS: Final = {kind.value: kind for kind in Binding}


@dataclass(frozen=True, slots=True)
class Access:
    """Who calls, for which municipality, for which one purpose, and with what of its own.

    ``key`` is the thumbprint of the key or certificate that ``binding`` says.
    """

    client_id: str
    municipality: str
    purpose_id: str
    token_id: str
    key: str
    binding: Binding = Binding.KEY
    login: Login | None = None

    @property
    def login_handle(self) -> str | None:
        """Return the handle of the one person that this token is good for, if it is for one."""
        return self.login.handle if self.login else None


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token says, and when it runs out."""

    access: Access
    expires_at: dt.datetime


def issue_token(
    access: Access, keys: Keys, *, issuer: str, now: dt.datetime, lifetime_s: int
) -> str:
    """Return a signed access token for ``access``."""
    key = keys.signing_key
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "aud": issuer,
        "sub": access.client_id,
        "client_id": access.client_id,
        "municipality": access.municipality,
        "purpose": access.purpose_id,
        "jti": access.token_id,
        "cnf": {access.binding.value: access.key},
        "iat": issued,
        "exp": issued + lifetime_s,
    }
    if access.login is not None:
        claims["login"] = {
            "handle": access.login.handle,
            "level": int(access.login.level),
            "at": int(access.login.at.timestamp()),
        }
    header = {"alg": SIGNING_ALGORITHM, "typ": TOKEN_TYPE, "kid": key.kid}
    return jws.serialize_compact(header, _compact(claims), key.jwk, algorithms=[SIGNING_ALGORITHM])


def new_token_id() -> str:
    """Return a random token id."""
    return secrets.token_urlsafe(16)


def read_token(token: str, keys: Keys, *, issuer: str, now: dt.datetime) -> VerifiedToken:
    """Return what ``token`` says if this gateway signed it and it holds at ``now``.

    Raises:
        TokenRefused: naming the rule.

    """
    key = keys.find_signing_key(_key_named_in(require_compact(token)), now)
    if key is None:
        raise TokenRefused(
            "トークンの鍵が不明か、失効しています。",
            "the key of the token is not known, or no longer.",
        )
    claims = read_claims(token, key.jwk, SIGNING_ALGORITHM)
    if claims.get("iss") != issuer or claims.get("aud") != issuer:
        raise TokenRefused("別のゲートウェイのトークンです。", "the token is for another gateway.")
    expires = claims.get("exp")
    if not isinstance(expires, int) or expires <= now.timestamp():
        raise TokenRefused("トークンの有効期限が切れています。", "the token has expired.")
    return VerifiedToken(_access(claims), dt.datetime.fromtimestamp(expires, dt.UTC))


@lru_cache(maxsize=MOST_HEADERS)
def _key_named_in(segment: str) -> str:
    """Return the id of the key that the first part of a token names; it is the same for most."""
    header = read_header(segment)
    if header.get("alg") != SIGNING_ALGORITHM or header.get("typ") != TOKEN_TYPE:
        raise TokenRefused(
            "このゲートウェイのアクセストークンではありません。",
            "not an access token of this gateway.",
        )
    kid: str = header["kid"]
    return kid


class TokenCache:
    """Tokens that were verified within the last minute, so that their keys rest.

    A token is forgotten after ``CACHE_SECONDS`` or when it runs out, whichever is first; that is
    how long a client may go on after it was revoked. Bounded: the oldest leave first.
    """

    def __init__(self, *, size: int = CACHE_SIZE) -> None:
        self._size = size
        self._entries: OrderedDict[bytes, tuple[Access, dt.datetime, dt.datetime]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, token: str, now: dt.datetime) -> Access | None:
        """Return what a token said that was verified lately."""
        digest = _digest(token)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        access, since, until = entry
        # A clock that was put back would let it stand for as long again.
        if since <= now < until:
            return access
        del self._entries[digest]
        return None

    def keep(self, token: str, verified: VerifiedToken, now: dt.datetime) -> None:
        """Remember ``token``."""
        until = min(verified.expires_at, now + dt.timedelta(seconds=CACHE_SECONDS))
        self._entries[_digest(token)] = (verified.access, now, until)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def drop(self, token: str) -> None:
        """Forget ``token``."""
        self._entries.pop(_digest(token), None)


def _access(claims: dict[str, Any]) -> Access:
    cnf = claims.get("cnf")
    bound = cnf if isinstance(cnf, dict) and len(cnf) == 1 else {}
    name, key = next(iter(bound.items()), ("", None))
    binding = _BINDINGS.get(name)
    client_id, municipality = claims.get("client_id"), claims.get("municipality")
    purpose, token_id = claims.get("purpose"), claims.get("jti")
    if not (
        isinstance(client_id, str)
        and isinstance(municipality, str)
        and isinstance(purpose, str)
        and isinstance(token_id, str)
        and isinstance(key, str)
        and binding is not None
    ):
        raise TokenRefused("トークンに必要な項目がありません。", "The token lacks a claim.")
    login = _login(claims["login"]) if "login" in claims else None
    return Access(client_id, municipality, purpose, token_id, key, binding, login)


def _login(said: dict[str, Any]) -> Login:
    at = dt.datetime.fromtimestamp(said["at"], dt.UTC)
    return Login(said["handle"], LoginLevel(said["level"]), at)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _compact(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()
