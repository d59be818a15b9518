"""The citizen's own login: what a provider signed of it, and what a grant asks of it. Pure.

Sources: OpenID Connect Core 1.0, 2 (claims ``acr``, ``auth_time``, ``azp``); RFC 8693, 2.1 (the
proof comes as ``subject_token``); RFC 9470 (a call is told that it needs a better login).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from gateway.access.jose import (
    KeyRefused,
    TokenRefused,
    find_key,
    read_assertion_header,
    read_claims,
    read_untrusted_claims,
)
from gateway.problems import Problem

SKEW_S: Final = 30
MAX_LOGIN_ID_CHARS: Final = 255


class LoginLevel(IntEnum):
    """How sure it is who has logged in. Source: guideline on online identity proofing (DS-511)."""

    SINGLE_FACTOR = 1
    TWO_FACTORS = 2
    PUBLIC_KEY_CARD = 3
    """公的個人認証 (JPKI) with the card, or what is as sure."""


@dataclass(frozen=True, slots=True)
class Login:
    """A citizen who has logged in at the consumer, by the handle that the consumer has of them."""

    handle: str = field(repr=False)
    level: LoginLevel
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class LoginRule:
    """What a grant asks of the citizen's login; ``max_age`` counts from the login itself."""

    level: LoginLevel
    max_age: dt.timedelta

    def is_met(self, login: Login | None, now: dt.datetime) -> bool:
        """Return whether ``login`` is good enough at ``now``."""
        return login is not None and login.level >= self.level and now - login.at <= self.max_age


@dataclass(frozen=True, slots=True)
class Provider:
    """Who signs logins. ``levels`` maps its values of ``acr``; others are not accepted."""

    issuer: str
    jwks: Mapping[str, Any]
    levels: Mapping[str, LoginLevel]


@dataclass(frozen=True, slots=True)
class ProvenLogin:
    """A login that its provider signed. ``login_id`` is the provider's own id of the citizen."""

    login_id: str = field(repr=False)
    level: LoginLevel
    at: dt.datetime


def claimed_issuer(proof: str) -> str:
    """Return who is said to have signed ``proof``; nothing is verified yet.

    Raises:
        TokenRefused: it is no signed JWT.

    """
    read_assertion_header(proof)
    return str(read_untrusted_claims(proof).get("iss"))


def read_login(
    proof: str, provider: Provider, *, client_id: str, audience: str, now: dt.datetime
) -> ProvenLogin:
    """Return the login that ``provider`` signed for this consumer.

    It is for the consumer when ``aud`` is its client_id, or when ``aud`` is ``audience`` (this
    gateway) and ``azp`` the client_id: what another consumer was given proves nothing here.

    Raises:
        TokenRefused: naming the claim and the rule.

    """
    header = read_assertion_header(proof)
    try:
        key = find_key(dict(provider.jwks), header["kid"], header["alg"])
    except KeyRefused:
        key = None
    if key is None:
        raise TokenRefused("証明の鍵が登録されていません。", "the key of the proof is not known.")
    claims = read_claims(proof, key, header["alg"])
    if claims.get("iss") != provider.issuer:
        raise TokenRefused("iss が別の発行者です。", "iss is another provider.")
    _require_audience(claims, client_id, audience)
    _require_in_time(claims, now)
    level = provider.levels.get(str(claims.get("acr")))
    if level is None:
        raise TokenRefused(
            "acr が、登録された本人確認の水準ではありません。",
            "acr is no level that is registered of the provider.",
        )
    login_id = claims.get("sub")
    if not isinstance(login_id, str) or not 1 <= len(login_id) <= MAX_LOGIN_ID_CHARS:
        raise TokenRefused("sub がありません。", "sub is missing.")
    return ProvenLogin(login_id, level, _login_time(claims, now))


def login_needed(rule: LoginRule, challenge: str) -> Problem:
    """Return the refusal of what needs a better or newer login. Source: RFC 9470, 3."""
    seconds = int(rule.max_age.total_seconds())
    return Problem(
        "login-needed",
        f"水準 {int(rule.level)} 以上で {seconds} 秒以内の本人のログインが必要です。",
        f"A login of level {int(rule.level)} or more within {seconds} seconds is needed.",
        headers={
            "WWW-Authenticate": f'{challenge}, error="insufficient_user_authentication", '
            f'max_age="{seconds}"'
        },
        extensions={
            "error": "insufficient_user_authentication",
            "login_level": int(rule.level),
            "max_age": seconds,
        },
    )


def _require_audience(claims: Mapping[str, Any], client_id: str, audience: str) -> None:
    said = claims.get("aud")
    heard = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    azp = claims.get("azp")
    for_gateway = audience in heard and azp == client_id
    for_client = heard == [client_id] and azp in {None, client_id}
    if not for_gateway and not for_client:
        raise TokenRefused(
            "aud・azp が、この連携先のための証明であることを示していません。",
            "aud and azp do not say that the proof is for this consumer.",
        )


def _require_in_time(claims: Mapping[str, Any], now: dt.datetime) -> None:
    seconds = now.timestamp()
    if _time(claims, "exp") <= seconds:
        raise TokenRefused("ログインの証明の有効期限が切れています。", "the proof has expired.")
    if _time(claims, "iat") > seconds + SKEW_S:
        raise TokenRefused("iat が未来の時刻です。", "iat lies in the future.")


def _login_time(claims: Mapping[str, Any], now: dt.datetime) -> dt.datetime:
    """Return when the citizen proved who they are; a clock that is a little ahead does no harm."""
    at = _time(claims, "auth_time")
    if at > now.timestamp() + SKEW_S:
        raise TokenRefused("auth_time が未来の時刻です。", "auth_time lies in the future.")
    return dt.datetime.fromtimestamp(min(at, now.timestamp()), dt.UTC)


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40:
        raise TokenRefused(f"{name} が時刻ではありません。", f"{name} is not a time.")
    return float(value)
