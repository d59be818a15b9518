"""The token request and the answers of the token endpoint on the wire.

Source: RFC 6749, 4.4 and 5; RFC 7521, 4.2; RFC 9396, 2 and 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel, ConfigDict, Field

from gateway.access.credentials import Credentials
from gateway.access.dpop import Presented
from gateway.access.tokens import PURPOSE_TYPE
from gateway.api.characters import holds_nul
from gateway.problems import Problem

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TOKEN_EXCHANGE: Final = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
GRANT_TYPES: Final = ("client_credentials", TOKEN_EXCHANGE)
ACCESS_TOKEN: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
ID_TOKEN: Final = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name
MAX_FORM_BYTES: Final = 16_384
MAX_FORM_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asks the token endpoint for."""

    credentials: Credentials
    municipality: str
    purpose: str
    presented: Presented
    subject_token: str | None = None


class TokenAnswer(BaseModel):
    """A token, and what it is good for."""

    model_config = ConfigDict(frozen=True)

    access_token: str = Field(title="アクセストークン")
    token_type: str = Field(title="種類（DPoP、証明書に結び付くときは Bearer）", examples=["DPoP"])
    expires_in: int = Field(title="有効秒数")
    authorization_details: list[dict[str, str]] = Field(title="結び付いた団体と利用目的")
    issued_token_type: str | None = Field(
        default=None, title="本人のログインを示したとき：トークンの型（RFC 8693）"
    )
    handle: str | None = Field(default=None, title="本人のログインを示したとき：その人のハンドル")


def read_form(body: bytes) -> Mapping[str, str]:
    """Return the fields of an ``application/x-www-form-urlencoded`` body.

    Raises:
        Problem: ``token-request-invalid`` for a body that is no form or names a field twice.

    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=MAX_FORM_FIELDS,
        )
    except ValueError:
        raise refused(
            "invalid_request", "本文がフォームの形式ではありません。", "The body is not a form."
        ) from None
    fields = dict(pairs)
    if holds_nul(fields):
        raise refused(
            "invalid_request",
            "本文に U+0000（NUL）は使えません。",
            "No field may hold U+0000 (NUL).",
        )
    if len(fields) != len(pairs):
        raise refused("invalid_request", "同じ項目が二度あります。", "A field is there twice.")
    return fields


def read_token_request(fields: Mapping[str, str], presented: Presented) -> TokenRequest:
    """Return the request of the form; fields that OAuth does not define are ignored.

    Raises:
        Problem: ``token-request-invalid`` with the member ``error`` of RFC 6749 or RFC 9396.

    """
    grant_type = fields.get("grant_type")
    if grant_type not in GRANT_TYPES:
        raise refused(
            "unsupported_grant_type",
            f"grant_type は {'、'.join(GRANT_TYPES)} のいずれかです。",
            f"The grant_type must be one of {', '.join(GRANT_TYPES)}.",
        )
    subject_token = _read_subject_token(fields) if grant_type == TOKEN_EXCHANGE else None
    credentials = read_credentials(fields, presented)
    municipality, purpose = _read_details(fields.get("authorization_details", ""))
    return TokenRequest(credentials, municipality, purpose, presented, subject_token)


def read_credentials(fields: Mapping[str, str], presented: Presented) -> Credentials:
    """Return with what the client shows who it is.

    Raises:
        Problem: ``token-request-invalid``: with nothing that is accepted.

    """
    if "client_secret" in fields:
        raise refused(
            "invalid_request", "client_secret は使えません。", "A client_secret is not accepted."
        )
    signed = fields.get("client_assertion_type") == ASSERTION_TYPE and "client_assertion" in fields
    named = "client_id" in fields and not {"client_assertion", "client_assertion_type"} & set(
        fields
    )
    if not signed and not (named and presented.certificate):
        raise refused(
            "invalid_request",
            "client_assertion と client_assertion_type（jwt-bearer）か、登録したクライアント"
            "証明書と client_id が必要です。",
            "A client_assertion and the client_assertion_type jwt-bearer are needed, or a client "
            "certificate and the client_id.",
        )
    return Credentials(
        fields.get("client_assertion"), fields.get("client_id"), presented.certificate
    )


def read_revocation_request(
    fields: Mapping[str, str], presented: Presented
) -> tuple[Credentials, str]:
    """Return who gives a token back, and the token. Source: RFC 7009, 2.1.

    Raises:
        Problem: ``token-request-invalid``.

    """
    credentials = read_credentials(fields, presented)
    if not fields.get("token"):
        raise refused("invalid_request", "token が必要です。", "A token is needed.")
    return credentials, fields["token"]


def authorization_details(municipality: str, purpose: str) -> list[dict[str, str]]:
    """Return the one detail that a token is bound to. Source: RFC 9396, 2."""
    return [{"type": PURPOSE_TYPE, "municipality": municipality, "purpose": purpose}]


def refused(error: str, detail_ja: str, detail_en: str) -> Problem:
    """Return the problem of a token request that cannot be understood."""
    return with_error(Problem("token-request-invalid", detail_ja, detail_en), error)


def with_error(problem: Problem, error: str) -> Problem:
    """Return ``problem`` with the members that OAuth clients look for. Source: RFC 6749, 5.2."""
    problem.extensions["error"] = error
    problem.extensions["error_description"] = problem.detail_en or problem.type.title_en
    problem.headers.setdefault("Cache-Control", "no-store")
    return problem


def _read_subject_token(fields: Mapping[str, str]) -> str:
    """Return the proof of the citizen's login. Source: RFC 8693, 2.1."""
    if fields.get("subject_token_type") != ID_TOKEN or not fields.get("subject_token"):
        raise refused(
            "invalid_request",
            f"subject_token と subject_token_type（{ID_TOKEN}）が必要です。",
            f"A subject_token and the subject_token_type {ID_TOKEN} are needed.",
        )
    return fields["subject_token"]


def _read_details(text: str) -> tuple[str, str]:
    try:
        # Not the standard library's: that one takes halves of characters.
        details: Any = orjson.loads(text)
    except ValueError:
        details = None
    detail = details[0] if isinstance(details, list) and len(details) == 1 else None
    if (
        not isinstance(detail, dict)
        or detail.keys() != {"type", "municipality", "purpose"}
        or detail["type"] != PURPOSE_TYPE
        or not all(isinstance(v, str) and 1 <= len(v) <= 64 for v in detail.values())
        or holds_nul(detail)
    ):
        raise refused(
            "invalid_authorization_details",
            f"authorization_details は type（{PURPOSE_TYPE}）、municipality、purpose を持つ"
            "ひとつの要素の配列にしてください。",
            f"authorization_details must be an array of one object with type ({PURPOSE_TYPE}), "
            "municipality and purpose.",
        )
    return detail["municipality"], detail["purpose"]
