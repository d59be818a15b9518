"""Selective disclosure for signed statements: conceal, sign, verify. Pure; needs no gateway.

Each item of each record is a disclosure of its own; whoever holds the statement may leave some out.

Source: RFC 9901 (SD-JWT), 4 and 7.1; SD-JWT VC (draft-ietf-oauth-sd-jwt-vc) for type and names;
Token Status List (draft-ietf-oauth-status-list) for revocation.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

EVIDENCE_TYPE: Final = "dc+sd-jwt"
STATUS_TYPE: Final = "statuslist+jwt"
ALGORITHM: Final = "ES256"
MAX_CHARS: Final = 400_000
MAX_STATUS_BYTES: Final = 1 << 20
_RESERVED: Final = frozenset({"_sd", "...", "_sd_alg"})


class Finding(StrEnum):
    """What speaks against a statement."""

    MALFORMED = "malformed"
    KEY_UNKNOWN = "key-unknown"
    KEY_REVOKED = "key-revoked"
    SIGNATURE_BROKEN = "signature-broken"
    ALTERED = "altered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    STATUS_UNKNOWN = "status-unknown"
    STATUS_UNUSABLE = "status-unusable"


_NOTES: Final = frozenset({Finding.EXPIRED, Finding.STATUS_UNKNOWN, Finding.STATUS_UNUSABLE})


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. ``claims`` are set where the signature is good; ``hidden`` counts items."""

    findings: tuple[Finding, ...]
    claims: Mapping[str, Any] = field(default_factory=dict)
    hidden: int = 0

    @property
    def genuine(self) -> bool:
        """Return whether it was issued as it stands, and not taken back; it may have expired."""
        return bool(self.claims) and _NOTES.issuperset(self.findings)


class _Refused(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.value)
        self.finding = finding


def conceal(members: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return an object that holds digests in the place of ``members``, and their disclosures."""
    disclosures = [
        _encode(orjson.dumps([secrets.token_urlsafe(16), name, value]))
        for name, value in members.items()
    ]
    # Sorted, so that their order says nothing of the order of the members.
    return {"_sd": sorted(_digest(text) for text in disclosures)}, disclosures


def sign(payload: Mapping[str, Any], disclosures: Sequence[str], key: ECKey, kid: str) -> str:
    """Return the statement with all of its disclosures."""
    header = {"alg": ALGORITHM, "typ": EVIDENCE_TYPE, "kid": kid}
    content = orjson.dumps({**payload, "_sd_alg": "sha-256"})
    signed = jws.serialize_compact(header, content, key, algorithms=[ALGORITHM])
    return "~".join([signed, *disclosures, ""])


def verify(
    text: str, jwks: Mapping[str, Any], at: dt.datetime, status_list: str | None = None
) -> Verified:
    """Return what can be said of a statement with nothing but the published keys.

    Args:
        text: the statement.
        jwks: the published keys, retired and revoked ones included.
        at: the time for which it is judged.
        status_list: the signed list of what was taken back, if it is at hand.

    """
    try:
        signed, disclosures = _taken_apart(text.strip())
        payload = _signed_by(signed, jwks, EVIDENCE_TYPE)
        claims, hidden = _disclosed(payload, disclosures)
    except _Refused as refused:
        return Verified((refused.finding,))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Verified((Finding.MALFORMED,))
    findings = []
    expires = claims.get("exp")
    if not isinstance(expires, int) or expires <= at.timestamp():
        findings.append(Finding.EXPIRED)
    if (status := _status(claims, status_list, jwks, at)) is not None:
        findings.append(status)
    return Verified(tuple(findings), claims, hidden)


def _taken_apart(text: str) -> tuple[str, list[str]]:
    """Return the signed part and the disclosures; a key binding is not ours."""
    signed, *disclosures, last = text.split("~")
    if len(text) > MAX_CHARS or last:
        raise _Refused(Finding.MALFORMED)
    return signed, disclosures


def make_status_list(
    uri: str, withdrawn: Sequence[int], size: int, at: dt.datetime, ttl_s: int, key: ECKey, kid: str
) -> str:
    """Return the signed list of the places that were taken back, one bit for each of ``size``."""
    bits = bytearray(size // 8)
    for place in withdrawn:
        bits[place // 8] |= 1 << place % 8
    now = int(at.timestamp())
    payload = {
        "sub": uri,
        "iat": now,
        "exp": now + 7 * 86_400,
        "ttl": ttl_s,
        "status_list": {"bits": 1, "lst": _encode(zlib.compress(bytes(bits), 9))},
    }
    header = {"alg": ALGORITHM, "typ": STATUS_TYPE, "kid": kid}
    return jws.serialize_compact(header, orjson.dumps(payload), key, algorithms=[ALGORITHM])


def _signed_by(signed: str, jwks: Mapping[str, Any], kind: str) -> dict[str, Any]:
    try:
        found = jws.extract_compact(signed.encode("ascii"))
        header = found.headers()
    except (JoseError, ValueError, TypeError):
        raise _Refused(Finding.MALFORMED) from None
    if header.get("typ") != kind or header.get("alg") != ALGORITHM or "crit" in header:
        raise _Refused(Finding.MALFORMED)
    member = next((k for k in jwks.get("keys", ()) if k.get("kid") == header.get("kid")), None)
    if member is None:
        raise _Refused(Finding.KEY_UNKNOWN)
    if "revoked" in member:
        raise _Refused(Finding.KEY_REVOKED)
    key = ECKey.import_key({name: member[name] for name in ("kty", "crv", "x", "y")})
    try:
        good = jws.validate_compact(found, key, algorithms=[ALGORITHM])
    except JoseError:
        good = False
    if not good:
        raise _Refused(Finding.SIGNATURE_BROKEN)
    payload: dict[str, Any] = orjson.loads(found.payload)
    retired = member.get("exp")
    if retired is not None and payload["iat"] > retired:
        raise _Refused(Finding.SIGNATURE_BROKEN)
    return payload


def _disclosed(payload: dict[str, Any], disclosures: Sequence[str]) -> tuple[dict[str, Any], int]:
    """Return the claims with what is disclosed in its place, and how much is hidden."""
    if payload.get("_sd_alg") != "sha-256":
        raise _Refused(Finding.MALFORMED)
    by_digest = {_digest(text): text for text in disclosures}
    if len(by_digest) != len(disclosures):
        raise _Refused(Finding.ALTERED)
    state = _Disclosing(by_digest)
    claims = state.reveal({name: v for name, v in payload.items() if name != "_sd_alg"})
    if state.left:
        raise _Refused(Finding.ALTERED)
    return claims, state.hidden


class _Disclosing:
    def __init__(self, by_digest: dict[str, str]) -> None:
        self.left = dict(by_digest)
        self._places = {digest: place for place, digest in enumerate(by_digest)}
        self.hidden = 0
        self._seen: set[str] = set()

    def reveal(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.reveal(member) for member in value]
        if not isinstance(value, dict):
            return value
        revealed = {name: self.reveal(v) for name, v in value.items() if name != "_sd"}
        # As on the paper: digests are sorted, disclosures stand in the order that was asked for.
        for digest in sorted(value.get("_sd", ()), key=self._place):
            if digest in self._seen:
                raise _Refused(Finding.ALTERED)
            self._seen.add(digest)
            text = self.left.pop(digest, None)
            if text is None:
                self.hidden += 1
                continue
            _salt, name, inner = orjson.loads(_decode(text))
            if name in _RESERVED or name in revealed:
                raise _Refused(Finding.ALTERED)
            revealed[name] = self.reveal(inner)
        return revealed

    def _place(self, digest: str) -> int:
        return self._places.get(digest, len(self._places))


def _status(
    claims: Mapping[str, Any], status_list: str | None, jwks: Mapping[str, Any], at: dt.datetime
) -> Finding | None:
    try:
        place = claims["status"]["status_list"]
        if status_list is None:
            return Finding.STATUS_UNKNOWN
        stated = _signed_by(status_list.strip(), jwks, STATUS_TYPE)
        if stated["sub"] != place["uri"] or stated["exp"] <= at.timestamp():
            return Finding.STATUS_UNUSABLE
        unpacker = zlib.decompressobj()
        bits = unpacker.decompress(_decode(stated["status_list"]["lst"]), MAX_STATUS_BYTES)
        taken_back = bits[place["idx"] // 8] >> place["idx"] % 8 & 1
    except (_Refused, ValueError, TypeError, KeyError, IndexError, zlib.error):
        return Finding.STATUS_UNKNOWN if status_list is None else Finding.STATUS_UNUSABLE
    return Finding.WITHDRAWN if taken_back else None


def _digest(disclosure: str) -> str:
    return _encode(hashlib.sha256(disclosure.encode("ascii")).digest())


def _encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
