"""A request and an answer as bytes on the link between edge and core. Pure.

Four bytes of length, a JSON text of that length, then the body as it is.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import orjson

Headers = Sequence[tuple[bytes, bytes]]

MEDIA_TYPE: Final = "application/octet-stream"
MAX_HEAD_BYTES: Final = 262_144
PUBLIC: Final = (
    "/v1/",
    "/oauth/",
    "/.well-known/",
    "/docs",
    "/openapi.json",
    "/problems",
    "/assets/",
    "/evidence/",
)
"""What consumers are shown. The edge passes nothing else on, and the core takes nothing else."""
_LENGTH: Final = struct.Struct(">I")
_HOP_BY_HOP: Final = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer"),
        *(b"transfer-encoding", b"upgrade", b"content-length", b"date"),
    }
)
"""What belongs to one connection. Source: RFC 9110, 7.6.1."""


class BadFrame(Exception):
    """What came over the link is none of ours."""


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A request as the edge got it. ``client`` is the other end that the edge itself saw."""

    ticket: str
    method: str
    path: bytes
    query: bytes
    client: tuple[str, int]
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Returned:
    """What the core answers."""

    status: int
    headers: Headers
    body: bytes


def is_public(path: str) -> bool:
    """Tell whether consumers are shown a path."""
    return path.startswith(PUBLIC) and ".." not in path


def end_to_end(headers: Headers) -> Headers:
    """Return the headers without those of one connection."""
    return [(n, v) for n, v in headers if n.lower() not in _HOP_BY_HOP]


def request_frame(request: Forwarded) -> bytes:
    """Return the bytes of a request."""
    head = {
        "ticket": request.ticket,
        "method": request.method,
        "path": request.path.decode("latin-1"),
        "query": request.query.decode("latin-1"),
        "client": list(request.client),
        "headers": _texts(request.headers),
    }
    return _frame(head, request.body)


def answer_frame(answer: Returned) -> bytes:
    """Return the bytes of an answer."""
    return _frame({"status": answer.status, "headers": _texts(answer.headers)}, answer.body)


def read_request(frame: bytes) -> Forwarded:
    """Return the request of these bytes.

    Raises:
        BadFrame: they are none.
    """
    head, body = _read(frame)
    try:
        address, port = head["client"]
        return Forwarded(
            ticket=str(head["ticket"]),
            method=str(head["method"]),
            path=str(head["path"]).encode("latin-1"),
            query=str(head["query"]).encode("latin-1"),
            client=(str(address), int(port)),
            headers=_pairs(head["headers"]),
            body=body,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadFrame from None


def read_answer(frame: bytes) -> Returned:
    """Return the answer of these bytes.

    Raises:
        BadFrame: they are none.
    """
    head, body = _read(frame)
    try:
        status = head["status"]
        if type(status) is not int or not 200 <= status <= 599:
            raise BadFrame
        return Returned(status, _pairs(head["headers"]), body)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadFrame from None


def path_of(request: Forwarded) -> str:
    """Return the path of a request, decoded as servers do."""
    return unquote(request.path.decode("ascii", errors="replace"))


def _frame(head: dict[str, Any], body: bytes) -> bytes:
    text = orjson.dumps(head)
    return _LENGTH.pack(len(text)) + text + body


def _read(frame: bytes) -> tuple[dict[str, Any], bytes]:
    if len(frame) < _LENGTH.size:
        raise BadFrame
    (length,) = _LENGTH.unpack_from(frame)
    end = _LENGTH.size + length
    if length > MAX_HEAD_BYTES or len(frame) < end:
        raise BadFrame
    try:
        head = orjson.loads(frame[_LENGTH.size : end])
    except orjson.JSONDecodeError:
        raise BadFrame from None
    if not isinstance(head, dict):
        raise BadFrame
    return head, frame[end:]


def _texts(headers: Headers) -> list[list[str]]:
    return [[n.decode("latin-1"), v.decode("latin-1")] for n, v in headers]


def _pairs(headers: Any) -> Headers:
    return [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers]
