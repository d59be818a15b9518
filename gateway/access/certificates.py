"""What may be registered as a client's certificate. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.access.jose import MIN_RSA_BITS
from gateway.access.registration import RegistrationError
from gateway.api.proxies import thumbprint_of

_MAX_SUBJECT_CHARS: Final = 400


@dataclass(frozen=True, slots=True)
class Certificate:
    """A client certificate. ``thumbprint`` is the ``x5t#S256`` of RFC 8705, 3.1."""

    thumbprint: str
    subject: str
    not_after: dt.datetime


def read_certificate(pem: bytes, now: dt.datetime) -> Certificate:
    """Return the one certificate of a PEM file.

    Raises:
        RegistrationError: none or several of them, a weak key, ended, or the file holds a
            private key.

    """
    if b"PRIVATE KEY" in pem:
        raise RegistrationError(
            "秘密鍵が入っています。証明書だけのファイルを渡してください。",
            "The file holds a private key; hand in the certificate alone.",
        )
    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError:
        found = []
    if len(found) != 1:
        raise RegistrationError(
            "PEM 形式の証明書を一つだけ含むファイルが必要です。",
            "A PEM file with exactly one certificate is needed.",
        )
    (certificate,) = found
    if not _strong(certificate):
        raise RegistrationError(
            f"証明書の鍵は EC P-256 以上、Ed25519、RSA {MIN_RSA_BITS} ビット以上にしてください。",
            f"The key must be EC P-256 or stronger, Ed25519, or RSA of {MIN_RSA_BITS} bits.",
        )
    if certificate.not_valid_after_utc <= now:
        raise RegistrationError("証明書の有効期限が切れています。", "The certificate has expired.")
    return Certificate(
        thumbprint_of(certificate.public_bytes(Encoding.DER)),
        certificate.subject.rfc4514_string()[:_MAX_SUBJECT_CHARS],
        certificate.not_valid_after_utc,
    )


def _strong(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= MIN_RSA_BITS
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.curve.key_size >= ec.SECP256R1.key_size
    return isinstance(key, ed25519.Ed25519PublicKey)
