"""Access tokens of the national linkage API: client credentials, one token for one scope.

Source: 共通機能標準仕様書 2.1, 2.2.5 (client_secret_jwt with HS256, Bearer, no refresh token);
RFC 6749 4.4 and 5, RFC 7523.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from adapters.deadline import Deadline
from adapters.errors import (
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    RateLimited,
    SourceTimeout,
    Unavailable,
)
from adapters.sources.exchange import Exchanged, exchange, require_tls

ASSERTION_LIFETIME: Final = dt.timedelta(seconds=60)
MARGIN_S: Final = 30
"""A token is renewed so long before its end, or a quarter of its life if that is shorter."""

_BEARER: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,8000}=*", re.ASCII)
"""Source: RFC 6750 2.1 (b64token)."""
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OUR_MISTAKES: Final = frozenset({"invalid_request", "unsupported_grant_type", "invalid_scope"})


@dataclass(frozen=True, slots=True)
class LinkageClient:
    """What the authorization server knows us by.

    ``client_id`` has 32 letters and digits, ``client_secret`` 32 characters or more.
    ``client_secret_basic`` is what the specification still tolerates.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    authentication: Literal["client_secret_jwt", "client_secret_basic"] = "client_secret_jwt"


@dataclass(frozen=True, slots=True)
class Token:
    """A token and when it must be renewed."""

    text: str = field(repr=False)
    renew_at: dt.datetime


class LinkageTokens:
    """Asks for tokens and keeps each until shortly before its end.

    Args:
        http: lent by the host.
        now: the host's clock.

    Raises:
        ConfigurationError: the address of the token endpoint is not one of HTTPS.
    """

    def __init__(
        self, http: httpx.AsyncClient, client: LinkageClient, now: Callable[[], dt.datetime]
    ) -> None:
        require_tls(client.token_url, "token_url")
        self._http = http
        self._client = client
        self._now = now
        self._kept: dict[str, Token] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def token(self, scope: str, deadline: Deadline, *, refused: Token | None = None) -> Token:
        """Return a token for ``scope``; another one than ``refused``.

        Calls side by side wait for one token. A token that was refused is renewed once: whoever
        finds it renewed by another call uses that.

        Raises:
            AdapterError: there is none.
        """
        lock = self._asking.setdefault(scope, asyncio.Lock())
        try:
            async with asyncio.timeout(deadline.require_s()):
                await lock.acquire()
        except TimeoutError:
            raise SourceTimeout("no access token in time") from None
        try:
            kept = self._kept.get(scope)
            if kept is None or kept is refused or kept.renew_at <= self._now():
                kept = self._kept[scope] = await self._ask(scope, deadline)
            return kept
        finally:
            lock.release()

    async def _ask(self, scope: str, deadline: Deadline) -> Token:
        form = {"grant_type": "client_credentials", "scope": scope}
        login: httpx.BasicAuth | None = None
        if self._client.authentication == "client_secret_jwt":
            form |= {
                "client_assertion_type": _ASSERTION_TYPE,
                "client_assertion": self._assertion(),
            }
        else:
            login = httpx.BasicAuth(self._client.client_id, self._client.client_secret)
        request = self._http.build_request(
            "POST", self._client.token_url, data=form, headers={"Accept": "application/json"}
        )
        if login is not None:
            request = next(login.sync_auth_flow(request))
        asked_at = self._now()
        exchanged = await exchange(self._http, request, deadline)
        return _token(exchanged, asked_at)

    def _assertion(self) -> str:
        """Return a statement of who we are, signed with the secret, good once and for a minute."""
        now = self._now()
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": self._client.token_url,
            "jti": secrets.token_urlsafe(24),
            "iat": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFETIME).timestamp()),
        }
        try:
            key = OctKey.import_key(self._client.client_secret)
            return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, key)
        except (JoseError, ValueError):
            raise ConfigurationError("client_secret: it cannot be used as a key") from None


def _token(exchanged: Exchanged, asked_at: dt.datetime) -> Token:
    answer = _object(exchanged.body)
    if exchanged.status != 200:
        _refuse(exchanged, answer)
    text, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(text, str) or not _BEARER.fullmatch(text):
        raise BadAnswer("the token endpoint gave no access token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise BadAnswer("the access token is not of type Bearer")
    lifetime = answer.get("expires_in", 0)
    if type(lifetime) is not int or lifetime < 0:
        raise BadAnswer("the access token does not say how long it is good")
    good_s = lifetime - min(MARGIN_S, lifetime // 4)
    return Token(text, asked_at + dt.timedelta(seconds=min(good_s, 86_400)))


def _refuse(exchanged: Exchanged, answer: dict[str, Any]) -> None:
    """Raise what a token endpoint without a token means."""
    status, error = exchanged.status, answer.get("error")
    if status == 429:
        raise RateLimited("token endpoint, status 429", retry_after_s=exchanged.retry_after_s)
    if status >= 500:
        raise Unavailable(f"token endpoint, status {status}", retry_after_s=exchanged.retry_after_s)
    if error in _OUR_MISTAKES:
        raise ConfigurationError(f"token endpoint: {error}")
    if status in {400, 401, 403}:
        raise AuthenticationFailed(f"token endpoint, status {status}")
    raise BadAnswer(f"token endpoint, status {status}")


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}
