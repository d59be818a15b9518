"""An answer of the gateway that was kept as it came, verified without the gateway. Pure.

Rule AT-7. The answer is a file as ``curl --include`` writes it: status line, headers, body.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gateway.api.message_signatures import (
    GivenAnswer,
    Lines,
    SignatureRefused,
    Signed,
    verify_answer,
)
from gateway.evidence.sd_jwt import Finding

MAX_BYTES: Final = 4_194_304
_STATUS: Final = re.compile(rb"HTTP/[0-9.]{1,3} ([1-5][0-9]{2})(?: [^\r\n]*)?")
_LINE: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*")


def verify_message(kept: bytes, jwks: Mapping[str, Any], at: dt.datetime) -> Signed | Finding:
    """Return by which key and when an answer was signed, or what speaks against it.

    Args:
        kept: the answer.
        jwks: the published keys, retired and revoked ones included.
        at: the time for which it is judged; it may be years later.

    """
    taken = _taken_apart(kept)
    if taken is None:
        return Finding.MALFORMED
    answer, body = taken
    try:
        members = {member["kid"]: member for member in jwks["keys"]}
        keys = {kid: ECKey.import_key(member).public_key for kid, member in members.items()}
    except (JoseError, KeyError, ValueError, TypeError):
        return Finding.KEY_UNKNOWN
    try:
        signed = verify_answer(answer, body, keys, at)
    except SignatureRefused:
        known = any(
            f'keyid="{kid}"' in value for _, value in answer.headers.items() for kid in keys
        )
        return Finding.SIGNATURE_BROKEN if known else Finding.KEY_UNKNOWN
    return Finding.KEY_REVOKED if "revoked" in members[signed.kid] else signed


def _taken_apart(kept: bytes) -> tuple[GivenAnswer, bytes] | None:
    """Return the answer and its body; informational answers before it are passed over."""
    if len(kept) > MAX_BYTES:
        return None
    while True:
        head, separator, body = _halves(kept)
        first, *rest = head.splitlines() or [b""]
        status = _STATUS.fullmatch(first)
        if status is None or not separator:
            return None
        if status[1][:1] != b"1":
            break
        kept = body
    lines = [_LINE.fullmatch(line) for line in rest]
    if any(line is None for line in lines):
        return None
    said = [(m[1].decode("ascii"), m[2].decode("latin-1")) for m in lines if m is not None]
    return GivenAnswer(int(status[1]), Lines(tuple(said))), body


def _halves(kept: bytes) -> tuple[bytes, bytes, bytes]:
    """Return header section and body; a tool may have written its lines with LF alone."""
    crlf, lf = kept.find(b"\r\n\r\n"), kept.find(b"\n\n")
    if crlf >= 0 and (lf < 0 or crlf < lf):
        return kept.partition(b"\r\n\r\n")
    return kept.partition(b"\n\n")
