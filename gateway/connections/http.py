"""The one outgoing HTTP client of the gateway, lent to every adapter."""

from __future__ import annotations

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from gateway.connections.destinations import CheckedResolver, DestinationRefused, Destinations
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


def open_http_client(
    *,
    max_connections: int = 256,
    tracing: Tracing = NO_TRACING,
    destinations: Destinations | None = None,
) -> httpx.AsyncClient:
    """Return a client whose pool does not collapse under concurrency.

    The interface is httpx; the transport underneath is aiohttp's, because httpx's own pool
    rescans every connection for every request. Redirects are not followed, cookies are not kept
    and the environment's proxies are not read: an adapter speaks to the address it was given,
    and one town's session never reaches another's. ``destinations`` are where calls may go at all.
    """
    may_go_to = destinations or Destinations()
    context = httpx.create_ssl_context(trust_env=False)

    def open_session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections, ssl=context, resolver=CheckedResolver(may_go_to)
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    timeout = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    transport = SourceTransport(client=open_session, trust_env=False)
    transport.tracing = tracing
    transport.destinations = may_go_to
    return httpx.AsyncClient(
        transport=transport,
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )
