"""My Numbers at rest: sealed for whom they are of, and a digest that finds them. Pure.

Both keys are derived from a secret that serves nothing else. The digest is the same for the same
number and municipality, so that a number can be looked for without opening any; without the key
the 10^11 numbers cannot be tried.

Source: NIST SP 800-38D (AES-GCM); RFC 5869 (HKDF); RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.keys import SealingSecret
from standard_models.values.identifiers import MyNumber

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SealBroken(Exception):
    """A sealed number was altered, or stands with somebody whose it is not."""


@dataclass(frozen=True, slots=True)
class Place:
    """Whose number it is: a 宛名番号 in a numbering of a municipality."""

    municipality: str
    numbering: str
    number: str = field(repr=False)

    @property
    def bound(self) -> bytes:
        """Return what a seal is bound to."""
        return "\x00".join((self.municipality, self.numbering, self.number)).encode()


class NumberSeal:
    """Seals and finds numbers with one version of the secret."""

    def __init__(self, secret: SealingSecret) -> None:
        self.version = secret.version
        self._cipher = AESGCM(_derived(secret, "seal"))
        self._digest_key = _derived(secret, "digest")

    def seal(self, place: Place, my_number: MyNumber) -> bytes:
        """Return the number encrypted for its place."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, my_number.reveal().encode(), place.bound)

    def unseal(self, place: Place, sealed: bytes) -> MyNumber:
        """Return the number that was sealed for ``place``.

        Raises:
            SealBroken: it was altered, or moved here from elsewhere.

        """
        nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return MyNumber(self._cipher.decrypt(nonce, text, place.bound).decode())
        except (InvalidTag, ValueError):
            raise SealBroken("the seal of a number is broken") from None

    def digest(self, municipality: str, my_number: MyNumber) -> bytes:
        """Return 32 bytes by which the number is found within a municipality."""
        message = f"{municipality}\x00{my_number.reveal()}".encode()
        return hmac.new(self._digest_key, message, hashlib.sha256).digest()


def _derived(secret: SealingSecret, use: str) -> bytes:
    purpose = f"hitotsu my-number {use}\x00{secret.version}".encode()
    return HKDF(SHA256(), _KEY_BYTES, None, purpose).derive(secret.secret)
