"""The two factors: a password under Argon2id, and one-time codes by time.

Sources: RFC 9106 (Argon2id); RFC 6238 (TOTP); NIST SP 800-63B, 3.1.1 (length, no rules of
composition) and 3.1.4 (each code once).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from cryptography.exceptions import InvalidKey, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from gateway.keys import SealingSecret

MIN_PASSWORD_CHARS: Final = 12
MAX_PASSWORD_CHARS: Final = 200
STEP_S: Final = 30
SECRET_BYTES: Final = 20
_DIGITS: Final = 6
_AT_ONCE: Final = 4
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without look-alikes, so that a code can be read aloud (AC-7)."""
_CODE_CHARS: Final = 20
_NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class PasswordCosts:
    """What one check costs. Source: OWASP Password Storage Cheat Sheet, state of 2025."""

    memory_kib: int = 19_456
    iterations: int = 2


class Passwords:
    """Makes and checks password strings, a few at a time and never in the event loop."""

    def __init__(self, costs: PasswordCosts | None = None) -> None:
        self._costs = costs or PasswordCosts()
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def make(self, password: str) -> str:
        """Return the PHC string of a password, with a salt of its own."""
        async with self._places:
            return await asyncio.to_thread(self._make, password)

    async def check(self, password: str, known: str | None) -> bool:
        """Return whether the password is the one of ``known``; as slow where there is none."""
        if known is None:
            self._nobody = self._nobody or await self.make(secrets.token_hex(16))
        async with self._places:
            right = await asyncio.to_thread(self._check, password, known or self._nobody or "")
        return right and known is not None

    def _make(self, password: str) -> str:
        return Argon2id(
            salt=secrets.token_bytes(16),
            length=32,
            iterations=self._costs.iterations,
            lanes=1,
            memory_cost=self._costs.memory_kib,
        ).derive_phc_encoded(password.encode())

    @staticmethod
    def _check(password: str, known: str) -> bool:
        try:
            Argon2id.verify_phc_encoded(password.encode(), known)
        except InvalidKey:
            return False
        return True


def is_long_enough(password: str) -> bool:
    """Return whether a password has a length that is accepted; any characters will do."""
    return MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS


def new_code_secret() -> bytes:
    """Return a new secret of one-time codes."""
    return secrets.token_bytes(SECRET_BYTES)


def step_of(secret: bytes, code: str, at_s: float) -> int | None:
    """Return the time step whose code this is: the present one or a neighbour, else None."""
    if not (code.isascii() and code.isdecimal() and len(code) == _DIGITS):
        return None
    now = int(at_s) // STEP_S
    for step in (now, now - 1, now + 1):
        try:
            _totp(secret).verify(code.encode(), step * STEP_S)
        except InvalidToken:
            continue
        return step
    return None


def code_at(secret: bytes, at_s: float) -> str:
    """Return the code that an authenticator shows at a time."""
    return _totp(secret).generate(int(at_s)).decode()


def authenticator_uri(secret: bytes, staff_id: str) -> str:
    """Return what an authenticator reads from a picture. Source: Key Uri Format (otpauth)."""
    account = quote(f"Hitotsu:{staff_id}")
    return f"otpauth://totp/{account}?secret={in_letters(secret)}&issuer=Hitotsu"


def in_letters(secret: bytes) -> str:
    """Return a secret in the letters that are typed into an authenticator (RFC 4648, base 32)."""
    return base64.b32encode(secret).decode().rstrip("=")


def new_enrolment_code() -> str:
    """Return a code of 98 random bits in groups of five."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_CHARS))
    return "-".join(letters[i : i + 5] for i in range(0, _CODE_CHARS, 5))


def enrolment_digest(code: str) -> bytes:
    """Return SHA-256 of a code as it was meant: any case, with or without hyphens."""
    plain = "".join(c for c in code.upper() if c in _LETTERS)
    return hashlib.sha256(b"hitotsu enrolment\x00" + plain.encode()).digest()


def seal_secret(sealing: SealingSecret, staff_id: str, secret: bytes) -> bytes:
    """Return a secret of codes encrypted for one member of staff (AES-GCM, key by HKDF)."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + _cipher(sealing).encrypt(nonce, secret, staff_id.encode())


def open_secret(sealing: SealingSecret | None, staff_id: str, sealed: bytes) -> bytes | None:
    """Return what was sealed for this member of staff; None where that cannot be told."""
    if sealing is None:
        return None
    nonce, text = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        return _cipher(sealing).decrypt(nonce, text, staff_id.encode())
    except InvalidTag:
        return None


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what every authenticator has; as HMAC it is not broken (RFC 6238, 1.2).
    return TOTP(secret, _DIGITS, SHA1(), STEP_S)  # noqa: S303


def _cipher(sealing: SealingSecret) -> AESGCM:
    purpose = f"hitotsu staff\x00{sealing.version}".encode()
    return AESGCM(HKDF(SHA256(), 32, None, purpose).derive(sealing.secret))
