"""The core's side: asks the edge for requests, has the gateway itself answer them, hands in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from starlette.types import ASGIApp, Message

from adapters.contract import EventLog
from gateway.relay.frames import (
    MAX_HEAD_BYTES,
    MEDIA_TYPE,
    BadFrame,
    Forwarded,
    Returned,
    answer_frame,
    end_to_end,
    is_public,
    path_of,
    read_request,
)
from gateway.relay.link import LinkFiles
from gateway.settings import Settings

ASKING: Final = 4
"""Questions for a request that are open at each edge."""
AT_ONCE: Final = 64
"""Requests of one edge that are answered at a time; no more are taken meanwhile."""
PAUSE_S: Final = 1.0
"""Before an edge that was not reached is asked again."""
LONG_POLL_S: Final = 30.0
"""How long an edge may take over a question for a request, with all of its answer."""
MAX_BODY_BYTES: Final = 16_777_216
HAND_IN_S: Final = 10.0
_TRIES: Final = 3
_NOT_FOUND: Final = Returned(404, [(b"content-type", b"application/problem+json")], b"{}")


class Core:
    """Asks one edge, as long as it runs.

    Args:
        app: the gateway, that answers what comes this way like anything else.
        http: a client whose certificate the edge knows.
        max_body_bytes: largest body of a request. The edge stands in another zone and may have
            been broken into: what is larger, or compressed, is not read.
    """

    def __init__(
        self,
        app: ASGIApp,
        url: str,
        http: httpx.AsyncClient,
        log: EventLog,
        *,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._app = app
        self._url = url.rstrip("/")
        self._secure = True
        self._http = http
        self._log = log
        self._max_bytes = max_body_bytes + MAX_HEAD_BYTES + 4
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._asking: list[asyncio.Task[None]] = []
        self._answering: set[asyncio.Task[None]] = set()
        self._reached: bool | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._asking = [asyncio.create_task(self._ask_on()) for _ in range(ASKING)]

    @property
    def asking(self) -> int:
        """Return how many questions for a request are asked again and again."""
        return sum(not task.done() for task in self._asking)

    def rest(self) -> None:
        """Ask no more: what comes now waits at the edge for another core, or for the next one."""
        for task in self._asking:
            task.cancel()

    async def aclose(self) -> None:
        """Ask no more, and hand in what was begun."""
        self.rest()
        await asyncio.gather(*self._asking, return_exceptions=True)
        if self._answering:
            await asyncio.wait(self._answering, timeout=HAND_IN_S)
        await self._http.aclose()

    async def _ask_on(self) -> None:
        while True:
            await self._slots.acquire()
            taken = None
            try:
                taken = await self._ask()
            except Exception as error:  # noqa: BLE001 - whatever an edge says, others wait there
                self._learn(reached=False, why=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
            finally:
                if taken is None:
                    self._slots.release()
            if taken is not None:
                task = asyncio.create_task(self._answer(taken))
                self._answering.add(task)
                task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self._slots.release()

    async def _ask(self) -> Forwarded | None:
        """Return the next request, None if none has come.

        Raises:
            httpx.HTTPError, TimeoutError: the edge was not reached, or is too slow.
            BadFrame: what it says is no request.
        """
        status, frame = await self._post("/pull", LONG_POLL_S)
        if status not in {200, 204}:
            raise BadFrame
        request = read_request(frame) if status == 200 else None
        self._learn(reached=True)
        return request

    async def _post(self, path: str, within_s: float, content: bytes = b"") -> tuple[int, bytes]:
        """Return status and body of what an edge answers, as far as it may go.

        Raises:
            httpx.HTTPError, TimeoutError: the edge was not reached, or is too slow.
            BadFrame: the answer is compressed, or larger than any request.
        """
        headers = {"Accept-Encoding": "identity", "Content-Type": MEDIA_TYPE}
        async with (
            asyncio.timeout(within_s),
            self._http.stream(
                "POST", f"{self._url}{path}", content=content, headers=headers, timeout=within_s
            ) as answer,
        ):
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise BadFrame
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > self._max_bytes:
                    raise BadFrame
        return answer.status_code, bytes(body)

    async def _answer(self, request: Forwarded) -> None:
        try:
            returned = await self._from_gateway(request)
        except Exception as error:  # noqa: BLE001 - the gateway has answered or logged it itself
            self._log.error("edge-request-crashed", error=type(error).__name__)
            return
        frame = answer_frame(returned)
        for attempt in range(_TRIES):
            with suppress(httpx.HTTPError, TimeoutError, BadFrame):
                await self._post(f"/answers/{request.ticket}", HAND_IN_S, frame)
                return
            await asyncio.sleep(0.1 * attempt)
        self._log.error("edge-answer-lost", count=1)

    async def _from_gateway(self, request: Forwarded) -> Returned:
        path = path_of(request)
        if not is_public(path):
            # The edge passes no such request on: it is not ours, or no longer.
            self._log.error("edge-oversteps")
            return _NOT_FOUND
        gathered = _Gathered(request.body)
        await self._app(_scope(request, path), gathered.receive, gathered.send)
        return Returned(gathered.status, end_to_end(gathered.headers), bytes(gathered.body))

    def _learn(self, *, reached: bool, why: str = "") -> None:
        if reached is not self._reached:
            tell = self._log.info if reached else self._log.error
            tell("edge-reached" if reached else "edge-not-reached", error=why)
        self._reached = reached


def open_core(app: ASGIApp, settings: Settings, log: EventLog) -> Sequence[Core]:
    """Return what asks each edge of the settings; nothing is connected yet.

    Raises:
        LinkError: the certificates of the link cannot be used.
    """
    if not settings.edge_urls:
        return []
    context = LinkFiles.of(settings).client_context()
    return [
        Core(
            app,
            url,
            httpx.AsyncClient(verify=context, trust_env=False),
            log,
            max_body_bytes=settings.max_body_bytes,
        )
        for url in settings.edge_urls
    ]


def _scope(request: Forwarded, path: str) -> dict[str, Any]:
    host = next((v for n, v in request.headers if n == b"host"), b"").decode("latin-1")
    parts = urlsplit(f"//{host}")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "https",
        "path": path,
        "raw_path": request.path,
        "query_string": request.query,
        "root_path": "",
        "headers": list(request.headers),
        "client": request.client,
        "server": (parts.hostname or "", 443),
        "state": {},
    }


class _Gathered:
    """Gives the application the body of a request, and gathers its answer."""

    def __init__(self, body: bytes) -> None:
        self._messages: list[Message] = [
            {"type": "http.request", "body": body, "more_body": False},
        ]
        self._never = asyncio.Event()
        self.status = 500
        self.headers: Sequence[tuple[bytes, bytes]] = []
        self.body = bytearray()

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop()
        await self._never.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
