"""Who is calling, and what may they ask today. Refusals are recorded like answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from adapters.contract import Clock
from gateway.access.assertions import Assertion, check_claims
from gateway.access.dpop import NonceNeeded, Presented, ProofGuard, read_proof
from gateway.access.grants import Grant, GrantedItems, Relation, granted_on
from gateway.access.jose import (
    ASSERTION_ALGORITHMS,
    TokenRefused,
    find_key,
    read_assertion_header,
    read_claims,
    read_untrusted_claims,
)
from gateway.access.schemas import (
    TokenAnswer,
    TokenRequest,
    authorization_details,
    with_error,
)
from gateway.access.store import AccessStore
from gateway.access.tokens import Access, TokenCache, issue_token, new_token_id, read_token
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditLog
from gateway.clock import TOKYO
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.store.tables import ClientRow, GrantRow

CHALLENGE: Final = f'DPoP algs="{" ".join(ASSERTION_ALGORITHMS)}"'
"""What a call without a good token is told to bring. Source: RFC 9449, 7.1."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call comes from, for its audit record."""

    trace_id: str = ""
    terminal: str = ""


class AccessService:
    """Issues tokens, verifies them, and knows the grants.

    Args:
        issuer: the gateway's public URL; issuer and audience of every token.
        token_lifetime_s: seconds that a token is good for, 600 at most.

    """

    def __init__(
        self,
        store: AccessStore,
        keys: KeyStore,
        audit: AuditLog,
        *,
        clock: Clock,
        issuer: str,
        token_lifetime_s: int,
    ) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._clock = clock
        self.issuer = issuer
        self._token_lifetime_s = token_lifetime_s
        self._cache = TokenCache()
        self._proofs = ProofGuard()

    async def verify_token(
        self, authorization: str | None, presented: Presented, caller: Caller | None = None
    ) -> Access:
        """Return who calls, by the ``Authorization`` header and the proof that came with it.

        A token that was verified within the last minute is taken at its word: a client that was
        revoked is refused 60 seconds later at most. The proof is verified each time.

        Raises:
            Problem: ``token-missing``, ``token-invalid``, ``proof-invalid``,
                ``proof-nonce-needed``; ``audit-unavailable`` if the refusal could not be recorded.

        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        now = self._clock.now()
        if not scheme:
            problem = Problem("token-missing", headers={"WWW-Authenticate": CHALLENGE})
            await self._refuse(problem, None, None, caller)
        if scheme.lower() != "dpop":
            refusal = TokenRefused("The scheme must be DPoP.", "認証方式は DPoP だけです。")
            await self._refuse(_token_invalid(refusal), None, None, caller)
        access = self._cache.find(token, now)
        if access is None:
            try:
                verified = read_token(token, self._keys.keys(), issuer=self.issuer, now=now)
                await self._require_active(verified.access.client_id)
            except TokenRefused as refusal:
                await self._refuse(_token_invalid(refusal), None, None, caller)
            access = verified.access
            self._cache.keep(token, verified, now)
        await self._require_proof(presented, token, access, caller)
        return access

    def nonce(self) -> str:
        """Return the nonce that proofs must hold from now on (header ``DPoP-Nonce``)."""
        return self._proofs.nonce(self._clock.now())

    async def _require_proof(
        self, presented: Presented, token: str, access: Access, caller: Caller | None
    ) -> None:
        """Do nothing if the caller holds the key of its token, shown for this call alone.

        That a nonce is missing is no refusal but the first half of a call; it is not recorded.
        """
        now = self._clock.now()
        try:
            proof = read_proof(presented, now=now, access_token=token, key=access.key)
            self._proofs.require_new(proof, now)
        except NonceNeeded:
            challenge = f'{CHALLENGE}, error="use_dpop_nonce"'
            headers = {"WWW-Authenticate": challenge, "DPoP-Nonce": self.nonce()}
            raise with_error(
                Problem("proof-nonce-needed", headers=headers), "use_dpop_nonce"
            ) from None
        except TokenRefused as refusal:
            await self._refuse(_proof_invalid(refusal), access.client_id, None, caller)

    async def grants_for(
        self, municipality: str, client_id: str, purpose_id: str, on: dt.date | None = None
    ) -> GrantedItems:
        """Return the items that the client may ask for the purpose ``on`` a day, or today.

        Days begin and end in Asia/Tokyo.

        Raises:
            Problem: ``unknown-purpose`` or ``purpose-not-granted``, naming the end date of a
                grant that has run out.

        """
        day = on or self._clock.now().astimezone(TOKYO).date()
        registered, rows = await self._store.grants(municipality, client_id, purpose_id)
        if not registered:
            raise Problem("unknown-purpose")
        return granted_on(day, map(_to_grant, rows))

    async def purpose(self, municipality: str, purpose_id: str) -> dict[str, str] | None:
        """Return what is registered of a purpose: names, legal basis, organ; None if nothing."""
        row = await self._store.find_purpose(municipality, purpose_id)
        if row is None:
            return None
        return {
            "purpose": row.purpose_id,
            "name_ja": row.name_ja,
            "name_en": row.name_en,
            "legal_basis": row.legal_basis,
            "organ": row.organ,
        }

    async def issue(self, request: TokenRequest, caller: Caller | None = None) -> TokenAnswer:
        """Return an access token for the client that signed the request's assertion.

        The token is bound to the key of the proof that came with the request.

        Raises:
            Problem: ``client-authentication-failed``, ``unknown-purpose``,
                ``purpose-not-granted``, ``proof-invalid``; each with the OAuth member ``error``.

        """
        client: ClientRow | None = None
        now = self._clock.now()
        try:
            client = await self._claimed_client(request)
            await self._authenticate(request, client)
            await self._require_grant(request, client)
            # The assertion works once, so that nobody can send this proof a second time.
            proof = read_proof(request.presented, now=now)
        except TokenRefused as refusal:
            claimed = client.client_id if client else None
            await self._refuse(_proof_invalid(refusal), claimed, request, caller)
        except Problem as problem:
            claimed = client.client_id if client else None
            await self._refuse(problem, claimed, request, caller)
        access = Access(
            client.client_id, request.municipality, request.purpose, new_token_id(), proof.key
        )
        token = issue_token(
            access,
            self._keys.keys(),
            issuer=self.issuer,
            now=now,
            lifetime_s=self._token_lifetime_s,
        )
        await self._record("token-issued", client.client_id, request, caller)
        return TokenAnswer(
            access_token=token,
            token_type="DPoP",  # noqa: S106 - the type of every token
            expires_in=self._token_lifetime_s,
            authorization_details=authorization_details(request.municipality, request.purpose),
        )

    async def refuse_request(self, problem: Problem, caller: Caller | None) -> NoReturn:
        """Record and raise the refusal of a token request that could not even be read."""
        await self._refuse(problem, None, None, caller)

    def public_keys(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set with which tokens of this gateway can be verified."""
        return self._keys.keys().public_jwks(self._clock.now())

    async def _require_active(self, client_id: str) -> None:
        client = await self._store.find_client(client_id)
        if client is None or client.revoked_at is not None:
            raise TokenRefused("The client was revoked.", "この連携先は停止されています。")

    async def _claimed_client(self, request: TokenRequest) -> ClientRow:
        """Return the client that the assertion claims to be of; nothing is proven yet."""
        try:
            read_assertion_header(request.client_assertion)
            claims = read_untrusted_claims(request.client_assertion)
        except TokenRefused as refusal:
            raise _not_authenticated(refusal) from None
        subject = claims.get("sub")
        known = isinstance(subject, str) and request.client_id in {None, subject}
        client = await self._store.find_client(str(subject)[:64]) if known else None
        if client is None:
            raise _not_authenticated()
        return client

    async def _authenticate(self, request: TokenRequest, client: ClientRow) -> Assertion:
        now = self._clock.now()
        header = read_assertion_header(request.client_assertion)
        key = find_key(client.jwks, header["kid"], header["alg"])
        if client.revoked_at is not None or key is None:
            raise _not_authenticated()
        try:
            claims = read_claims(request.client_assertion, key, header["alg"])
        except TokenRefused:
            raise _not_authenticated() from None
        try:
            assertion = check_claims(claims, issuer=self.issuer, now=now)
        except TokenRefused as refusal:
            raise _not_authenticated(refusal) from None
        used = await self._store.use_assertion(
            assertion.client_id, assertion.jti, assertion.expires_at, now
        )
        if not used:
            raise _not_authenticated(
                TokenRefused(
                    "The jti was used before; each assertion works once.",
                    "この jti は使用済みです。アサーションは一度だけ使えます。",
                )
            )
        return assertion

    async def _require_grant(self, request: TokenRequest, client: ClientRow) -> None:
        try:
            await self.grants_for(request.municipality, client.client_id, request.purpose)
        except Problem as problem:
            raise with_error(problem, "unauthorized_client") from None

    async def _refuse(
        self,
        problem: Problem,
        client_id: str | None,
        request: TokenRequest | None,
        caller: Caller | None,
    ) -> NoReturn:
        await self._record("refused", client_id, request, caller, problem.type.slug)
        raise problem

    async def _record(
        self,
        outcome: str,
        client_id: str | None,
        request: TokenRequest | None,
        caller: Caller | None,
        problem: str | None = None,
    ) -> None:
        """Record an authentication. What an unknown caller claims to be is not written down."""
        caller = caller or Caller()
        named = request is not None and client_id is not None
        known = named and request is not None and problem not in _UNPROVEN
        await self._audit.append(
            AuditEntry(
                municipality=request.municipality if known and request else NO_MUNICIPALITY,
                at=self._clock.now(),
                kind=AuditKind.AUTHENTICATION,
                outcome=outcome,
                trace_id=caller.trace_id,
                terminal=caller.terminal,
                client_id=client_id,
                purpose=request.purpose if known and request else None,
                problem=problem,
                function="token",
            )
        )


_UNPROVEN = frozenset({"client-authentication-failed", "unknown-purpose"})


def _to_grant(row: GrantRow) -> Grant:
    return Grant(
        row.grant_id,
        Relation(row.relation),
        frozenset(row.items),
        row.valid_from,
        row.valid_to,
        row.revoked_at is not None,
        row.approved_at is not None,
        row.intersect,
    )


def _token_invalid(refusal: TokenRefused) -> Problem:
    problem = Problem(
        "token-invalid",
        refusal.detail_ja,
        refusal.detail_en,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )
    return with_error(problem, "invalid_token")


def _proof_invalid(refusal: TokenRefused) -> Problem:
    problem = Problem(
        "proof-invalid",
        refusal.detail_ja,
        refusal.detail_en,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_dpop_proof"'},
    )
    return with_error(problem, "invalid_dpop_proof")


def _not_authenticated(refusal: TokenRefused | None = None) -> Problem:
    """Return one problem for unknown clients, unknown keys and wrong signatures alike."""
    if refusal is None:
        refusal = TokenRefused(
            "The client, its key or the signature is not known.",
            "連携先、鍵、署名のいずれかを確認できません。",
        )
    return with_error(
        Problem("client-authentication-failed", refusal.detail_ja, refusal.detail_en),
        "invalid_client",
    )
