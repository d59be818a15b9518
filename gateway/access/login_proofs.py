"""Whose login is it that a consumer shows: the proof is read, and its citizen found."""

from __future__ import annotations

from typing import Protocol

from adapters.contract import Clock
from gateway.access.jose import TokenRefused
from gateway.access.logins import Login, LoginLevel, Provider, claimed_issuer, read_login
from gateway.access.schemas import TokenRequest, with_error
from gateway.access.store import AccessStore
from gateway.problems import Problem

MAX_ISSUER_CHARS = 200


class People(Protocol):
    """Who knows the citizens by their logins."""

    async def handle_of_login(
        self, municipality: str, client_id: str, issuer: str, login_id: str
    ) -> str | None:
        """Return the consumer's handle of the citizen; None for one who is not known."""


class LoginProofs:
    """Reads the proofs of the providers that a municipality has registered."""

    def __init__(self, store: AccessStore, people: People, *, clock: Clock, issuer: str) -> None:
        self._store = store
        self._people = people
        self._clock = clock
        self._issuer = issuer

    async def of(self, request: TokenRequest, client_id: str) -> Login | None:
        """Return the citizen's login that came with the request, None if it came without.

        Raises:
            Problem: ``login-invalid``, ``login-not-linked``.

        """
        proof = request.subject_token
        if proof is None:
            return None
        try:
            issuer = claimed_issuer(proof)
            provider = await self._provider(request.municipality, issuer)
            proven = read_login(
                proof,
                provider,
                client_id=client_id,
                audience=self._issuer,
                now=self._clock.now(),
            )
        except TokenRefused as refusal:
            problem = Problem("login-invalid", refusal.detail_ja, refusal.detail_en)
            raise with_error(problem, "invalid_request") from None
        handle = await self._people.handle_of_login(
            request.municipality, client_id, issuer, proven.login_id
        )
        if handle is None:
            raise with_error(Problem("login-not-linked"), "access_denied")
        return Login(handle, proven.level, proven.at)

    async def _provider(self, municipality: str, issuer: str) -> Provider:
        row = await self._store.find_provider(municipality, issuer[:MAX_ISSUER_CHARS])
        if row is None or row.revoked_at is not None:
            raise TokenRefused(
                "証明の発行者が登録されていません。", "the provider of the proof is not registered."
            )
        levels = {acr: LoginLevel(level) for acr, level in row.levels.items()}
        return Provider(row.issuer, row.jwks, levels)
