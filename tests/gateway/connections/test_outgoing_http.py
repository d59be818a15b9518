"""What adapters see of a broken network: httpx's own errors, and nothing kept between calls."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from gateway.connections.http import open_http_client

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_http_client() as opened:
        yield opened


async def serve(handler: Handler) -> tuple[asyncio.Server, str]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{port}/"


async def answer(writer: asyncio.StreamWriter, raw: bytes) -> None:
    writer.write(raw)
    await writer.drain()
    writer.close()


async def test_no_version_of_tls_before_1_2_is_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    """AT-8: whatever the machine's own configuration allows; names are verified."""
    lax = ssl.create_default_context

    def of_the_machine(*given: Any, **named: Any) -> ssl.SSLContext:
        context = lax(*given, **named)
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        return context

    monkeypatch.setattr(ssl, "create_default_context", of_the_machine)
    async with open_http_client() as opened:
        context = opened._wire.context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_a_closed_port_is_a_connect_error(client: httpx.AsyncClient) -> None:
    """A stopped system refuses the connection."""
    server, url = await serve(lambda _r, w: answer(w, b""))
    server.close()
    await server.wait_closed()
    with pytest.raises(httpx.ConnectError):
        await client.get(url)


async def test_a_connection_closed_without_an_answer_is_a_protocol_error(
    client: httpx.AsyncClient,
) -> None:
    """A system killed in mid-call is not a time-out."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer, b"")

    server, url = await serve(hang_up)
    async with server:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)


async def test_bytes_that_are_not_http_are_a_protocol_error(client: httpx.AsyncClient) -> None:
    """Something else listens on the port."""

    async def gibberish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer, b"\x00\x01 not http\r\n\r\n")

    server, url = await serve(gibberish)
    async with server:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(url)


async def test_a_cut_body_is_a_transport_error(client: httpx.AsyncClient) -> None:
    """Fewer bytes than the source announced never look like a whole answer."""

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(writer, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    server, url = await serve(cut)
    async with server:
        with pytest.raises(httpx.TransportError):
            await client.get(url)


async def test_a_silent_system_is_a_read_timeout(client: httpx.AsyncClient) -> None:
    """The caller's own limit is kept."""
    released = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await released.wait()
        writer.close()

    server, url = await serve(silent)
    async with server:
        with pytest.raises(httpx.TimeoutException):
            await client.get(url, timeout=0.05)
        released.set()


async def test_neither_cookies_nor_redirects_are_followed(client: httpx.AsyncClient) -> None:
    """One town's session never reaches another town's system."""
    heads: list[bytes] = []

    async def redirecting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        await answer(
            writer,
            b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nSet-Cookie: session=1\r\n"
            b"Content-Length: 0\r\nConnection: close\r\n\r\n",
        )

    server, url = await serve(redirecting)
    async with server:
        first = await client.get(url)
        client.cookies.clear()
        await client.get(url)
    assert first.status_code == 302
    assert len(heads) == 2
    assert all(b"cookie" not in head.lower() for head in heads)
