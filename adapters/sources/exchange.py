"""One HTTP exchange with a legacy system: bounded in time and size, errors of one tree."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from adapters.deadline import Deadline
from adapters.errors import AdapterError, BadAnswer, ConfigurationError, SourceTimeout, Unavailable
from adapters.sources.base import MAX_ANSWER_BYTES

_MEANING: Final[tuple[tuple[type[Exception], type[AdapterError], str], ...]] = (
    (httpx.TimeoutException, SourceTimeout, "no answer in time"),
    (httpx.ConnectError, Unavailable, "no connection"),
    (httpx.NetworkError, Unavailable, "the connection broke"),
    (httpx.ProxyError, Unavailable, "the proxy failed"),
    (httpx.RemoteProtocolError, BadAnswer, "the answer is not HTTP or was cut off"),
    (httpx.DecodingError, BadAnswer, "the answer cannot be decompressed"),
    (httpx.TooManyRedirects, BadAnswer, "the source redirects"),
    (httpx.LocalProtocolError, ConfigurationError, "the request cannot be sent"),
    (httpx.UnsupportedProtocol, ConfigurationError, "the address has no usable scheme"),
    (httpx.InvalidURL, ConfigurationError, "the address cannot be read"),
    (httpx.CookieConflict, BadAnswer, "the answer contradicts itself"),
    (httpx.StreamError, BadAnswer, "the answer cannot be read"),
    (httpx.HTTPError, Unavailable, "the exchange failed"),
)
"""What each error of the HTTP library means to the engine; the first that fits."""


_NOT_IN_HEADERS: Final = re.compile(rb"[\x00\r\n]")


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Status, whole body and what counts of the headers of an answer.

    ``media_type`` is in lower case, without parameters. ``retry_after_s`` are the seconds of
    ``Retry-After``, None where it is absent or a date.
    """

    status: int
    media_type: str
    retry_after_s: float | None
    body: bytes

    @classmethod
    def of(cls, status: int, header: Callable[[str], str | None], body: bytes) -> Exchanged:
        """Return an answer; ``header`` finds one of its headers by the name in lower case."""
        media_type = (header("content-type") or "").partition(";")[0].strip().lower()
        wait = header("retry-after") or ""
        return cls(status, media_type, float(wait) if wait.isdecimal() else None, body)


class Origin(NamedTuple):
    """Where a system listens."""

    secure: bool
    host: str
    port: int


class SourceClient(httpx.AsyncClient, ABC):
    """httpx, with a way below its requests and responses for exchanges that need neither."""

    @abstractmethod
    async def exchange(
        self, origin: Origin, head: bytes, content: bytes, within_s: float
    ) -> Exchanged:
        """Send a request and return the whole answer, not compressed, within the time.

        ``head`` are its first line and headers, each with the end of its line, but neither
        ``Content-Length`` nor the empty line.

        Raises:
            AdapterError: there is no answer that can be used.
        """


class Target:
    """A request that is sent again and again with other contents: read and written once.

    Raises:
        ConfigurationError: the address or a header cannot be used.
    """

    def __init__(self, method: str, address: str, headers: Mapping[str, str]) -> None:
        try:
            self.url = httpx.URL(address)
        except httpx.InvalidURL as error:
            raise meaning_of(error) from None
        self.method = method
        self.headers = httpx.Headers(headers)
        self.origin = _origin(self.url)
        self._head = _head(method, self.url, self.headers)

    async def exchange(
        self, client: httpx.AsyncClient, content: bytes, deadline: Deadline
    ) -> Exchanged:
        """Send ``content`` and return the whole answer.

        Raises:
            AdapterError: as the function ``exchange``.
        """
        if isinstance(client, SourceClient) and self.origin is not None:
            left_s = deadline.require_s()
            return await client.exchange(self.origin, self._head, content, left_s)
        request = httpx.Request(self.method, self.url, headers=self.headers, content=content)
        return await exchange(client, request, deadline)


def _origin(url: httpx.URL) -> Origin | None:
    """Return where an address leads; None where httpx itself has to see to it."""
    if url.scheme not in {"http", "https"} or url.userinfo or not url.host:
        return None
    secure = url.scheme == "https"
    return Origin(secure, url.host, url.port or (443 if secure else 80))


def _head(method: str, url: httpx.URL, headers: httpx.Headers) -> bytes:
    kept = [(n, v) for n, v in headers.raw if n.lower() not in _WRITTEN_HERE]
    lines = [
        b"%s %s HTTP/1.1" % (method.encode("ascii"), url.raw_path),
        b"Host: " + url.netloc,
        *(n + b": " + v for n, v in kept),
        b"Accept-Encoding: identity",
    ]
    if any(_NOT_IN_HEADERS.search(line) for line in lines):
        raise ConfigurationError("a header holds the end of a line")
    return b"".join(line + b"\r\n" for line in lines)


_WRITTEN_HERE: Final = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"accept-encoding", b"connection"}
)


def require_tls(address: str, name: str) -> None:
    """Do nothing unless secrets or records would travel in the open to ``address``.

    Raises:
        ConfigurationError: they would; ``name`` is the setting.
    """
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ConfigurationError(f"{name}: it does not begin with https://")


async def exchange(
    client: httpx.AsyncClient, request: httpx.Request, deadline: Deadline
) -> Exchanged:
    """Send ``request`` and return the answer with its whole body, all within the deadline.

    Compressed answers are neither asked for nor accepted: a small one can hold a huge one.

    Raises:
        AdapterError: every failure of the exchange, by the table above.
    """
    left_s = deadline.require_s()
    if isinstance(client, SourceClient) and (origin := _origin(request.url)) is not None:
        head = _head(request.method, request.url, request.headers)
        return await client.exchange(origin, head, request.content, left_s)
    request.headers["Accept-Encoding"] = "identity"
    request.extensions["timeout"] = httpx.Timeout(left_s).as_dict()
    try:
        # The time-out of the library counts between two bytes; a slow drip would never end.
        async with asyncio.timeout(left_s):
            answer = await _send(client, request)
            try:
                body = await _body(answer)
                return Exchanged.of(answer.status_code, answer.headers.get, body)
            finally:
                await answer.aclose()
    except TimeoutError:
        raise SourceTimeout("the answer did not end in time") from None
    except AdapterError:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError) as error:
        raise meaning_of(error) from None


async def _send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send ``request``; once more if the connection broke before there was any answer.

    A connection that was kept open breaks in this way when the source was restarted meanwhile.
    Asking twice is harmless: adapters read, and the deadline counts for both.
    """
    try:
        return await client.send(request, stream=True)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return await client.send(request, stream=True)


def meaning_of(error: Exception) -> AdapterError:
    """Return what an error of the HTTP library means.

    Raises:
        TypeError: the class is not one of the library's.
    """
    for library_error, ours, detail in _MEANING:
        if isinstance(error, library_error):
            return ours(f"{detail} ({type(error).__name__})")
    raise TypeError(type(error).__name__)


async def _body(answer: httpx.Response) -> bytes:
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadAnswer("the answer is compressed")
    size = 0
    chunks: list[bytes] = []
    try:
        async for chunk in answer.aiter_bytes():
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise BadAnswer("the answer is larger than any record of a person")
            chunks.append(chunk)
    except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
        raise BadAnswer(f"the answer was cut off ({type(error).__name__})") from None
    return b"".join(chunks)
