"""Signed HTTP messages: what is signed of an answer, what must be signed of a request. Pure.

Sources: RFC 9421 (HTTP Message Signatures), 1.4 (an application says what must be covered), 3.3
(algorithms), 5.1 (``Accept-Signature``); RFC 9530, 2 (``Content-Digest``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519, RSA_PSS_SHA512
from starlette.responses import Response

ANSWER_TAG: Final = "hitotsu-evidence"
REQUEST_TAG: Final = "hitotsu-write"
LABEL: Final = "hitotsu"
FRESH: Final = dt.timedelta(seconds=60)
"""How far the time in the signature of a request may be from ours."""
OF_ANSWERS: Final = ("@status", "content-type", "content-digest")
"""What every signature of ours covers."""
OF_REQUESTS: Final = ("@method", "@target-uri", "authorization", "content-type", "content-digest")
"""What every signature of a request must cover."""
OF_REQUESTS_IF_SENT: Final = ("dpop", "idempotency-key")
"""Headers that must be covered where they are sent: with them a request works once."""
ACCEPT_SIGNATURE: Final = (
    LABEL
    + "=("
    + " ".join(f'"{name}"' for name in (*OF_REQUESTS, *OF_REQUESTS_IF_SENT))
    + f');created;keyid;tag="{REQUEST_TAG}"'
)
"""What a request without a good signature is told to bring."""

PublicKey = EllipticCurvePublicKey | RSAPublicKey | Ed25519PublicKey
_ALGORITHMS: Final[Mapping[type[Any], type[HTTPSignatureAlgorithm]]] = {
    EllipticCurvePublicKey: ECDSA_P256_SHA256,
    RSAPublicKey: RSA_PSS_SHA512,
    Ed25519PublicKey: ED25519,
}


class SignatureRefused(Exception):
    """A message is not signed as it must be."""


class _Fields(Protocol):
    def items(self) -> Iterable[tuple[str, str]]:
        """Return every line of the header section."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a header section, in their order; names may be there more than once."""

    lines: Sequence[tuple[str, str]]

    def items(self) -> Iterable[tuple[str, str]]:
        """Return every line."""
        return self.lines

    def holds(self, name: str) -> bool:
        """Return whether a header is there."""
        return any(found.lower() == name for found, _ in self.lines)


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request as its sender signed it; ``url`` is the public address."""

    method: str
    url: str
    headers: Lines


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer; its headers can be written where it is to be signed."""

    status_code: int
    headers: _Fields


@dataclass(frozen=True, slots=True)
class Signed:
    """A good signature: by which key, and when it was made."""

    kid: str
    created: dt.datetime


class _Verifier(HTTPMessageVerifier):
    """Judges times by the clock that it is given."""

    def __init__(
        self,
        algorithm: type[HTTPSignatureAlgorithm],
        keys: Mapping[str, Any],
        now: dt.datetime,
        fresh: dt.timedelta | None,
    ) -> None:
        resolver = MappingKeyResolver(public_keys=keys, private_keys={})
        super().__init__(signature_algorithm=algorithm, key_resolver=resolver)
        self._now = now
        self._fresh = fresh

    def validate_created_and_expires(
        self,
        sig_input: Any,
        max_age: dt.timedelta | None = None,  # noqa: ARG002 - the library's
    ) -> None:
        created = sig_input.params.get("created")
        now = int(self._now.timestamp())
        around = int(FRESH.total_seconds())
        if type(created) is not int or created > now + around:
            raise InvalidSignature("created")
        if self._fresh is not None and created < now - int(self._fresh.total_seconds()):
            raise InvalidSignature("created")
        expires = sig_input.params.get("expires", now)
        if type(expires) is not int or expires < now:
            raise InvalidSignature("expires")


def sign_answer(
    response: Response, key: EllipticCurvePrivateKey, kid: str, at: dt.datetime
) -> None:
    """Add ``Content-Digest``, ``Signature-Input`` and ``Signature`` to an answer."""
    resolver = MappingKeyResolver(public_keys={}, private_keys={kid: key})
    signer = HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=resolver)
    signer.sign(
        GivenAnswer(response.status_code, response.headers),
        key_id=kid,
        created=at,
        label=LABEL,
        tag=ANSWER_TAG,
        covered_component_ids=OF_ANSWERS[:-1],
        body=bytes(response.body),
    )


def verify_answer(
    answer: GivenAnswer, body: bytes, keys: Mapping[str, PublicKey], at: dt.datetime
) -> Signed:
    """Return by whom and when an answer of ours was signed; it may be old.

    Raises:
        SignatureRefused: it is not signed, or not what was signed.

    """
    return _verified(answer, body, keys, at, ANSWER_TAG, OF_ANSWERS, fresh=None)


def verify_request(
    request: SentRequest, body: bytes, keys: Mapping[str, PublicKey], now: dt.datetime
) -> Signed:
    """Return by whom and when a request was signed, which must have been a moment ago.

    Raises:
        SignatureRefused: it is not signed, too little of it is, or not what was signed.

    """
    sent = [name for name in OF_REQUESTS_IF_SENT if request.headers.holds(name)]
    return _verified(request, body, keys, now, REQUEST_TAG, (*OF_REQUESTS, *sent), fresh=FRESH)


def _verified(
    message: SentRequest | GivenAnswer,
    body: bytes,
    keys: Mapping[str, PublicKey],
    at: dt.datetime,
    tag: str,
    covered: Sequence[str],
    *,
    fresh: dt.timedelta | None,
) -> Signed:
    """Try each kind of key that there is: the key decides which algorithm is meant."""
    for kind, algorithm in _ALGORITHMS.items():
        of_kind = {kid: key for kid, key in keys.items() if isinstance(key, kind)}
        if not of_kind:
            continue
        verifier = _Verifier(algorithm, of_kind, at, fresh)
        try:
            (found,) = verifier.verify(
                message, max_age=None, expect_tag=tag, require_components=covered, body=body
            )
        except (HTTPMessageSignaturesException, ValueError, TypeError):
            continue
        said = found.parameters
        return Signed(str(said["keyid"]), dt.datetime.fromtimestamp(int(said["created"]), dt.UTC))
    raise SignatureRefused
