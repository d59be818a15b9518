"""The trace of a call: taken over from the caller where well-formed, else made here.

Source: W3C Trace Context, 3.2 (traceparent).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from starlette.requests import HTTPConnection

_TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True, slots=True)
class Trace:
    """Ids of one call: 32 and 16 lower-case hexadecimal digits, and the caller's flags.

    ``parent_id`` is the caller's own span, where the trace is the caller's.
    """

    trace_id: str
    span_id: str
    flags: str
    parent_id: str | None = None

    @property
    def parent_header(self) -> str:
        """Return the ``traceparent`` for calls that this call makes."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def begin_trace(traceparent: bytes | None) -> Trace:
    """Return the trace of a call that came with this header.

    A trace id of decimal digits alone is not taken over: it is far more likely to be somebody's
    number than chance, and trace ids stand in logs and answers.
    """
    span_id = secrets.token_hex(8)
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or not _acceptable(found):
        return Trace(secrets.token_hex(16), span_id, "00")
    return Trace(found[2].decode(), span_id, found[4].decode(), found[3].decode())


def _acceptable(found: re.Match[bytes]) -> bool:
    version, trace_id, parent_id, _, more = found.groups()
    if version == b"ff" or (version == b"00" and more):
        return False
    return not trace_id.isdigit() and parent_id != b"0" * 16


def trace_id_of(connection: HTTPConnection) -> str:
    """Return the trace id of the current call."""
    trace_id: str = connection.state.trace_id
    return trace_id


def instance_of(trace_id: str) -> str:
    """Return the trace id as a URN: its sixteen octets written as a UUID (RFC 9562)."""
    t = trace_id
    return f"urn:uuid:{t[:8]}-{t[8:12]}-{t[12:16]}-{t[16:20]}-{t[20:]}"
