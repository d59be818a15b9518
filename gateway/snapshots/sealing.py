"""Records of snapshots at rest: AES-GCM under a key of their own, bound to their place. Pure.

Source: NIST SP 800-38D (AES-GCM); RFC 5869 (HKDF).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.keys import SealingSecret
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    DatePrecision,
    Quality,
    Severity,
    StandardRecord,
    UncertainDate,
    Value,
)

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SealBroken(Exception):
    """A sealed record was altered, or stands in a place that is not its own."""


class RecordSeal:
    """Seals the records of one snapshot; one from another place does not open."""

    def __init__(self, secret: SealingSecret, snapshot_id: str) -> None:
        purpose = f"hitotsu snapshots\x00{secret.version}".encode()
        self._cipher = AESGCM(HKDF(SHA256(), _KEY_BYTES, None, purpose).derive(secret.secret))
        self._snapshot = snapshot_id

    def seal(self, record: StandardRecord) -> bytes:
        """Return the record encrypted for its person and group."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        said = {
            "a": {name: _plain(answer) for name, answer in record.answers.items()},
            "q": [q.to_json() for q in record.quality],
        }
        bound = self._bound(record.subject_number, record.group)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(said), bound)

    def unseal(self, number: str, group: str, sealed: bytes) -> StandardRecord:
        """Return the record that was sealed for this person and group.

        Raises:
            SealBroken: it was altered, or moved here from elsewhere.

        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            said = orjson.loads(self._cipher.decrypt(nonce, text, self._bound(number, group)))
        except (InvalidTag, ValueError):
            raise SealBroken("the seal of a record is broken") from None
        answers = {name: _answer(plain) for name, plain in said["a"].items()}
        return StandardRecord(group, number, answers, _quality(said["q"]))

    def _bound(self, number: str, group: str) -> bytes:
        return "\x00".join((self._snapshot, number, group)).encode()


def record_key(record: StandardRecord, fields: Sequence[str]) -> bytes:
    """Return 16 bytes that tell a person's records of a group apart by its primary key."""
    said = [_plain(record.answers[name]) for name in fields if name in record.answers]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).digest()[:16]


def _plain(answer: Answer) -> dict[str, Any]:
    return answer.to_json()


def _answer(plain: Mapping[str, Any]) -> Answer:
    seen = plain.get("quality")
    quality = _quality(seen) if seen else ()
    if "absent" not in plain:
        return Value(plain["value"], plain.get("label"), quality)
    found = plain.get("uncertain")
    uncertain = None
    if found is not None:
        first, last = (
            dt.date.fromisoformat(found[end]) if found[end] else None
            for end in ("earliest", "latest")
        )
        uncertain = UncertainDate(DatePrecision(found["precision"]), found["text"], first, last)
    return Absence(AbsenceReason(plain["absent"]), quality, uncertain)


def _quality(plain: Sequence[Mapping[str, Any]]) -> tuple[Quality, ...]:
    return tuple(Quality(q["code"], Severity(q["severity"]), q.get("params", {})) for q in plain)
