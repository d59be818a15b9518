"""Is the client who it says it is: by an assertion that it signed, or by its certificate.

Sources: RFC 7523 (``private_key_jwt``); RFC 8705, 2.2 (``self_signed_tls_client_auth``: the very
certificate is registered, whoever issued it).
"""

from __future__ import annotations

from adapters.contract import Clock
from gateway.access.assertions import check_claims
from gateway.access.credentials import Credentials
from gateway.access.jose import (
    TokenRefused,
    find_key,
    read_assertion_header,
    read_claims,
    read_untrusted_claims,
)
from gateway.access.refusals import not_authenticated
from gateway.access.store import AccessStore
from gateway.store.tables import ClientRow


class ClientAuthentication:
    """Authenticates clients against what is registered of them."""

    def __init__(self, store: AccessStore, *, clock: Clock, issuer: str) -> None:
        self._store = store
        self._clock = clock
        self._issuer = issuer

    async def claimed(self, credentials: Credentials) -> ClientRow:
        """Return the client that the caller claims to be; nothing is proven yet.

        Raises:
            Problem: ``client-authentication-failed``.

        """
        claimed = self._claimed_id(credentials)
        known = isinstance(claimed, str) and credentials.client_id in {None, claimed}
        client = await self._store.find_client(str(claimed)[:64]) if known else None
        if client is None:
            raise not_authenticated()
        return client

    async def require(self, credentials: Credentials, client: ClientRow) -> None:
        """Do nothing if the caller is ``client``; its assertion is used up thereby.

        Raises:
            Problem: ``client-authentication-failed``.

        """
        if client.revoked_at is not None:
            raise not_authenticated()
        if credentials.client_assertion is None:
            await self._require_certificate(credentials, client)
        else:
            await self._require_assertion(credentials.client_assertion, client)

    @staticmethod
    def _claimed_id(credentials: Credentials) -> object:
        if credentials.client_assertion is None:
            return credentials.client_id
        try:
            read_assertion_header(credentials.client_assertion)
            return read_untrusted_claims(credentials.client_assertion).get("sub")
        except TokenRefused as refusal:
            raise not_authenticated(refusal) from None

    async def _require_certificate(self, credentials: Credentials, client: ClientRow) -> None:
        thumbprint = credentials.certificate
        now = self._clock.now()
        if thumbprint is None or not await self._store.certificate_holds(
            client.client_id, thumbprint, now
        ):
            raise not_authenticated()

    async def _require_assertion(self, text: str, client: ClientRow) -> None:
        now = self._clock.now()
        header = read_assertion_header(text)
        key = find_key(client.jwks, header["kid"], header["alg"])
        if key is None:
            raise not_authenticated()
        try:
            claims = read_claims(text, key, header["alg"])
        except TokenRefused:
            raise not_authenticated() from None
        try:
            assertion = check_claims(claims, issuer=self._issuer, now=now)
        except TokenRefused as refusal:
            raise not_authenticated(refusal) from None
        used = await self._store.use_assertion(
            assertion.client_id, assertion.jti, assertion.expires_at, now
        )
        if not used:
            raise not_authenticated(
                TokenRefused(
                    "この jti は使用済みです。アサーションは一度だけ使えます。",
                    "The jti was used before; each assertion works once.",
                )
            )
