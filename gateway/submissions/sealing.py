"""Stated values at rest: AES-GCM under a secret of the key store, bound to their place. Pure.

Source: NIST SP 800-38D (AES-GCM); RFC 5869 (HKDF).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.keys import SealingSecret
from standard_models.answers import JsonScalar

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SealBroken(Exception):
    """Sealed values were altered, or stand in a place that is not theirs."""


def seal(secret: SealingSecret, place: tuple[str, ...], values: Mapping[str, JsonScalar]) -> bytes:
    """Return ``values`` encrypted for their ``place``: municipality, submission, group."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(secret).encrypt(nonce, orjson.dumps(dict(values)), _bound(place))


def unseal(secret: SealingSecret, place: tuple[str, ...], sealed: bytes) -> dict[str, JsonScalar]:
    """Return the values that were sealed for ``place``.

    Raises:
        SealBroken: they were altered, or moved here from elsewhere.

    """
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        values: dict[str, JsonScalar] = orjson.loads(
            _cipher(secret).decrypt(nonce, text, _bound(place))
        )
    except (InvalidTag, ValueError):
        raise SealBroken("the seal of stated values is broken") from None
    return values


def _cipher(secret: SealingSecret) -> AESGCM:
    purpose = f"hitotsu submissions\x00{secret.version}".encode()
    return AESGCM(HKDF(SHA256(), _KEY_BYTES, None, purpose).derive(secret.secret))


def _bound(place: tuple[str, ...]) -> bytes:
    return "\x00".join(place).encode()
