"""Exchanges of HTTP/1.1 with legacy systems over connections that are kept open.

What is read is parsed by httptools, which is llhttp. Above it there is only what an exchange with
one system needs: one call at a time on a connection, no redirects, cookies, or compression.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final, cast

import httptools

from adapters.errors import AdapterError, BadAnswer, SourceTimeout, Unavailable
from adapters.sources.base import MAX_ANSWER_BYTES
from adapters.sources.exchange import Exchanged, Origin
from gateway.connections.destinations import DestinationRefused, Destinations, addresses_of

CONNECT_TIMEOUT_S: Final = 3.0
IDLE_S: Final = 15.0
"""How long a connection that nobody uses is kept."""
MAX_HEAD_BYTES: Final = 65_536
BESIDE_A_BYTE: Final = 8
"""Bytes that frame one byte of a body: in chunks of one byte there are five."""
MOST_INTERIM: Final = 8
"""Answers before the answer (1xx) that are passed over."""


class _Broken(Exception):
    """The connection ended before there was any answer; ``error`` is what that means."""

    def __init__(self, error: AdapterError) -> None:
        self.error = error


def _cut_off() -> BadAnswer:
    return BadAnswer("the answer is not HTTP or was cut off")


class _Line(asyncio.Protocol):
    """One connection. Holds nothing of an exchange once that is over."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.usable = False
        self._transport: asyncio.Transport | None = None
        self._answered: asyncio.Future[Exchanged] | None = None
        self._heard = False
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[bytes, bytes] = {}
        self._chunks: list[bytes] = []
        self._size = 0
        self._beside = 0
        self._in_head = True
        self._complete = False
        self._interim = 0
        self._bounded = False

    # What asyncio says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A stream, by how it was opened.
        self._transport = cast("asyncio.Transport", transport)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        if self._answered is None or self._complete:
            # Nothing was asked: whatever this is belongs to no call.
            self.close()
            return
        self._heard = True
        size = self._size
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(_cut_off())
        except httptools.HttpParserError:
            # A callback of ours that refuses the answer has said why already.
            self._fail(_cut_off())
        # Heads, trailers and frames of chunks: a field without end is kept by the parser.
        self._beside += len(data) - (self._size - size)
        if self._beside > MAX_HEAD_BYTES + BESIDE_A_BYTE * self._size and not self._complete:
            self._fail(_cut_off())

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        if self._answered is None or self._answered.done():
            return
        if not self._heard:
            error: AdapterError = _cut_off() if exc is None else Unavailable("the connection broke")
            self._answered.set_exception(_Broken(error))
        elif exc is None and not self._in_head and not self._bounded:
            self._finish()  # an answer that ends with its connection
        else:
            self._answered.set_exception(BadAnswer("the answer was cut off"))

    # What the parser says.

    def on_message_begin(self) -> None:
        if self._complete:
            # A second answer to one question: it must never be taken for the next one's.
            self.usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers are no headers (RFC 9110, 6.5.1).
        if self._in_head and not self._complete:
            self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if self._complete:
            return
        self._in_head = False
        headers = self._headers
        self._bounded = b"content-length" in headers or b"transfer-encoding" in headers
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            self._fail(BadAnswer("the answer is compressed"))

    def on_body(self, body: bytes) -> None:
        if self._complete:
            return
        self._size += len(body)
        if self._size > MAX_ANSWER_BYTES:
            self._fail(BadAnswer("the answer is larger than any record of a person"))
            return
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self._complete:
            return
        if self._parser.get_status_code() < 200:
            self._interim += 1
            if self._interim > MOST_INTERIM:
                self._fail(_cut_off())
            self._headers, self._in_head, self._bounded = {}, True, False
            return
        self._complete = True
        if not self._parser.should_keep_alive():
            self.usable = False
        self._finish()

    # What the pool wants.

    async def exchange(self, sent: bytes, within_s: float) -> Exchanged:
        """Send a request and return the answer to it.

        Raises:
            _Broken: there was no answer, since the connection had ended.
            AdapterError: there was one, but not one to be used, or not in time.

        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Exchanged] = loop.create_future()
        self._answered = answered
        self._heard = False
        self._begin()
        timer = loop.call_later(within_s, self._fail, SourceTimeout("no answer in time"))
        if self._transport is None or self._transport.is_closing():
            self.usable = False
            answered.set_exception(_Broken(_cut_off()))
        else:
            self._transport.write(sent)
        try:
            return await answered
        except BaseException:
            self.close()
            raise
        finally:
            timer.cancel()
            self._answered = None
            self._chunks, self._headers = [], {}

    def _finish(self) -> None:
        if self._answered is not None and not self._answered.done():
            status, body = self._parser.get_status_code(), b"".join(self._chunks)
            self._answered.set_result(Exchanged.of(status, self._header, body))

    def _header(self, name: str) -> str | None:
        found = self._headers.get(name.encode())
        return None if found is None else found.decode("latin-1")

    def _fail(self, error: AdapterError) -> None:
        self.usable = False
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)
        self.close()

    @property
    def has_unread(self) -> bool:
        """Tell whether something lies ready that the loop has not read yet: nobody asked for it."""
        if self._transport is None or self._transport.is_closing():
            return True
        found = self._transport.get_extra_info("socket")
        poll = select.poll()
        poll.register(found.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    def close(self) -> None:
        """End the connection at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()


@dataclass(slots=True)
class Wire:
    """Connections to every system, lent for one exchange at a time.

    Args:
        context: how TLS is done, where the address asks for it.
        destinations: where calls may go; looked at with each new connection.
        most: connections at a time; whoever needs one more waits.

    """

    context: ssl.SSLContext
    destinations: Destinations = field(default_factory=Destinations)
    most: int = 256
    _idle: dict[Origin, deque[_Line]] = field(default_factory=dict)
    _room: asyncio.Semaphore | None = None

    async def exchange(self, origin: Origin, sent: bytes, within_s: float) -> Exchanged:
        """Send ``sent``, a whole request, and return the whole answer.

        A connection that was kept open may have ended meanwhile; then the request is sent once
        more, over a new one. Asking twice is harmless: adapters read.

        Raises:
            AdapterError: there is no answer that can be used.

        """
        until = time.monotonic() + within_s
        if self._room is None:
            self._room = asyncio.Semaphore(self.most)
        if self._room.locked():
            try:
                async with asyncio.timeout(within_s):
                    await self._room.acquire()
            except TimeoutError:
                raise SourceTimeout("no connection in time") from None
        else:
            await self._room.acquire()
        try:
            return await self._twice(origin, sent, until)
        finally:
            self._room.release()

    def close(self) -> None:
        """End every connection that nobody uses."""
        for lines in self._idle.values():
            for line in lines:
                line.close()
        self._idle.clear()

    async def _twice(self, origin: Origin, sent: bytes, until: float) -> Exchanged:
        broken: _Broken
        for line in (self._kept(origin), None):
            try:
                used = line or await self._opened(origin, until)
                answer = await used.exchange(sent, until - time.monotonic())
            except _Broken as error:
                broken = error
                continue
            if used.usable:
                self._keep(origin, used)
            else:
                used.close()
            return answer
        raise broken.error from None

    def _kept(self, origin: Origin) -> _Line | None:
        lines = self._idle.get(origin)
        oldest = time.monotonic() - IDLE_S
        while lines:
            line = lines.pop()
            if line.usable and line.idle_since > oldest and not line.has_unread:
                return line
            line.close()
        return None

    def _keep(self, origin: Origin, line: _Line) -> None:
        now = line.idle_since = time.monotonic()
        lines = self._idle.setdefault(origin, deque())
        lines.append(line)
        while lines[0].idle_since <= now - IDLE_S:
            lines.popleft().close()

    async def _connect(self, origin: Origin, line: _Line) -> None:
        """Connect to one of the addresses that the host has now, each of which may be called."""
        failed: OSError | None = None
        for host, port in await addresses_of(origin.host, origin.port, self.destinations):
            try:
                await asyncio.get_running_loop().create_connection(
                    lambda: line,
                    host,
                    port,
                    ssl=self.context if origin.secure else None,
                    server_hostname=origin.host if origin.secure else None,
                )
            except OSError as error:
                failed = error
            else:
                return
        raise failed or OSError("no address")

    async def _opened(self, origin: Origin, until: float) -> _Line:
        """Return a new connection.

        Raises:
            DestinationRefused: no call may go there.
            SourceTimeout: it was not there in time.
            Unavailable: nobody listens, or who they are cannot be trusted.

        """
        line = _Line()
        left_s = min(CONNECT_TIMEOUT_S, until - time.monotonic())
        if left_s <= 0:
            raise SourceTimeout("no answer in time")
        try:
            async with asyncio.timeout(left_s):
                await self._connect(origin, line)
        except TimeoutError:
            raise SourceTimeout("no connection in time") from None
        except DestinationRefused:
            raise
        except (OSError, ssl.SSLError, ValueError) as error:
            raise Unavailable(f"no connection ({type(error).__name__})") from None
        return line
