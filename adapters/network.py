"""Where a source may connect to: names become addresses here, and nowhere else.

A name is resolved for each new connection, what it resolves to is looked at, and the connection
goes to one of exactly these addresses: a name that changes its mind in between has no second
chance (NZ-3). HTTP has this in the client that the host lends; every other transport asks here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any, Final, Protocol

from adapters.errors import Unavailable


class Network(Protocol):
    """The way out that a host lends to sources that do not speak HTTP."""

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of ``host``, all of which may be called; an address is its own.

        Raises:
            ConfigurationError: one of them may not be called; then none is.
            Unavailable: the name cannot be resolved.
        """
        ...


class OpenNetwork:
    """Resolves names as the machine does and refuses nothing: for kits, tests and rehearsals."""

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of ``host``."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise unresolved(error) from None
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


OPEN_NETWORK: Final = OpenNetwork()


def unresolved(error: OSError) -> Unavailable:
    """Return what it means that a name has no address; the name is not repeated."""
    return Unavailable(f"the name of the source has no address ({type(error).__name__})")


class CheckedLoop:
    """An event loop whose connections go to addresses of ``network`` alone.

    For libraries that take a loop and a name: they go on to know the name, by which TLS verifies
    the server, and a connection that they open later (to cancel a question) goes the same way.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, network: Network) -> None:
        self._loop = loop
        self._network = network

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, protocol_factory: Any, host: str, port: int, **options: Any
    ) -> tuple[Any, Any]:
        """Open a connection to the first address that takes it.

        Raises:
            AdapterError: as ``Network.addresses``.
            OSError: none took it.
        """
        failed: OSError = OSError("no address")
        for address in await self._network.addresses(host, port):
            try:
                return await self._loop.create_connection(
                    protocol_factory, address, port, **options
                )
            except OSError as error:
                failed = error
        raise failed
