"""A receipt as a compact JWS: signed, read again, bound to consumer, purpose and person. Pure.

Source: RFC 7515; RFC 8725, 3.11 (a type of its own keeps it apart from access tokens).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError

from gateway.keys import SIGNING_ALGORITHM, Keys

RECEIPT_TYPE: Final = "hitotsu-receipt+jwt"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a genuine receipt says. ``secret_version`` names the secret of its digests."""

    receipt_id: str
    issuer: str
    client_id: str
    municipality: str
    purpose: str
    handle: str
    issued_at: dt.datetime
    good_until: dt.datetime
    secret_version: int
    parts: Sequence[Mapping[str, Any]]


def sign_receipt(receipt: Receipt, keys: Keys) -> str:
    """Return ``receipt`` as a compact JWS (ES256)."""
    key = keys.evidence_key
    payload = orjson.dumps(
        {
            "iss": receipt.issuer,
            "aud": receipt.client_id,
            "sub": receipt.handle,
            "jti": receipt.receipt_id,
            "iat": int(receipt.issued_at.timestamp()),
            "exp": int(receipt.good_until.timestamp()),
            "municipality": receipt.municipality,
            "purpose": receipt.purpose,
            "secret": receipt.secret_version,
            "parts": receipt.parts,
        }
    )
    header = {"alg": SIGNING_ALGORITHM, "typ": RECEIPT_TYPE, "kid": key.kid}
    return jws.serialize_compact(header, payload, key.jwk, algorithms=[SIGNING_ALGORITHM])


def read_receipt(text: str, keys: Keys, issuer: str) -> Receipt | None:
    """Return what ``text`` says if this gateway signed it, with a key that was not revoked."""
    try:
        found = jws.extract_compact(text.encode("ascii"))
        header = found.headers()
        key = keys.find_evidence_key(header.get("kid"))
        if key is None or key.revoked_at is not None or header.get("typ") != RECEIPT_TYPE:
            return None
        if not jws.validate_compact(found, key.jwk, algorithms=[SIGNING_ALGORITHM]):
            return None
        receipt = _receipt(orjson.loads(found.payload))
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return receipt if receipt.issuer == issuer else None


def _receipt(claims: dict[str, Any]) -> Receipt:
    return Receipt(
        receipt_id=claims["jti"],
        issuer=claims["iss"],
        client_id=claims["aud"],
        municipality=claims["municipality"],
        purpose=claims["purpose"],
        handle=claims["sub"],
        issued_at=_time(claims["iat"]),
        good_until=_time(claims["exp"]),
        secret_version=claims["secret"],
        parts=claims["parts"],
    )


def _time(seconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
