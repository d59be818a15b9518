"""The one outgoing HTTP client of the gateway, lent to every adapter."""

from __future__ import annotations

import ssl
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from adapters.sources.exchange import Exchanged, Origin, SourceClient
from gateway.connections.destinations import CheckedResolver, DestinationRefused, Destinations
from gateway.connections.wire import Wire
from gateway.telemetry import NO_TRACING, Tracing

CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0


class SourceTransport(AiohttpTransport):
    """aiohttp underneath httpx, with every failure in httpx's own error tree.

    The library reports a refused or broken connection as a connect time-out and lets protocol
    errors through unmapped; adapters decide by the class of an error, so both are put right here.
    """

    tracing: Tracing = NO_TRACING
    destinations: Destinations = Destinations()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``.

        Raises:
            DestinationRefused: it may not go there.
            httpx.TransportError: for everything that can go wrong on the way.
        """
        self.destinations.require(request.url.host)
        request.headers.update(self.tracing.headers())
        try:
            return await super().handle_async_request(request)
        except httpx.ConnectTimeout as error:
            cause = error.__cause__
            refused = getattr(cause, "os_error", None)
            if isinstance(refused, DestinationRefused):
                raise refused from None
            if isinstance(cause, aiohttp.ClientConnectorError):
                raise httpx.ConnectError("no connection", request=request) from None
            if isinstance(cause, aiohttp.ServerDisconnectedError):
                raise httpx.RemoteProtocolError("disconnected", request=request) from None
            if isinstance(cause, aiohttp.ClientOSError):
                raise httpx.ReadError("connection broken", request=request) from None
            raise
        except aiohttp.ClientError as error:
            name = type(error).__name__
            raise httpx.RemoteProtocolError(name, request=request) from None
        except TimeoutError:
            raise httpx.ReadTimeout("timeout", request=request) from None


class WiredClient(SourceClient):
    """The client of the gateway: aiohttp below httpx, and a wire of its own below both."""

    def __init__(self, transport: SourceTransport, wire: Wire) -> None:
        """Send requests of httpx over ``transport``, and exchanges over ``wire``."""
        super().__init__(
            transport=transport,
            timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            trust_env=False,
        )
        self._wire = wire
        self._tracing = transport.tracing
        self.destinations = transport.destinations
        """Where calls may go at all."""

    async def exchange(
        self, origin: Origin, head: bytes, content: bytes, within_s: float
    ) -> Exchanged:
        """Send a request over the wire, under the trace of the call."""
        told = b"".join(f"{n}: {v}\r\n".encode() for n, v in self._tracing.headers().items())
        sent = b"%s%sContent-Length: %d\r\n\r\n%s" % (head, told, len(content), content)
        return await self._wire.exchange(origin, sent, within_s)

    async def aclose(self) -> None:
        """Close every connection."""
        self._wire.close()
        await super().aclose()

    async def __aexit__(self, *raised: Any) -> None:
        self._wire.close()
        await super().__aexit__(*raised)


def open_http_client(
    *,
    max_connections: int = 256,
    tracing: Tracing = NO_TRACING,
    destinations: Destinations | None = None,
) -> WiredClient:
    """Return a client whose pool does not collapse under concurrency.

    The interface is httpx; the transport underneath is aiohttp's, because httpx's own pool
    rescans every connection for every request. Redirects are not followed, cookies are not kept
    and the environment's proxies are not read: an adapter speaks to the address it was given,
    and one town's session never reaches another's. ``destinations`` are where calls may go at all.
    """
    may_go_to = destinations or Destinations()
    context = httpx.create_ssl_context(trust_env=False)
    # The machine's own configuration may allow older ones (AT-8).
    context.minimum_version = ssl.TLSVersion.TLSv1_2

    def open_session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections, ssl=context, resolver=CheckedResolver(may_go_to)
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    transport = SourceTransport(client=open_session, trust_env=False)
    transport.tracing = tracing
    transport.destinations = may_go_to
    return WiredClient(transport, Wire(context, may_go_to, max_connections))
