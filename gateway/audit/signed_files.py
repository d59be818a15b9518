"""Files that are signed as a whole: the last line signs every byte before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final

from joserfc import jws
from joserfc.errors import JoseError

from gateway.audit.entries import canonical_json
from gateway.audit.tree import sign_text
from gateway.keys import HeadKey


class SignedKind(StrEnum):
    """What a signed file is; stands as the type in its signature."""

    CONCERNED = "hitotsu-concerned"
    DISCLOSURE = "hitotsu-disclosure"


_AROUND: Final = {SignedKind.CONCERNED: ("", ""), SignedKind.DISCLOSURE: ("<!-- ", " -->")}
"""What stands before and behind the signature, so that the last line fits into the file."""


class ListRefused(Exception):
    """A file is not as it was signed."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature says: of what kind the file is, and how many entries it holds."""

    kind: SignedKind
    count: int


class SigningFile:
    """Writes lines to ``file`` and, at the end, the signature over all of them."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()

    def put(self, line: str) -> None:
        """Write a line, or several."""
        written = line.encode() + b"\n"
        self._digest.update(written)
        self._file.write(written)

    def sign(self, key: HeadKey, kind: SignedKind, count: int) -> None:
        """Write the last line. ``count`` is how many entries the lines hold."""
        members = {"count": count, "sha256": self._digest.hexdigest()}
        opening, closing = _AROUND[kind]
        signature = sign_text(key, canonical_json(members).encode(), kind)
        self._file.write(f"{opening}{signature}{closing}\n".encode())


def check_list(path: Path, keys: Iterable[HeadKey]) -> Signed:
    """Return what the signature of a file says.

    Raises:
        ListRefused: it is not as it was signed, or not by one of ``keys``.
        OSError: it cannot be read.
    """
    lines, _, last = path.read_bytes().removesuffix(b"\n").rpartition(b"\n")
    try:
        kind, said = _verified(last.decode(), keys)
    except (JoseError, ValueError, LookupError, StopIteration):
        raise ListRefused from None
    if said["sha256"] != hashlib.sha256(lines + b"\n").hexdigest():
        raise ListRefused
    return Signed(kind, said["count"])


def _verified(last: str, keys: Iterable[HeadKey]) -> tuple[SignedKind, dict[str, Any]]:
    signed = last.removeprefix("<!-- ").removesuffix(" -->")
    header = jws.extract_compact(signed.encode()).headers()
    kind = SignedKind(header["typ"])
    opening, closing = _AROUND[kind]
    if last != f"{opening}{signed}{closing}":
        raise ListRefused
    key = next(k for k in keys if k.kid == header["kid"])
    payload = jws.deserialize_compact(signed, key.jwk, algorithms=["Ed25519"]).payload
    said: dict[str, Any] = json.loads(payload)
    return kind, said
