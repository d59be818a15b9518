"""Everything that a gateway said over real HTTP, and the search for secret values in it."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import httpx

from tests.acceptance.town_under_test import Examiner

_ENCODED = re.compile(r"[A-Za-z0-9_-]{12,}")


@dataclass(frozen=True, slots=True)
class Heard:
    """One answer, whole: status, headers (Location, ETag and all others) and body."""

    call: str
    who: str
    status: int
    text: str


@dataclass
class Everything:
    """All answers so far, and what else left the gateway: log, traces, exports."""

    answers: list[Heard] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)

    def hear(self, call: str, who: str, answer: httpx.Response) -> httpx.Response:
        """Keep an answer."""
        text = f"{answer.reason_phrase}\n{answer.headers.multi_items()}\n{answer.text}"
        self.answers.append(Heard(call, who, answer.status_code, text))
        return answer

    def hits(self, secrets: Iterable[str]) -> list[str]:
        """Return where a secret stands, also encoded."""
        forms = {
            form for secret in secrets for form in (secret, json.dumps(secret)[1:-1], quote(secret))
        }
        places = [(f"{h.who}: {h.call} ({h.status})", h.text) for h in self.answers]
        return [
            place
            for place, text in (*places, *self.others.items())
            if any(form in whole for whole in (text, _decoded(text)) for form in forms)
        ]


@cache
def _decoded(text: str) -> str:
    """Return what stands within base64url in a text: signed statements, receipts."""
    found = []
    for part in _ENCODED.findall(text):
        try:
            found.append(urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode())
        except ValueError:
            continue
    return "\n".join(found)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered consumer whose every answer is heard."""

    name: str
    asker: Examiner
    http: httpx.AsyncClient
    heard: Everything

    async def send(
        self, method: str, path: str, body: object = None, **fields: str
    ) -> httpx.Response:
        """Call an operation with a token and a proof, again where a nonce is asked for."""
        token, nonce = await self.asker.client._current_token(), None
        for _ in range(2):
            bare = path.partition("?")[0]
            headers = {
                "Authorization": f"DPoP {token}",
                "DPoP": self.asker._proof(method, bare, token, nonce),
                **fields,
            }
            answer = await self.http.request(
                method, self.asker.url + path, headers=headers, json=body
            )
            self.heard.hear(f"{method} {bare}", self.name, answer)
            nonce = answer.headers.get("DPoP-Nonce")
            if answer.status_code != 401 or nonce is None:
                break
        return answer

    async def bare(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Call an operation without a token."""
        answer = await self.http.request(method, self.asker.url + path, **request)
        return self.heard.hear(f"{method} {path}", "nobody", answer)


@contextmanager
def trace_collector() -> Iterator[tuple[str, list[bytes]]]:
    """Listen for traces; yield the address, and what has come."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
