"""A call that has its effect once, however often it is sent. Rule WR-1.

Source: draft-ietf-httpapi-idempotency-key-header-07 (name of the header, statuses).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import orjson
from pydantic import BaseModel

from gateway.problems import FieldError, Problem

HEADER: Final = "idempotency-key"
_KEY = re.compile(r'"?([\x21\x23-\x5b\x5d-\x7e]{8,200})"?')


def key_digest(header: str | None, *scope: str) -> bytes:
    """Return the digest of the key in its scope.

    Raises:
        Problem: ``idempotency-key-missing``, also for one that is too short or too long.

    """
    match = _KEY.fullmatch(header.strip()) if header else None
    if match is None:
        detail_ja, detail_en = "8〜200 文字の英数記号です。", "8 to 200 visible ASCII characters."
        wrong = FieldError("/Idempotency-Key", detail_ja, detail_en, place="header")
        raise Problem("idempotency-key-missing", detail_ja, detail_en, errors=[wrong])
    return hashlib.sha256("\x00".join((*scope, match[1])).encode()).digest()


def fingerprint(key: bytes, body: BaseModel, *scope: str) -> bytes:
    """Return the digest of what a call says, whatever the order of its members.

    It outlives what was said, so it has a key: nobody can try out addresses on a stolen database.
    """
    text = orjson.dumps([*scope, body.model_dump(mode="json")], option=orjson.OPT_SORT_KEYS)
    return hmac.new(key, b"idempotency\x00" + text, hashlib.sha256).digest()


class InFlight:
    """Keys whose calls are being worked on by this process.

    Nothing of it outlives the process: a call that died had its effect with its reply, or none.
    """

    def __init__(self) -> None:
        self._keys: set[tuple[str, bytes]] = set()

    @contextmanager
    def hold(self, client_id: str, digest: bytes) -> Iterator[None]:
        """Hold the key while its call is worked on.

        Raises:
            Problem: ``idempotency-in-flight``.

        """
        key = (client_id, digest)
        if key in self._keys:
            raise Problem("idempotency-in-flight", headers={"Retry-After": "1"})
        self._keys.add(key)
        try:
            yield
        finally:
            self._keys.discard(key)
