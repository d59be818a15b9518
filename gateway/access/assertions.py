"""What a client assertion must say. Pure.

Source: RFC 7523, 3 (JWT for client authentication); FAPI 2.0 Security Profile, 5.3.2.1 (the
audience is the issuer as one string); OpenID Connect Core 1.0, 9 (``private_key_jwt``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from gateway.access.jose import TokenRefused

MAX_LIFETIME_S: Final = 300
SKEW_S: Final = 30
MAX_JTI_CHARS: Final = 128


@dataclass(frozen=True, slots=True)
class Assertion:
    """An accepted assertion: it may be used once, until ``expires_at``."""

    client_id: str
    jti: str
    expires_at: dt.datetime


def check_claims(claims: dict[str, Any], *, issuer: str, now: dt.datetime) -> Assertion:
    """Return the assertion if its claims are acceptable at ``now``. The signature was verified.

    Clocks may differ by ``SKEW_S`` seconds where a time lies in the future.

    Raises:
        TokenRefused: naming the claim and the rule.

    """
    client_id = claims.get("sub")
    if not isinstance(client_id, str) or claims.get("iss") != client_id:
        raise TokenRefused(
            "iss と sub は client_id と同じにしてください。",
            "iss and sub must both be the client_id.",
        )
    if claims.get("aud") != issuer:
        raise TokenRefused(
            "aud は発行者の URL ひとつ（文字列）にしてください。",
            "aud must be the issuer, as one string.",
        )
    expires = _time(claims, "exp")
    if expires is None:
        raise TokenRefused("exp がありません。", "exp is missing.")
    seconds = now.timestamp()
    if expires <= seconds:
        raise TokenRefused("アサーションの有効期限が切れています。", "the assertion has expired.")
    issued = _time(claims, "iat")
    if expires - (seconds if issued is None else issued) > MAX_LIFETIME_S + SKEW_S:
        raise TokenRefused(
            f"exp は {MAX_LIFETIME_S} 秒以内にしてください。",
            f"exp may be at most {MAX_LIFETIME_S} seconds away.",
        )
    for name in ("iat", "nbf"):
        time = _time(claims, name)
        if time is not None and time > seconds + SKEW_S:
            raise TokenRefused(f"{name} が未来の時刻です。", f"{name} lies in the future.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS:
        raise TokenRefused(
            f"jti は 1〜{MAX_JTI_CHARS} 文字の文字列にしてください。",
            f"jti must be a text of 1 to {MAX_JTI_CHARS} characters.",
        )
    return Assertion(client_id, jti, dt.datetime.fromtimestamp(expires, dt.UTC))


def _time(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise TokenRefused(f"{name} が時刻ではありません。", f"{name} is not a time.")
    return float(value)
