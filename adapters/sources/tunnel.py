"""A way out for libraries that resolve names themselves: a proxy of our own, for one destination.

The library is told to go through it. It takes CONNECT to the one configured destination and nothing
else, asks the network for its addresses, and passes bytes on; TLS goes through it from end to end,
so that the server is still verified by its name. It listens on loopback while it is needed, and
answers whoever knows its password.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from adapters.errors import AdapterError
from adapters.network import Network

_HEAD_BYTES: Final = 8 * 1024
_HEAD_S: Final = 10.0
_PIECE: Final = 64 * 1024
_ACCOUNT: Final = "hitotsu"


class Tunnel:
    """One destination. ``refused`` is why nothing was passed on, if the network said no."""

    def __init__(self, network: Network, host: str, port: int) -> None:
        self._network = network
        self._host = host
        self._port = port
        self._password = secrets.token_urlsafe(24)
        self._proxy = ""
        self.refused: AdapterError | None = None

    @property
    def proxy(self) -> str:
        """Return the address of the proxy with its account; never logged."""
        return self._proxy

    @contextmanager
    def opened(self) -> Iterator[Tunnel]:
        """Listen in a thread of its own until the end; every connection ends with it."""
        ready = threading.Event()
        loop = asyncio.new_event_loop()
        stop = asyncio.Event()
        thread = threading.Thread(
            target=lambda: loop.run_until_complete(self._serve(ready, stop)), name="tunnel"
        )
        thread.start()
        try:
            ready.wait()
            yield self
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()

    async def _serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        try:
            server = await asyncio.start_server(self._take, "127.0.0.1", 0, limit=_HEAD_BYTES)
            port = server.sockets[0].getsockname()[1]
            self._proxy = f"http://{_ACCOUNT}:{self._password}@127.0.0.1:{port}"
        finally:
            ready.set()
        await stop.wait()
        server.close()
        running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_HEAD_S):
                head = await reader.readuntil(b"\r\n\r\n")
            if not self._allows(head):
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            out = await self._connected()
            if out is None:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(_pass(reader, out[1]))
                    both.create_task(_pass(out[0], writer))
            finally:
                out[1].transport.abort()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.transport.abort()

    def _allows(self, head: bytes) -> bool:
        """Tell whether somebody who knows the password asks for the one destination."""
        line, *headers = head.decode("latin-1").split("\r\n")
        given = {n.lower(): v.strip() for n, _, v in (one.partition(":") for one in headers)}
        account = base64.b64encode(f"{_ACCOUNT}:{self._password}".encode()).decode()
        known = secrets.compare_digest(given.get("proxy-authorization", ""), f"Basic {account}")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return known and line == f"CONNECT {host}:{self._port} HTTP/1.1"

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        try:
            addresses = await self._network.addresses(self._host, self._port)
        except AdapterError as error:
            self.refused = error
            return None
        for address in addresses:
            with suppress(OSError):
                return await asyncio.open_connection(address, self._port)
        return None


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
