"""Proof of possession: a token is worth nothing without the key that it was issued to.

Source: RFC 9449 (DPoP); FAPI 2.0 Security Profile, 5.3.1 (sender-constrained tokens).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from gateway.access.jose import (
    ASSERTION_ALGORITHMS,
    KeyRefused,
    PublicKey,
    TokenRefused,
    algorithms_of,
    import_public_key,
    read_claims,
    read_json_header,
    require_compact,
)

PROOF_TYPE: Final = "dpop+jwt"
FRESH_S: Final = 60
"""Seconds before and after its time in which a proof is accepted."""
NONCE_S: Final = 300
"""Seconds in which a nonce is handed out; it is accepted for as long again."""
MAX_JTI_CHARS: Final = 128
MOST_SEEN: Final = 200_000
MOST_HEADS: Final = 1_000
"""Public keys of clients that are kept ready."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


class NonceNeeded(Exception):
    """The proof lacks a nonce of this process; the answer carries one, and the call is repeated."""


@dataclass(frozen=True, slots=True)
class Presented:
    """The proofs that came with a call, and the call that they must be about.

    ``certificate`` is the thumbprint (``x5t#S256``) of the certificate that the client showed.
    """

    proofs: Sequence[str] = ()
    method: str = ""
    url: str = ""
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof whose signature, key and call are right. ``key`` is the thumbprint (RFC 7638)."""

    key: str
    jti: str
    issued_at: float
    nonce: str | None


def read_proof(
    presented: Presented,
    *,
    now: dt.datetime,
    access_token: str | None = None,
    key: str | None = None,
) -> Proof:
    """Return the proof of a call; it must be about ``access_token``, which is bound to ``key``.

    Raises:
        TokenRefused: naming the rule that it breaks. Rules: RFC 9449, 4.3.
    """
    if len(presented.proofs) != 1:
        raise TokenRefused(
            "DPoP ヘッダーを一つだけ付けてください。", "The header DPoP must be there exactly once."
        )
    (text,) = presented.proofs
    head = _read_head(require_compact(text))
    claims = read_claims(text, head.key, head.algorithm)
    _require_call(claims, presented)
    if access_token is not None and claims.get("ath") != token_digest(access_token):
        raise TokenRefused(
            "ath がアクセストークンの要約ではありません。",
            "ath is not the digest of the access token.",
        )
    if key is not None and head.thumbprint != key:
        raise TokenRefused(
            "トークンは別の鍵に発行されたものです。", "The token was issued to another key."
        )
    nonce = claims.get("nonce")
    jti, issued_at = _once(claims), _fresh(claims, now)
    return Proof(head.thumbprint, jti, issued_at, nonce if isinstance(nonce, str) else None)


def token_digest(token: str) -> str:
    """Return what ``ath`` says of a token. Source: RFC 9449, 4.2."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


class ProofMemory(Protocol):
    """Remembers which proofs were used, for every process that knows the same nonces."""

    def add(self, digest: bytes, until: float, now: float) -> bool | None:
        """Remember a proof until then; False where it is known already, None without room."""


class OwnMemory:
    """What one process has seen. It is forgotten when the proof is too old anyway."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, digest: bytes, until: float, now: float) -> bool | None:
        """Remember a proof until then; False where it is known already, None without room."""
        self._forget(now)
        if digest in self._seen:
            return False
        if len(self._seen) >= MOST_SEEN:
            return None
        self._seen[digest] = until
        return True

    def _forget(self, now: float) -> None:
        while self._seen:
            digest, until = next(iter(self._seen.items()))
            if until > now:
                return
            del self._seen[digest]


@dataclass(slots=True)
class ProofGuard:
    """Lets each proof be used once, and only with a nonce that was handed out under its secret.

    Processes with the same secret share their memory, too. After a restart there is neither, so
    proofs from before it are worthless: their nonces are those of another secret.
    """

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    seen: ProofMemory = field(default_factory=OwnMemory)
    _nonces: tuple[int, bytes, bytes] = field(default=(-1, b"", b""), repr=False)

    def nonce(self, now: dt.datetime) -> str:
        """Return the nonce that is handed out now."""
        return self._known(now)[0].decode()

    def require_new(self, proof: Proof, now: dt.datetime) -> None:
        """Do nothing if the proof is used for the first time, with a nonce of ours.

        Raises:
            NonceNeeded: without such a nonce.
            TokenRefused: it was used before, or too many proofs come in to remember them.
        """
        # As bytes: of texts with other characters than ASCII the comparison wants to know nothing.
        shown = (proof.nonce or "").encode()
        if not any(hmac.compare_digest(shown, nonce) for nonce in self._known(now)):
            raise NonceNeeded
        said = f"{proof.key}\0{proof.jti}".encode()
        digest = hmac.digest(self.secret, said, "sha256")
        new = self.seen.add(digest, now.timestamp() + 2 * FRESH_S, now.timestamp())
        if new is False:
            raise TokenRefused(
                "この DPoP 証明は使用済みです。一度だけ使えます。",
                "The proof was used before; each works once.",
            )
        if new is None:
            raise TokenRefused(
                "証明が多すぎます。しばらくしてから、もう一度送ってください。",
                "Too many proofs at a time; try again later.",
            )

    def _known(self, now: dt.datetime) -> tuple[bytes, bytes]:
        """Return the nonce of now and the one before; made once for each turn."""
        turn = int(now.timestamp()) // NONCE_S
        made, current, former = self._nonces
        if made != turn:
            current, former = self._nonce(turn), self._nonce(turn - 1)
            self._nonces = turn, current, former
        return current, former

    def _nonce(self, turn: int) -> bytes:
        found = hmac.new(self.secret, str(turn).encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(found[:18])


@dataclass(frozen=True, slots=True)
class _Head:
    """What the header of a proof says; it is the same for every proof of a client."""

    algorithm: str
    key: PublicKey
    thumbprint: str


@lru_cache(maxsize=MOST_HEADS)
def _read_head(segment: str) -> _Head:
    """Return the first part of a proof; one that was read before is not read again."""
    header = read_json_header(segment)
    if header.get("typ") != PROOF_TYPE or header.get("alg") not in ASSERTION_ALGORITHMS:
        raise TokenRefused(
            f"typ は {PROOF_TYPE}、alg は {'、'.join(ASSERTION_ALGORITHMS)} にしてください。",
            f"typ must be {PROOF_TYPE} and alg one of {', '.join(ASSERTION_ALGORITHMS)}.",
        )
    key = _public_key(header)
    return _Head(header["alg"], key, key.thumbprint())


def _public_key(header: dict[str, Any]) -> PublicKey:
    member = header.get("jwk")
    if not isinstance(member, dict):
        raise TokenRefused("ヘッダーに jwk が必要です。", "The header needs a jwk.")
    try:
        key = import_public_key(member)
    except KeyRefused:
        raise TokenRefused(
            "jwk は公開鍵（EC P-256、Ed25519、RSA）にしてください。",
            "The jwk must be one public key: EC P-256, Ed25519 or RSA.",
        ) from None
    if header["alg"] not in algorithms_of(key):
        raise TokenRefused("alg が jwk に合いません。", "alg does not fit the jwk.")
    return key


def _require_call(claims: dict[str, Any], presented: Presented) -> None:
    if claims.get("htm") != presented.method:
        raise TokenRefused(
            "htm が呼び出しのメソッドと違います。", "htm is not the method of the call."
        )
    address = claims.get("htu")
    if not isinstance(address, str) or _plain(address) != _plain(presented.url):
        raise TokenRefused("htu が呼び出し先と違います。", "htu is not the address of the call.")


def _plain(address: str) -> tuple[str, str, int | None, str] | None:
    """Return an address without query and fragment, so that two ways of writing it are equal."""
    try:
        parts = urlsplit(address)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname or "", port, parts.path or "/"


def _once(claims: dict[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 1 <= len(jti) <= MAX_JTI_CHARS:
        raise TokenRefused(
            f"jti は 1〜{MAX_JTI_CHARS} 文字の文字列にしてください。",
            f"jti must be a text of 1 to {MAX_JTI_CHARS} characters.",
        )
    return jti


def _fresh(claims: dict[str, Any], now: dt.datetime) -> float:
    issued = claims.get("iat")
    if isinstance(issued, bool) or not isinstance(issued, int | float):
        raise TokenRefused("iat がありません。", "iat is missing.")
    seconds = now.timestamp()
    # Compared, not subtracted: a number may be too large for that.
    if not seconds - FRESH_S <= issued <= seconds + FRESH_S:
        raise TokenRefused(
            f"iat が {FRESH_S} 秒以上ずれています。", f"iat is more than {FRESH_S} seconds away."
        )
    return float(issued)
