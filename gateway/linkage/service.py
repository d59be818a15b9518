"""Who calls the linkage face: assertions, tokens, introspection.

Source: 共通機能標準仕様書 2.1, 2.2.5 (client credentials, client_secret_jwt with HS256, Bearer, no
refresh token, introspection); RFC 6749, 4.4; RFC 7523, 3; RFC 7662.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from adapters.contract import Clock
from gateway.access import Caller
from gateway.access.assertions import check_claims
from gateway.access.jose import TokenRefused, read_untrusted_claims
from gateway.access.quotas import Lane, Quotas
from gateway.access.service import QUOTA
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditLog, to_record
from gateway.keys import KeyStore
from gateway.linkage.shape import Refused
from gateway.linkage.store import LinkageStore
from gateway.problems import Problem
from gateway.store.tables import LinkageSystemRow, LinkageTokenRow
from gateway.submissions.sealing import unseal

TOKEN_PATH: Final = "/linkage/oauth/token"  # noqa: S105 - a path
INTROSPECTION_PATH: Final = "/linkage/oauth/introspect"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_CHARS: Final = 4_096


class OAuthRefused(Exception):
    """A request to the token or introspection endpoint is refused (RFC 6749, 5.2).

    ``retry_after_s`` are the seconds after which it would be taken.
    """

    def __init__(self, error: str, *, retry_after_s: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        if self.retry_after_s is not None:
            return 503
        return 401 if self.error == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class Calling:
    """A system whose token is good for ``scope``."""

    client_id: str
    municipality: str
    business: str
    numbering: str
    purpose: str
    scope: str
    caller: Caller


class LinkageService:
    """Issues tokens to registered systems and tells what they are good for.

    Args:
        issuer: the gateway's public URL; assertions name its token endpoint as audience.
        token_lifetime_s: seconds that a token is good for.
        quotas: how much each system may ask.

    """

    def __init__(
        self,
        store: LinkageStore,
        keys: KeyStore,
        audit: AuditLog,
        *,
        clock: Clock,
        issuer: str,
        token_lifetime_s: int,
        quotas: Quotas,
    ) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._clock = clock
        self._lifetime_s = token_lifetime_s
        self._quotas = quotas
        self.token_url = issuer + TOKEN_PATH

    async def issue(self, form: Mapping[str, str], caller: Caller) -> dict[str, Any]:
        """Return a token for the one scope that the form names.

        Raises:
            OAuthRefused: it is refused; the refusal is recorded.

        """
        system: LinkageSystemRow | None = None
        try:
            system = await self._authenticated(form)
            self._require_token_quota(system)
            _require_scope(form, system)
        except OAuthRefused as refused:
            await self._audit.append_refusal(self._entry("refused", system, caller, refused.error))
            raise
        token = secrets.token_urlsafe(32)
        now = self._clock.now()
        row = LinkageTokenRow(
            digest=_digest(token),
            client_id=system.client_id,
            scope=form["scope"],
            issued_at=now,
            expires_at=now + dt.timedelta(seconds=self._lifetime_s),
        )
        await self._store.add_token(
            row, now, to_record(self._entry("token-issued", system, caller))
        )
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self._lifetime_s,
            "scope": row.scope,
        }

    async def introspect(self, form: Mapping[str, str], caller: Caller) -> dict[str, Any]:
        """Return what a token is good for, to its holder and to the business that it is for.

        To anybody else, and of any other text, it says that the token is not active.

        Raises:
            OAuthRefused: the system that asks is not known, or asks too often.

        """
        system: LinkageSystemRow | None = None
        try:
            system = await self._authenticated(form)
            self._require_token_quota(system)
        except OAuthRefused as refused:
            await self._audit.append_refusal(self._entry("refused", system, caller, refused.error))
            raise
        await self._audit.append(self._entry("introspected", system, caller))
        found = await self._store.find_token(_digest(form.get("token", "")), self._clock.now())
        if found is None:
            return {"active": False}
        token, holder = found
        concerns = system.client_id == holder.client_id or (
            token.scope.startswith(f"{system.business}:")
        )
        if not concerns or holder.municipality != system.municipality:
            return {"active": False}
        return {
            "active": True,
            "client_id": holder.client_id,
            "scope": token.scope,
            "token_type": "Bearer",
            "iat": int(token.issued_at.timestamp()),
            "exp": int(token.expires_at.timestamp()),
        }

    async def calling(self, authorization: str, scope: str, caller: Caller) -> Calling | None:
        """Return the system whose Bearer token is good for ``scope``; None, recorded, if none."""
        scheme, _, token = authorization.strip().partition(" ")
        found = None
        if scheme.lower() == "bearer":
            found = await self._store.find_token(_digest(token), self._clock.now())
        system = found[1] if found else None
        if found is None or system is None or scope not in {found[0].scope} & {*system.scopes}:
            await self._audit.append_refusal(
                self._entry("refused", system, caller, "invalid_token")
            )
            return None
        return Calling(
            system.client_id,
            system.municipality,
            system.business,
            system.numbering,
            system.purpose_id,
            scope,
            caller,
        )

    async def require_consumer_quota(self, calling: Calling) -> None:
        """Count a call.

        Raises:
            Refused: 503, since the specification knows no 429; recorded.

        """
        town, client = calling.municipality, calling.client_id
        if (problem := self._quotas.over_consumer(Lane.LINKAGE, town, client)) is not None:
            await self._refuse_over_quota(calling, problem)

    async def require_subject_quota(self, calling: Calling, number: str) -> None:
        """Count a call about the person of a number, as it was sent.

        Raises:
            Refused: likewise.

        """
        town, client = calling.municipality, calling.client_id
        if (problem := self._quotas.over_subject(Lane.LINKAGE, town, client, number)) is not None:
            await self._refuse_over_quota(calling, problem)

    async def _refuse_over_quota(self, calling: Calling, problem: Problem) -> NoReturn:
        await self._audit.append_refusal(
            AuditEntry(
                municipality=calling.municipality,
                at=self._clock.now(),
                kind=AuditKind.OPERATION,
                outcome="refused",
                trace_id=calling.caller.trace_id,
                terminal=calling.caller.terminal,
                client_id=calling.client_id,
                purpose=calling.purpose,
                problem=problem.type.slug,
                function=QUOTA,
            )
        )
        raise Refused(503, retry_after_s=problem.headers["Retry-After"])

    def _require_token_quota(self, system: LinkageSystemRow) -> None:
        """Count a call about tokens, apart from what they are used for.

        Raises:
            OAuthRefused: ``temporarily_unavailable``.

        """
        problem = self._quotas.over_consumer(Lane.LINKAGE, NO_MUNICIPALITY, system.client_id)
        if problem is not None:
            wait_s = problem.headers["Retry-After"]
            raise OAuthRefused("temporarily_unavailable", retry_after_s=wait_s)

    async def _authenticated(self, form: Mapping[str, str]) -> LinkageSystemRow:
        """Return the system that signed the assertion with its secret, which works once.

        Raises:
            OAuthRefused: ``invalid_client``.

        """
        assertion = form.get("client_assertion", "")
        if form.get("client_assertion_type") != ASSERTION_TYPE or not assertion:
            raise OAuthRefused("invalid_client")
        if len(assertion) > MAX_ASSERTION_CHARS:
            raise OAuthRefused("invalid_client")
        now = self._clock.now()
        try:
            claimed = read_untrusted_claims(assertion).get("sub")
            system = await self._store.find_system(claimed) if isinstance(claimed, str) else None
            if system is None:
                raise OAuthRefused("invalid_client")
            key = OctKey.import_key(self._secret(system))
            claims = jwt.decode(assertion, key, algorithms=["HS256"]).claims
            checked = check_claims(claims, issuer=self.token_url, now=now)
        except (TokenRefused, JoseError, ValueError, LookupError, RecursionError):
            raise OAuthRefused("invalid_client") from None
        if not await self._store.use_assertion(
            checked.client_id, checked.jti, checked.expires_at, now
        ):
            raise OAuthRefused("invalid_client")
        return system

    def _secret(self, system: LinkageSystemRow) -> str:
        secret = self._keys.keys().find_sealing_secret(system.secret_version)
        if secret is None:
            msg = "the secret that seals the client secret is gone"
            raise LookupError(msg)
        place = ("linkage", system.client_id)
        return str(unseal(secret, place, system.sealed_secret)["client_secret"])

    def _entry(
        self,
        outcome: str,
        system: LinkageSystemRow | None,
        caller: Caller,
        problem: str | None = None,
    ) -> AuditEntry:
        return AuditEntry(
            municipality=system.municipality if system else NO_MUNICIPALITY,
            at=self._clock.now(),
            kind=AuditKind.AUTHENTICATION,
            outcome=outcome,
            trace_id=caller.trace_id,
            terminal=caller.terminal,
            client_id=system.client_id if system else None,
            problem=problem,
            function="linkage-token",
        )


def _require_scope(form: Mapping[str, str], system: LinkageSystemRow) -> None:
    """Do nothing if the system may have a token for what the form names.

    Raises:
        OAuthRefused: ``unsupported_grant_type`` or ``invalid_scope``.

    """
    if form.get("grant_type") != "client_credentials":
        raise OAuthRefused("unsupported_grant_type")
    if form.get("scope") not in system.scopes:
        raise OAuthRefused("invalid_scope")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
