"""One HTTP exchange with a legacy system: bounded in time and size, errors of one tree."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
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


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Status, headers and the whole body of an answer."""

    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the media type in lower case, without parameters."""
        declared: str = self.headers.get("content-type", "")
        return declared.partition(";")[0].strip().lower()

    @property
    def retry_after_s(self) -> float | None:
        """Return the seconds of ``Retry-After``, None where it is absent or a date."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else None


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
    request.headers["Accept-Encoding"] = "identity"
    request.extensions["timeout"] = httpx.Timeout(left_s).as_dict()
    try:
        # The time-out of the library counts between two bytes; a slow drip would never end.
        async with asyncio.timeout(left_s):
            answer = await _send(client, request)
            try:
                return Exchanged(answer.status_code, answer.headers, await _body(answer))
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
