"""Pairwise handles: what a consumer gets in the place of a person's number.

A handle is the internal subject id, encrypted (AES-SIV, RFC 5297) under a key derived (HKDF,
RFC 5869) for the municipality, the consumer and the version of the secret. It is the same each
time for the same consumer, different for every other one, and means nothing without the key.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.keys import HandleSecret, Keys

SUBJECT_BYTES: Final = 16
_KEY_BYTES: Final = 64
_SEALED_CHARS: Final = 43
_HANDLE: Final = re.compile(r"h([1-9][0-9]{0,3})-([A-Za-z0-9_-]{43})")
_CACHE_SIZE: Final = 1_024


def new_subject_id() -> str:
    """Return a random subject id: 32 hexadecimal digits."""
    return secrets.token_hex(SUBJECT_BYTES)


class HandleCipher:
    """Turns subject ids into handles and back. Keeps the ciphers it has derived."""

    def __init__(self) -> None:
        self._ciphers: dict[tuple[bytes, str, str], AESSIV] = {}

    def seal(self, keys: Keys, municipality: str, client_id: str, subject_id: str) -> str:
        """Return the handle of ``subject_id`` for the consumer: ``h1-`` and 43 characters."""
        return self._sealed(keys.handle_secret, municipality, client_id, subject_id)

    def seal_all(
        self, keys: Keys, municipality: str, client_id: str, subject_id: str
    ) -> tuple[str, ...]:
        """Return every handle of ``subject_id`` that the consumer may hold, the newest first.

        Those of versions that have run out are among them: they open nothing, but a consumer may
        know the person by them.
        """
        return tuple(
            self._sealed(secret, municipality, client_id, subject_id)
            for secret in reversed(keys.handles)
        )

    def _sealed(
        self, secret: HandleSecret, municipality: str, client_id: str, subject_id: str
    ) -> str:
        cipher = self._cipher(secret, municipality, client_id)
        sealed = cipher.encrypt(bytes.fromhex(subject_id), None)
        return f"h{secret.version}-{urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def open(
        self, keys: Keys, municipality: str, client_id: str, handle: str, now: dt.datetime
    ) -> str | None:
        """Return the subject id of ``handle``, None if it is not one of this consumer's.

        The same work is done for a handle that is malformed, forged, of another consumer or of a
        version that has run out.
        """
        match = _HANDLE.fullmatch(handle)
        secret = keys.find_handle_secret(int(match[1]), now) if match else None
        text = match[2] if match else "A" * _SEALED_CHARS
        cipher = self._cipher(secret or keys.handle_secret, municipality, client_id)
        sealed = urlsafe_b64decode(text + "=")
        try:
            subject = cipher.decrypt(sealed, None)
        except InvalidTag:
            return None
        # Unused bits at the end must be zero, or one person would have several spellings.
        spelled = urlsafe_b64encode(sealed).rstrip(b"=").decode() == text
        return subject.hex() if secret is not None and spelled else None

    def _cipher(self, secret: HandleSecret, municipality: str, client_id: str) -> AESSIV:
        place = (secret.secret, municipality, client_id)
        cipher = self._ciphers.get(place)
        if cipher is None:
            if len(self._ciphers) >= _CACHE_SIZE:
                self._ciphers.clear()
            cipher = self._ciphers[place] = AESSIV(_derive(secret, municipality, client_id))
        return cipher


def _derive(secret: HandleSecret, municipality: str, client_id: str) -> bytes:
    purpose = f"hitotsu handle\x00{secret.version}\x00{municipality}\x00{client_id}".encode()
    return HKDF(SHA256(), _KEY_BYTES, None, purpose).derive(secret.secret)
