"""How uvicorn runs the gateway: no access log with addresses, no server header, bounded heads.

The head of a request (its line and headers) comes before anything of the application does: how
large it may be, how long it may take and what belongs to it is decided here. So is whom there is
no time for: they are turned away as soon as their headers are read.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Final

import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.api.admission import Door
from gateway.api.language import Language
from gateway.api.problems import MEDIA_TYPE, ProblemRenderer
from gateway.api.swift import Application
from gateway.problems import Problem

SHUTDOWN_S: Final = 1
"""What is left after the drain has had its time is ended."""
MAX_HEAD_BYTES: Final = 65_536
"""Largest head of a request: two tokens, a proof and a client's certificate take a third of it."""
HEAD_TIMEOUT_S: Final = 30.0
"""How long a new connection may be without a whole head, and any head under way."""
_BESIDE_A_BYTE: Final = 8
"""Bytes that frame one byte of a body: in chunks of one byte there are five."""
_REASONS: Final = {
    400: b"Bad Request",
    408: b"Request Timeout",
    431: b"Request Header Fields Too Large",
}


def server_config(
    app: ASGIApp, *, public_url: str, head_timeout_s: float = HEAD_TIMEOUT_S, **options: Any
) -> uvicorn.Config:
    """Return the configuration to serve ``app`` with; ``options`` are uvicorn's own.

    uvicorn's access log is off, since it would write paths and queries; WebSockets are off; what
    is not HTTP at all gets a problem document like everything else.
    """
    return uvicorn.Config(
        app,
        http=type(
            "Protocol",
            (BoundedProtocol,),
            {
                "renderer": ProblemRenderer(public_url),
                "head_timeout_s": head_timeout_s,
                "door": app.door if isinstance(app, Application) else None,
            },
        ),
        ws="none",
        access_log=False,
        server_header=False,
        # What a proxy says is judged by the gateway itself, by its own list of proxies.
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        **options,
    )


class BoundedProtocol(HttpToolsProtocol):
    """One connection. uvicorn itself takes heads of any size, for as long as they take."""

    renderer: ProblemRenderer
    door: Door | None = None
    head_timeout_s = HEAD_TIMEOUT_S
    _late: asyncio.TimerHandle | None = None
    _turned_away: asyncio.TimerHandle | None = None
    _requests = 0
    _awaits_head = True
    _under_way = False
    _beside = 0
    _body = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._head_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, within bounds."""
        requests, body, went_on = self._requests, self._body, self._under_way
        super().data_received(data)
        begun = self._requests - requests
        if self._awaits_head and self._late is None and (self._under_way or not begun):
            self._await_head()
        if begun == int(not went_on):
            # All of it belongs to one request. What is not body is kept by the parser: a field
            # without end, a line of a chunk.
            self._beside += len(data) - (self._body - (0 if begun else body))
            if self._beside > MAX_HEAD_BYTES + _BESIDE_A_BYTE * self._body:
                self._refuse("headers-too-large")

    def on_message_begin(self) -> None:
        """Count anew."""
        self._requests += 1
        self._beside = self._body = 0
        self._under_way = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Trailers are none: a proxy has taken no forged one out of them.

        Source: RFC 9110, 6.5.1.
        """
        if self._awaits_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for this head no longer, and turn away what there is no time for."""
        self._awaits_head = False
        self._head_came()
        said = self._no_time(self.door) if self.door is not None else None
        if self.door is None or said is None:
            super().on_headers_complete()
            return
        # Whoever does not send the rest of the body does not keep the connection.
        self._turned_away = self.loop.call_later(self.door.body_timeout_s, self.transport.close)
        self.transport.write(said)

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body; of a call that was turned away, nobody reads it."""
        self._body += len(body)
        if self._turned_away is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request; another one may come."""
        if self._turned_away is None:
            super().on_message_complete()
        else:
            self._turned_away.cancel()
            self._turned_away = None
            self.on_response_complete()
        self._awaits_head, self._under_way = True, False

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the server's own words
        """Answer what is no HTTP."""
        self._refuse("malformed-request")

    def _no_time(self, door: Door) -> bytes | None:
        """Return what a call is told that there is no time for, None where there is."""
        plain = self.parser.should_keep_alive() and not self.expect_100_continue
        # Answers leave in the order of the requests.
        before: RequestResponseCycle | None = self.cycle
        first = before is None or before.response_complete
        if not (plain and first):
            return None
        return door.refusal(self.parser.get_method(), self.url, self.headers)

    def _await_head(self) -> None:
        self._late = self.loop.call_later(self.head_timeout_s, self._refuse, "request-timeout")

    def _head_came(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, slug: str) -> None:
        if self.transport.is_closing():
            return
        cycle: RequestResponseCycle | None = self.cycle
        first = cycle is None or cycle.response_complete
        if first and self._turned_away is None:
            # Otherwise it would stand where the answer to an earlier request is awaited.
            self.transport.write(_refusal(self.renderer, Problem(slug)))
        self.transport.close()


def _refusal(renderer: ProblemRenderer, problem: Problem) -> bytes:
    """Return a whole response for a request that never came to the application."""
    body = orjson.dumps(renderer.document(problem, Language.JA, secrets.token_hex(16)))
    status = problem.type.status
    return b"\r\n".join(
        (
            b"HTTP/1.1 %d %s" % (status, _REASONS[status]),
            b"content-type: " + MEDIA_TYPE.encode(),
            b"content-language: ja",
            b"cache-control: no-store",
            b"content-length: %d" % len(body),
            b"connection: close",
            b"",
            body,
        )
    )
