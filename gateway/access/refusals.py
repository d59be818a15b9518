"""The refusals of the token endpoint and of calls with a token, as OAuth words them."""

from __future__ import annotations

from typing import Final

from gateway.access.jose import ASSERTION_ALGORITHMS, TokenRefused
from gateway.access.schemas import with_error
from gateway.api.message_signatures import ACCEPT_SIGNATURE
from gateway.problems import Problem

CHALLENGE: Final = f'DPoP algs="{" ".join(ASSERTION_ALGORITHMS)}"'
"""What a call without a good token is told to bring. Source: RFC 9449, 7.1."""
UNPROVEN: Final = frozenset({"client-authentication-failed", "unknown-purpose", "quota-exceeded"})
"""Refusals after which the municipality and purpose that were claimed are not written down."""


def token_invalid(refusal: TokenRefused) -> Problem:
    """Return the refusal of a token. Source: RFC 6750, 3.1."""
    problem = Problem(
        "token-invalid",
        refusal.detail_ja,
        refusal.detail_en,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )
    return with_error(problem, "invalid_token")


def proof_invalid(refusal: TokenRefused) -> Problem:
    """Return the refusal of a proof. Source: RFC 9449, 5 and 7.1."""
    problem = Problem(
        "proof-invalid",
        refusal.detail_ja,
        refusal.detail_en,
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_dpop_proof"'},
    )
    return with_error(problem, "invalid_dpop_proof")


def signature_invalid() -> Problem:
    """Return the refusal of a write that is not signed as it must be. Source: RFC 9421, 5.1."""
    return Problem("signature-invalid", headers={"Accept-Signature": ACCEPT_SIGNATURE})


def not_authenticated(refusal: TokenRefused | None = None) -> Problem:
    """Return one problem for unknown clients, unknown keys and wrong signatures alike."""
    if refusal is None:
        refusal = TokenRefused(
            "連携先、鍵、署名のいずれかを確認できません。",
            "The client, its key or the signature is not known.",
        )
    return with_error(
        Problem("client-authentication-failed", refusal.detail_ja, refusal.detail_en),
        "invalid_client",
    )
