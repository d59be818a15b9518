"""Who is calling, and what may they ask today. Refusals are recorded like answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, NoReturn

from adapters.contract import Clock
from gateway.access.authentication import ClientAuthentication
from gateway.access.credentials import Credentials
from gateway.access.dpop import NonceNeeded, Presented, ProofGuard, read_proof
from gateway.access.entries import Caller, operation_entry
from gateway.access.grants import Grant, GrantedItems, Relation, granted_on
from gateway.access.jose import TokenRefused, signing_keys
from gateway.access.login_proofs import LoginProofs, People
from gateway.access.logins import Login, LoginLevel, LoginRule
from gateway.access.quotas import Lane, Quotas
from gateway.access.refusals import (
    CHALLENGE,
    UNPROVEN,
    proof_invalid,
    signature_invalid,
    token_invalid,
)
from gateway.access.schemas import (
    ACCESS_TOKEN,
    TokenAnswer,
    TokenRequest,
    authorization_details,
    with_error,
)
from gateway.access.store import AccessStore, Standing
from gateway.access.tokens import Access, Binding, TokenCache, issue_token, new_token_id, read_token
from gateway.api.message_signatures import SentRequest, SignatureRefused, verify_request
from gateway.audit import NO_MUNICIPALITY, AuditEntry, AuditKind, AuditLog
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.store.tables import ClientRow, GrantRow

QUOTA: Final = "quota"
"""Stands for the function in the record of a call that came too soon, whichever it was for."""


class AccessService:
    """Issues tokens, verifies them, and knows the grants.

    Args:
        issuer: the gateway's public URL; issuer and audience of every token.
        token_lifetime_s: seconds that a token is good for, 600 at most.
        quotas: how much each consumer may ask.
        proofs: shared with the other processes that serve the same port, if there are any.

    """

    def __init__(  # noqa: PLR0913 - each is something that access is decided with
        self,
        store: AccessStore,
        keys: KeyStore,
        audit: AuditLog,
        people: People,
        *,
        clock: Clock,
        issuer: str,
        token_lifetime_s: int,
        quotas: Quotas,
        proofs: ProofGuard | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._audit = audit
        self._clock = clock
        self.issuer = issuer
        self._token_lifetime_s = token_lifetime_s
        self._logins = LoginProofs(store, people, clock=clock, issuer=issuer)
        self._clients = ClientAuthentication(store, clock=clock, issuer=issuer)
        self._cache = TokenCache()
        self._proofs = proofs or ProofGuard()
        self._quotas = quotas

    async def verify_token(
        self, authorization: str | None, presented: Presented, caller: Caller | None = None
    ) -> Access:
        """Return who calls, by the ``Authorization`` header and the proof that came with it.

        A token that was verified within the last minute is taken at its word: a client that was
        revoked is refused 60 seconds later at most. The proof is verified each time.

        A token that is bound to a certificate comes with the scheme Bearer over a connection with
        that certificate (RFC 8705, 3); every other one with the scheme DPoP.

        Raises:
            Problem: ``token-missing``, ``token-invalid``, ``proof-invalid``,
                ``proof-nonce-needed``; ``audit-unavailable`` if the refusal could not be recorded.

        """
        scheme, _, token = (authorization or "").strip().partition(" ")
        now = self._clock.now()
        if not scheme:
            problem = Problem("token-missing", headers={"WWW-Authenticate": CHALLENGE})
            await self._refuse(problem, None, None, caller)
        access = self._cache.find(token, now)
        if access is None:
            try:
                verified = read_token(token, self._keys.keys(), issuer=self.issuer, now=now)
                await self._require_standing(verified.access, now)
            except TokenRefused as refusal:
                await self._refuse(token_invalid(refusal), None, None, caller)
            access = verified.access
            self._cache.keep(token, verified, now)
        if scheme.lower() != access.binding.token_type.lower():
            await self._refuse(token_invalid(_OTHER_SCHEME), access.client_id, None, caller)
        if access.binding is Binding.KEY:
            await self._require_proof(presented, token, access, caller)
        elif presented.certificate != access.key:
            await self._refuse(token_invalid(_OTHER_CERTIFICATE), access.client_id, None, caller)
        return access

    async def require_signed(
        self,
        access: Access,
        request: SentRequest,
        body: Callable[[], Awaitable[bytes]],
        caller: Caller | None = None,
    ) -> None:
        """Do nothing if the request is signed by the caller's own key, or need not be signed.

        It must be where that is registered of the client. A signature that is sent must be good
        in any case.

        Raises:
            Problem: ``signature-invalid``; as reading the body; ``audit-unavailable``.

        """
        client = await self._store.find_client(access.client_id)
        sent = request.headers.holds("signature") or request.headers.holds("signature-input")
        if not sent and (client is None or not client.signs_writes):
            return
        keys = signing_keys(client.jwks) if client is not None else {}
        try:
            verify_request(request, await body(), keys, self._clock.now())
        except SignatureRefused:
            await self._refuse(signature_invalid(), access.client_id, None, caller)
        except Problem as problem:
            await self._refuse(problem, access.client_id, None, caller)

    def over_consumer_quota(self, access: Access, lane: Lane) -> Problem | None:
        """Count a call; return ``quota-exceeded`` where the consumer has to wait."""
        return self._quotas.over_consumer(lane, access.municipality, access.client_id)

    def over_subject_quota(self, access: Access, lane: Lane, subject: str) -> Problem | None:
        """Count a call about ``subject``, as it was sent; return ``quota-exceeded`` likewise."""
        return self._quotas.over_subject(lane, access.municipality, access.client_id, subject)

    async def refuse_over_quota(self, access: Access, problem: Problem, caller: Caller) -> NoReturn:
        """Record that a consumer has to wait, and tell it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable``.

        """
        now, slug = self._clock.now(), problem.type.slug
        entry = operation_entry(
            access, caller, now, function=QUOTA, outcome="refused", problem=slug
        )
        await self._audit.append_refusal(entry)
        raise problem

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
            await self._refuse(proof_invalid(refusal), access.client_id, None, caller)

    async def grants_of(
        self,
        access: Access,
        purpose_id: str,
        relation: Relation | None = Relation.SELF,
        basis: str | None = None,
    ) -> GrantedItems:
        """Return the items that the caller may ask for the purpose now, with its login if any.

        Raises:
            Problem: as ``grants_for``; ``login-other-subject`` where the purpose is granted for
                nobody but the citizen who has logged in.

        """
        try:
            return await self.grants_for(
                access.municipality, access.client_id, purpose_id, access.login, relation, basis
            )
        except Problem as problem:
            if relation is not Relation.REPRESENTED or problem.type.slug == "unknown-purpose":
                raise
        raise Problem("login-other-subject")

    async def grants_for(
        self,
        municipality: str,
        client_id: str,
        purpose_id: str,
        login: Login | None = None,
        relation: Relation | None = Relation.SELF,
        basis: str | None = None,
    ) -> GrantedItems:
        """Return the items that the client may ask for the purpose now.

        Of the person who is named, unless ``relation`` says otherwise; None stands for anybody.

        Raises:
            Problem: ``unknown-purpose``, ``purpose-not-granted``, naming the end date of a
                grant that has run out, or ``relation-not-granted``.

        """
        registered, rows = await self._store.grants(municipality, client_id, purpose_id)
        if not registered:
            raise Problem("unknown-purpose")
        return granted_on(self._clock.now(), map(_to_grant, rows), login, relation, basis)

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
                ``purpose-not-granted``, ``proof-invalid``, ``quota-exceeded``; each with the OAuth
                member ``error``.

        """
        client: ClientRow | None = None
        now = self._clock.now()
        try:
            client = await self._clients.claimed(request.credentials)
            await self._clients.require(request.credentials, client)
            self._require_quota(client, Lane.ASK)
            await self._require_grant(request, client)
            login = await self._logins.of(request, client.client_id)
            # The assertion works once, so that nobody can send this proof a second time.
            binding, key = await self._own(request.presented, client, now)
        except TokenRefused as refusal:
            claimed = client.client_id if client else None
            await self._refuse(proof_invalid(refusal), claimed, request, caller)
        except Problem as problem:
            claimed = client.client_id if client else None
            await self._refuse(problem, claimed, request, caller)
        access = Access(
            client.client_id,
            request.municipality,
            request.purpose,
            new_token_id(),
            key,
            binding,
            login,
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
            token_type=binding.token_type,
            expires_in=self._token_lifetime_s,
            authorization_details=authorization_details(request.municipality, request.purpose),
            issued_token_type=ACCESS_TOKEN if login else None,
            handle=access.login_handle,
        )

    async def revoke(
        self, credentials: Credentials, token: str, caller: Caller | None = None
    ) -> None:
        """Let a client give back a token of its own before its time. Source: RFC 7009, 2.

        What is no token, no longer one, or another client's is left alone without a word: whoever
        asks learns nothing of it. This process refuses the token at once, others within 60
        seconds.

        Raises:
            Problem: ``client-authentication-failed``; ``quota-exceeded``; ``audit-unavailable``.

        """
        client: ClientRow | None = None
        try:
            client = await self._clients.claimed(credentials)
            await self._clients.require(credentials, client)
            self._require_quota(client, Lane.PROTECT)
        except Problem as problem:
            await self._refuse(problem, client.client_id if client else None, None, caller)
        now = self._clock.now()
        try:
            verified = read_token(token, self._keys.keys(), issuer=self.issuer, now=now)
        except TokenRefused:
            verified = None
        if verified is None or verified.access.client_id != client.client_id:
            await self._record("nothing-revoked", client.client_id, None, caller)
            return
        await self._store.revoke_token(verified.access.token_id, verified.expires_at, now)
        self._cache.drop(token)
        await self._record("token-revoked", client.client_id, None, caller)

    async def refuse_request(self, problem: Problem, caller: Caller | None) -> NoReturn:
        """Record and raise the refusal of a token request that could not even be read."""
        await self._refuse(problem, None, None, caller)

    def public_keys(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set with which tokens of this gateway can be verified."""
        return self._keys.keys().public_jwks(self._clock.now())

    async def _require_standing(self, access: Access, now: dt.datetime) -> None:
        certificate = access.key if access.binding is Binding.CERTIFICATE else None
        standing = await self._store.standing(access.client_id, access.token_id, certificate, now)
        if standing is not Standing.GOOD:
            raise _AGAINST[standing]

    def _require_quota(self, client: ClientRow, lane: Lane) -> None:
        """Count a call about tokens, by the client alone: towns and purposes are its own words.

        Raises:
            Problem: ``quota-exceeded``.

        """
        problem = self._quotas.over_consumer(lane, NO_MUNICIPALITY, client.client_id)
        if problem is not None:
            raise with_error(problem, "temporarily_unavailable")

    async def _own(
        self, presented: Presented, client: ClientRow, now: dt.datetime
    ) -> tuple[Binding, str]:
        """Return to what of the client's own its token shall be bound: proofs before certificate.

        Raises:
            TokenRefused: it shows nothing that a token can be bound to.

        """
        if presented.proofs or presented.certificate is None:
            return Binding.KEY, read_proof(presented, now=now).key
        if not await self._store.certificate_holds(client.client_id, presented.certificate, now):
            raise TokenRefused(
                "登録されていないか、期限が切れたか、使用を終えた証明書です。",
                "The certificate is not registered, has ended, or was retired.",
            )
        return Binding.CERTIFICATE, presented.certificate

    async def _require_grant(self, request: TokenRequest, client: ClientRow) -> None:
        """Do nothing if the purpose is granted, for a citizen's login to whomever it is for."""
        of = (request.municipality, client.client_id, request.purpose)
        others = (Relation.REPRESENTED,) if request.subject_token is not None else ()
        try:
            await self.grants_for(*of, relation=None)
            for relation in (Relation.HOUSEHOLD, *others):
                with suppress(Problem):
                    await self.grants_for(*of, relation=relation)
                    return
            await self.grants_for(*of)
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
        known = named and request is not None and problem not in UNPROVEN
        entry = AuditEntry(
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
        if problem is None:
            await self._audit.append(entry)
        else:
            await self._audit.append_refusal(entry)


_OTHER_SCHEME: Final = TokenRefused(
    "トークンは、その種類の方式（DPoP、または証明書に結び付いた Bearer）で送ってください。",
    "The token comes with the scheme of its type: DPoP, or Bearer over its own certificate.",
)
_OTHER_CERTIFICATE: Final = TokenRefused(
    "トークンは、この接続のものとは別の証明書に結び付いています。",
    "The token is bound to another certificate than that of the connection.",
)
_AGAINST: Final = {
    Standing.CLIENT_REVOKED: TokenRefused(
        "この連携先は停止されています。", "The client was revoked."
    ),
    Standing.TOKEN_REVOKED: TokenRefused(
        "返却（失効）されたトークンです。", "The token was given back."
    ),
    Standing.CERTIFICATE_ENDED: TokenRefused(
        "トークンの証明書は使用を終えたか、期限が切れています。",
        "The certificate of the token was retired or has ended.",
    ),
}


def _to_login_rule(row: GrantRow) -> LoginRule | None:
    if row.login_level is None or row.login_max_age_s is None:
        return None
    return LoginRule(LoginLevel(row.login_level), dt.timedelta(seconds=row.login_max_age_s))


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
        _to_login_rule(row),
        row.consent,
        tuple(row.field_sets),
        tuple(row.bases),
    )
