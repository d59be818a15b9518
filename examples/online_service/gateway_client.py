"""Asks the gateway: one token for the purpose, one question for the form.

Every call shows that this service holds the key of its token (DPoP, RFC 9449).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME_S = 120
_RENEW_BEFORE_S = 30
_PATIENCE_S = 5


class GatewayUnavailable(Exception):
    """The gateway gave no usable answer. ``code`` is safe to log and holds nothing personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Registration:
    """How this service is registered at the gateway."""

    gateway_url: str
    client_id: str
    municipality: str
    purpose: str


class GatewayClient:
    """Authenticates with ``private_key_jwt`` and asks questions.

    Args:
        key: the private ES256 key whose public half is registered; its ``kid`` goes along.
        http: the client to use; its timeout is the longest that a person has to wait.

    """

    def __init__(self, registration: Registration, key: ECKey, http: httpx.AsyncClient) -> None:
        self._registration = registration
        self._key = key
        self._http = http
        self._token = ""
        self._nonce: str | None = None
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def ask(
        self, subject: str, items: Sequence[str], *, include: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return the answer as it arrived; ``include`` asks for what needs a right of its own.

        Raises:
            GatewayUnavailable: no answer, a refusal, or one that is not JSON.

        """
        body = {
            "subject": subject,
            "purpose": self._registration.purpose,
            "items": list(items),
            **({"include": list(include)} if include else {}),
        }
        response = await self._post_question(body)
        if response.status_code == httpx.codes.UNAUTHORIZED:
            self._renew_at = 0.0
            response = await self._post_question(body)
        elif (wait_s := _told_to_wait(response)) is not None:
            await asyncio.sleep(wait_s)
            response = await self._post_question(body)
        return _object(response)

    async def _post_question(self, body: dict[str, Any]) -> httpx.Response:
        """Post once, and again where the gateway hands out a nonce first."""
        token = await self._current_token()
        response = await self._post_with_token(token, body)
        if response.status_code == httpx.codes.UNAUTHORIZED and "DPoP-Nonce" in response.headers:
            response = await self._post_with_token(token, body)
        return response

    async def _post_with_token(self, token: str, body: dict[str, Any]) -> httpx.Response:
        proof = self._proof("/v1/questions", token)
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof}
        response = await self._post("/v1/questions", json=body, headers=headers)
        self._nonce = response.headers.get("DPoP-Nonce", self._nonce)
        return response

    async def _current_token(self) -> str:
        """Return a token that is good for a while; those who need a new one at a time share it."""
        async with self._renewing:
            if time.monotonic() >= self._renew_at:
                await self._renew_token()
            return self._token

    async def _renew_token(self) -> None:
        registration = self._registration
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(),
            "authorization_details": (
                '[{"type":"hitotsu_purpose",'
                f'"municipality":"{registration.municipality}",'
                f'"purpose":"{registration.purpose}"}}]'
            ),
        }
        headers = {"DPoP": self._proof("/oauth/token")}
        answer = _object(await self._post("/oauth/token", data=form, headers=headers))
        self._token = answer["access_token"]
        self._renew_at = time.monotonic() + answer["expires_in"] - _RENEW_BEFORE_S

    def _proof(self, path: str, token: str | None = None) -> str:
        """Return a proof for one call."""
        claims: dict[str, Any] = {
            "jti": uuid.uuid4().hex,
            "htm": "POST",
            "htu": self._registration.gateway_url + path,
            "iat": int(time.time()),
        }
        if token is not None:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if token is not None and self._nonce is not None:
            claims["nonce"] = self._nonce
        public = self._key.as_dict(private=False)
        jwk = {name: public[name] for name in ("kty", "crv", "x", "y")}
        return jwt.encode({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}, claims, self._key)

    def _assertion(self) -> str:
        now = int(time.time())
        client_id = self._registration.client_id
        claims: dict[str, Any] = {
            "iss": client_id,
            "sub": client_id,
            "aud": self._registration.gateway_url,
            "jti": uuid.uuid4().hex,
            "iat": now,
            "exp": now + _ASSERTION_LIFETIME_S,
        }
        header = {"alg": "ES256", "kid": self._key.kid or self._key.thumbprint()}
        return jwt.encode(header, claims, self._key)

    async def _post(self, path: str, **arguments: Any) -> httpx.Response:
        try:
            return await self._http.post(self._registration.gateway_url + path, **arguments)
        except httpx.HTTPError as error:
            raise GatewayUnavailable(type(error).__name__) from None


def _told_to_wait(response: httpx.Response) -> int | None:
    """Return after how many seconds to ask once more, if somebody may be kept waiting so long."""
    told = response.headers.get("Retry-After", "")
    busy = response.status_code in {
        httpx.codes.TOO_MANY_REQUESTS,
        httpx.codes.SERVICE_UNAVAILABLE,
    }
    return int(told) if busy and told.isdecimal() and int(told) <= _PATIENCE_S else None


def _object(response: httpx.Response) -> dict[str, Any]:
    if response.status_code != httpx.codes.OK:
        raise GatewayUnavailable(f"status-{response.status_code}")
    try:
        data = response.json()
    except ValueError:
        raise GatewayUnavailable("not-json") from None
    if not isinstance(data, dict):
        raise GatewayUnavailable("not-an-object")
    return data
