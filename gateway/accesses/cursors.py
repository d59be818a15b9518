"""Cursors: a place in one person's list, sealed so that nobody can read or move it.

A sequence number would tell how much the municipality asks, and two of them what lies between.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.accesses.store import Position
from gateway.problems import Problem

_PLACE: Final = struct.Struct(">qq")
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)


class CursorCipher:
    """Seals positions for one consumer and one person.

    Args:
        secret: the key of pseudonyms, from which a key of its own is derived (HKDF, RFC 5869).
        owner: municipality, consumer and pseudonym; a cursor of another is refused.
    """

    def __init__(self, secret: bytes, *owner: str) -> None:
        self._cipher = AESSIV(HKDF(SHA256(), 64, None, b"hitotsu access cursor").derive(secret))
        self._owner = [part.encode() for part in owner]

    def seal(self, position: Position) -> str:
        """Return the cursor behind ``position``: 43 characters."""
        place = _PLACE.pack((position.at - _EPOCH) // _MICROSECOND, position.sequence)
        sealed = self._cipher.encrypt(place, self._owner)
        return urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, cursor: str) -> Position:
        """Return the position of a cursor.

        Raises:
            Problem: ``cursor-invalid``.
        """
        if not _CURSOR.fullmatch(cursor):
            raise Problem("cursor-invalid")
        try:
            place = self._cipher.decrypt(urlsafe_b64decode(cursor + "="), self._owner)
        except InvalidTag:
            raise Problem("cursor-invalid") from None
        microseconds, sequence = _PLACE.unpack(place)
        return Position(_EPOCH + microseconds * _MICROSECOND, sequence)
