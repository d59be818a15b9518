"""Tree heads: how many rows there are and their root, signed, as one line of text.

A line is a JWS in its compact form (RFC 7515) with Ed25519 (RFC 8037, RFC 9864), so that it can be
appended to a file, printed, or sent by mail, and verified without anything else.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from gateway.audit.entries import canonical_json
from gateway.keys import HeadKey

HEAD_TYPE: Final = "hitotsu-audit-head"
_ALGORITHM: Final = "Ed25519"


class HeadRefused(Exception):
    """A line is no head of this tree: not signed by a key of it, or not readable."""


@dataclass(frozen=True, slots=True)
class Head:
    """The state of the tree at a time.

    ``size`` rows, the last of which has ``last_sequence``; ``signed`` is the line of text.
    """

    size: int
    last_sequence: int
    root: bytes
    at: dt.datetime
    issuer: str
    signed: str


def sign_head(
    key: HeadKey, *, size: int, last_sequence: int, root: bytes, at: dt.datetime, issuer: str
) -> Head:
    """Return the signed head of a tree."""
    members = {
        "v": 1,
        "iss": issuer,
        "size": size,
        "sequence": last_sequence,
        "root": root.hex(),
        "at": at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
    }
    signed = sign_text(key, canonical_json(members).encode(), HEAD_TYPE)
    return Head(size, last_sequence, root, at, issuer, signed)


def sign_text(key: HeadKey, payload: bytes, kind: str) -> str:
    """Return ``payload`` signed as a compact JWS of the type ``kind``."""
    header = {"alg": _ALGORITHM, "kid": key.kid, "typ": kind}
    return jws.serialize_compact(header, payload, key.jwk, algorithms=[_ALGORITHM])


def read_head(line: str, keys: Iterable[HeadKey]) -> Head:
    """Return the head of a line.

    Raises:
        HeadRefused: not a head, or not signed by one of ``keys``.
    """
    try:
        members = json.loads(_verified(line.strip(), {k.kid: k.jwk for k in keys}))
        root = bytes.fromhex(members["root"])
        at = dt.datetime.fromisoformat(members["at"])
        return Head(
            int(members["size"]),
            int(members["sequence"]),
            root,
            at,
            str(members["iss"]),
            line.strip(),
        )
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise HeadRefused(type(error).__name__) from None


def public_head_keys(keys: Iterable[HeadKey]) -> list[dict[str, Any]]:
    """Return the public parts as JWKs, oldest first; ``kid`` is the RFC 7638 thumbprint."""
    return [{**key.jwk.as_dict(private=False), "kid": key.kid} for key in keys]


def _verified(line: str, keys: Mapping[str, OKPKey]) -> bytes:
    found = jws.extract_compact(line.encode())
    header = found.headers()
    if header.get("typ") != HEAD_TYPE:
        raise HeadRefused("typ")
    key = keys.get(str(header.get("kid")))
    if key is None:
        raise HeadRefused("kid")
    return jws.deserialize_compact(line, key, algorithms=[_ALGORITHM]).payload
