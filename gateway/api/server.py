"""How uvicorn runs the gateway: no access log with addresses in it, no server header."""

from __future__ import annotations

import secrets
from typing import Any, Final

import orjson
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.api.language import Language
from gateway.api.problems import MEDIA_TYPE, ProblemRenderer
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
        http=_protocol(ProblemRenderer(public_url)),
        ws="none",
        access_log=False,
        server_header=False,
        # What a proxy says is judged by the gateway itself, by its own list of proxies.
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        **options,
    )


def _protocol(renderer: ProblemRenderer) -> type[HttpToolsProtocol]:
    class Protocol(HttpToolsProtocol):
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
