"""Certificates of clients."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from gateway.api.proxies import thumbprint_of

KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(now: dt.datetime, *, days: int = 90, key: Any = KEY) -> x509.Certificate:
    """Return a certificate that a client made for itself, good for ``days`` from ``now``."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "online.example.jp")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def pem(made: x509.Certificate) -> bytes:
    """Return it as a file holds it."""
    return made.public_bytes(Encoding.PEM)


def thumbprint(made: x509.Certificate) -> str:
    """Return its ``x5t#S256``."""
    return thumbprint_of(made.public_bytes(Encoding.DER))
