"""How uvicorn runs the gateway: no access log with addresses in it, no server header."""

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


def server_config(app: ASGIApp, *, public_url: str, **options: Any) -> uvicorn.Config:
    """Return the configuration to serve ``app`` with; ``options`` are uvicorn's own.

    uvicorn's access log is off, since it would write paths and queries; WebSockets are off; what
    is not HTTP at all gets a problem document like everything else.
    """
    return uvicorn.Config(
        app,
        http=_protocol(
            ProblemRenderer(public_url), app.door if isinstance(app, Application) else None
        ),
        ws="none",
        access_log=False,
        server_header=False,
        # What a proxy says is judged by the gateway itself, by its own list of proxies.
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        **options,
    )


def _protocol(renderer: ProblemRenderer, door: Door | None) -> type[HttpToolsProtocol]:
    timeout_s = door.body_timeout_s if door else 0.0

    class Protocol(HttpToolsProtocol):
        """Besides, turns away what there is no time for as soon as its headers are read."""

        refused: asyncio.TimerHandle | None = None

        def on_headers_complete(self) -> None:
            said = self._refusal()
            if said is None:
                super().on_headers_complete()
                return
            # Whoever does not send the rest of the body does not keep the connection.
            self.refused = self.loop.call_later(timeout_s, self.transport.close)
            self.transport.write(said)

        def _refusal(self) -> bytes | None:
            plain = self.parser.should_keep_alive() and not self.expect_100_continue
            # Answers leave in the order of the requests.
            before: RequestResponseCycle | None = self.cycle
            first = before is None or before.response_complete
            if door is None or not (plain and first):
                return None
            return door.refusal(self.parser.get_method(), self.url, self.headers)

        def on_body(self, body: bytes) -> None:
            if self.refused is None:
                super().on_body(body)

        def on_message_complete(self) -> None:
            if self.refused is None:
                super().on_message_complete()
                return
            self.refused.cancel()
            self.refused = None
            self.on_response_complete()

        def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the server's own words
            document = renderer.document(
                Problem("malformed-request"), Language.JA, secrets.token_hex(16)
            )
            body = orjson.dumps(document)
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\n"
                b"content-type: " + MEDIA_TYPE.encode() + b"\r\n"
                b"content-language: ja\r\n"
                b"cache-control: no-store\r\n"
                b"content-length: " + str(len(body)).encode() + b"\r\n"
                b"connection: close\r\n\r\n" + body
            )
            self.transport.close()

    return Protocol
