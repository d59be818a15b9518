"""The token request and the answers of the token endpoint on the wire.

Source: RFC 6749, 4.4 and 5; RFC 7521, 4.2; RFC 9396, 2 and 5.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field

from gateway.access.dpop import Presented
from gateway.access.tokens import PURPOSE_TYPE
from gateway.problems import Problem

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_FORM_BYTES: Final = 16_384
MAX_FORM_FIELDS: Final = 20


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a client asks the token endpoint for."""

    client_assertion: str
    client_id: str | None
    municipality: str
    purpose: str
    presented: Presented


class TokenAnswer(BaseModel):
    """A token, and what it is good for."""

    model_config = ConfigDict(frozen=True)

    access_token: str = Field(title="アクセストークン")
    token_type: str = Field(title="種類（常に DPoP）")
    expires_in: int = Field(title="有効秒数")
    authorization_details: list[dict[str, str]] = Field(title="結び付いた団体と利用目的")


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
    if len(fields) != len(pairs):
        raise refused("invalid_request", "同じ項目が二度あります。", "A field is there twice.")
    return fields


def read_token_request(fields: Mapping[str, str], presented: Presented) -> TokenRequest:
    """Return the request of the form; fields that OAuth does not define are ignored.

    Raises:
        Problem: ``token-request-invalid`` with the member ``error`` of RFC 6749 or RFC 9396.

    """
    if fields.get("grant_type") != "client_credentials":
        raise refused(
            "unsupported_grant_type",
            "grant_type は client_credentials だけです。",
            "The grant_type must be client_credentials.",
        )
    if "client_secret" in fields:
        raise refused(
            "invalid_request", "client_secret は使えません。", "A client_secret is not accepted."
        )
    if fields.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in fields:
        raise refused(
            "invalid_request",
            "client_assertion と client_assertion_type（jwt-bearer）が必要です。",
            "A client_assertion and the client_assertion_type jwt-bearer are needed.",
        )
    municipality, purpose = _read_details(fields.get("authorization_details", ""))
    return TokenRequest(
        fields["client_assertion"], fields.get("client_id"), municipality, purpose, presented
    )


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


def _read_details(text: str) -> tuple[str, str]:
    try:
        details: Any = json.loads(text)
    except (ValueError, RecursionError):
        details = None
    detail = details[0] if isinstance(details, list) and len(details) == 1 else None
    if (
        not isinstance(detail, dict)
        or detail.keys() != {"type", "municipality", "purpose"}
        or detail["type"] != PURPOSE_TYPE
        or not all(isinstance(v, str) and 1 <= len(v) <= 64 for v in detail.values())
    ):
        raise refused(
            "invalid_authorization_details",
            f"authorization_details は type（{PURPOSE_TYPE}）、municipality、purpose を持つ"
            "ひとつの要素の配列にしてください。",
            f"authorization_details must be an array of one object with type ({PURPOSE_TYPE}), "
            "municipality and purpose.",
        )
    return detail["municipality"], detail["purpose"]
