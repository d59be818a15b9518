"""The way out of sources that do not speak HTTP: the same rules as for HTTP (NZ-3)."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp.abc import AbstractResolver

from adapters.network import unresolved
from gateway.connections.destinations import (
    Allowed,
    DestinationRefused,
    Destinations,
    addresses_of,
)


class SourceNetwork:
    """Lets the source of one adapter connect to what is configured for it.

    Args:
        allowed: the hosts and ports of the adapter's settings.
        destinations: where calls of this installation may go.
        resolver: resolves names, the machine's own by default.
    """

    def __init__(
        self,
        allowed: Allowed,
        destinations: Destinations,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._allowed = allowed
        self._destinations = destinations
        self._resolver = resolver

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of ``host``, resolved now, all of which may be called.

        Raises:
            DestinationRefused: it is not configured, or one of them may not be called.
            Unavailable: the name cannot be resolved.
        """
        self._allowed.require_place(host.lower(), port)
        try:
            found = await addresses_of(host, port, self._destinations, self._resolver)
        except DestinationRefused:
            raise
        except OSError as error:
            raise unresolved(error) from None
        return tuple(address for address, _ in found)
