"""Where calls may go out to: to what is configured, never to what answers under its name.

Rule NZ-3. A name is resolved once, what it resolves to is looked at, and the connection goes to
that address: a name that changes its mind between the two has no second chance. Redirects are
followed nowhere.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from adapters.errors import ConfigurationError
from adapters.sources.exchange import Exchanged, Origin, SourceClient
from gateway.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NEVER: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # link-local, RFC 3927; services of cloud providers about a machine
        "fe80::/10",  # link-local, RFC 4291
        "fd00:ec2::254/128",  # the same services over IPv6
        "168.63.129.16/32",  # the same of Azure, which lie elsewhere
        "192.0.0.192/32",  # and of Oracle's machines
        "0.0.0.0/8",  # this host, RFC 1122
        "::/128",
        "224.0.0.0/4",  # multicast, RFC 5771
        "ff00::/8",
        "240.0.0.0/4",  # reserved, RFC 1112, and broadcast
    )
)
_EMBEDDED: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b::/96",  # by NAT64, RFC 6052, 2.1
        "::/96",  # IPv4-compatible, RFC 4291, 2.5.5.1
    )
)
"""Where the last 32 bits of an IPv6 address are those of the IPv4 address that it leads to."""
_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::(?P<port>\d+))?")


class DestinationRefused(ConfigurationError, OSError):
    """A call would have gone where none may go. The destination itself is not repeated."""


@dataclass(frozen=True, slots=True)
class Destinations:
    """What addresses a call may connect to.

    Args:
        networks: where they must lie; without any, everywhere but where no call ever goes.
    """

    networks: Sequence[Network] = ()

    def require(self, host: str) -> None:
        """Do nothing if ``host`` is a name, or an address that may be called.

        Raises:
            DestinationRefused: it is an address of another kind.
        """
        address = _address(host)
        if address is not None:
            self._require_address(address, declared=True)

    def require_resolved(self, host: str, found: str) -> None:
        """Do nothing if a name may be called at the address that it resolved to.

        Raises:
            DestinationRefused: a name that is not this machine's own leads to it, or worse.
        """
        address = _address(found)
        if address is None:
            raise DestinationRefused("a name resolved to what is no address")
        own = host.lower().rstrip(".")
        declared = own == "localhost" or own.endswith(".localhost")
        self._require_address(address, declared=declared)

    def _require_address(self, address: Address, *, declared: bool) -> None:
        if any(address in network for network in _NEVER):
            raise DestinationRefused("link-local, multicast or reserved address")
        if address.is_loopback:
            if not declared:
                raise DestinationRefused("a name leads to this machine")
            return
        if self.networks and not any(address in network for network in self.networks):
            raise DestinationRefused("address outside HITOTSU_OUTGOING_NETWORKS")


def outgoing(settings: Settings) -> Destinations:
    """Return where calls of this installation may go."""
    return Destinations(tuple(settings.outgoing_networks))


class CheckedResolver(AbstractResolver):
    """Resolves names and lets no address through that may not be called."""

    def __init__(self, destinations: Destinations, inner: AbstractResolver | None = None) -> None:
        self._destinations = destinations
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of ``host``: the connection goes to one of exactly these.

        Raises:
            DestinationRefused: one of them may not be called; then none is.
            OSError: it cannot be resolved.
        """
        found = await self._inner.resolve(host, port, family)
        for one in found:
            self._destinations.require_resolved(host, one["host"])
        return found

    async def close(self) -> None:
        """Close what resolves."""
        await self._inner.close()


async def addresses_of(
    host: str, port: int, destinations: Destinations, inner: AbstractResolver | None = None
) -> list[tuple[str, int]]:
    """Return the addresses of ``host``, all of which may be called; an address is its own.

    Raises:
        DestinationRefused: one of them may not be called; then none is.
        OSError: it cannot be resolved.
    """
    destinations.require(host)
    if _address(host) is not None:
        return [(host, port)]
    resolver = CheckedResolver(destinations, inner)
    found = await resolver.resolve(host, port, socket.AF_UNSPEC)
    return [(one["host"], one["port"]) for one in found]


@dataclass(frozen=True, slots=True)
class Allowed:
    """The hosts and ports that are configured for one adapter. ``None`` stands for every port."""

    places: frozenset[tuple[str, int | None]]

    @classmethod
    def of(cls, settings: Mapping[str, Any], more: Sequence[str] = ()) -> Allowed:
        """Return what stands in the settings of an adapter, and ``more`` addresses beside them."""
        return cls(frozenset(_places([settings, list(more)])))

    def require(self, url: httpx.URL) -> None:
        """Do nothing if a call may go to ``url``.

        Raises:
            DestinationRefused: it is not configured.
        """
        self.require_place(url.host.lower(), url.port or _PORTS.get(url.scheme, 0))

    def require_place(self, host: str, port: int) -> None:
        """Do nothing if a call may go to ``port`` of ``host``, which is in lower case.

        Raises:
            DestinationRefused: it is not configured.
        """
        if (host, port) not in self.places and (host, None) not in self.places:
            raise DestinationRefused("the address is not in the settings of the adapter")

    def require_plausible(self, destinations: Destinations) -> None:
        """Look at every configured address, by whatever protocol it is called.

        Raises:
            DestinationRefused: one of them may never be called.
        """
        for host, _port in self.places:
            destinations.require(host)


class _Nowhere(httpx.AsyncBaseTransport):
    """The fence itself has no way out."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise DestinationRefused(request.method)


class _Fence(httpx.AsyncClient):
    """Sends by a client that is lent what goes to configured places, and follows no redirect."""

    def __init__(self, lent: httpx.AsyncClient, allowed: Allowed) -> None:
        super().__init__(transport=_Nowhere(), timeout=lent.timeout, trust_env=False)
        self._lent = lent
        self._allowed = allowed

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send ``request``.

        Raises:
            DestinationRefused: it may not go there.
            httpx.TransportError: as the client that is lent.
        """
        self._allowed.require(request.url)
        return await self._lent.send(request, **{**options, "follow_redirects": False})


class _SourceFence(_Fence, SourceClient):
    """The same below httpx."""

    def __init__(self, lent: SourceClient, allowed: Allowed) -> None:
        super().__init__(lent, allowed)
        self._source = lent

    async def exchange(
        self, origin: Origin, head: bytes, content: bytes, within_s: float
    ) -> Exchanged:
        """Send a request.

        Raises:
            DestinationRefused: it may not go there.
            AdapterError: as the client that is lent.
        """
        self._allowed.require_place(origin.host.lower(), origin.port)
        return await self._source.exchange(origin, head, content, within_s)


def fenced(lent: httpx.AsyncClient, allowed: Allowed) -> httpx.AsyncClient:
    """Return a client that sends by ``lent``, to configured places alone.

    Closing it leaves ``lent`` open.
    """
    return _SourceFence(lent, allowed) if isinstance(lent, SourceClient) else _Fence(lent, allowed)


def _places(value: object) -> Iterator[tuple[str, int | None]]:
    if isinstance(value, Mapping):
        for member in value.values():
            yield from _places(member)
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _places(member)
    elif isinstance(value, str):
        place = _place(value)
        if place is not None:
            yield place


def _place(text: str) -> tuple[str, int | None] | None:
    """Return host and port of an address, or of a bare host with or without a port."""
    if "://" in text:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        host = (parts.hostname or "").lower()
        return (host, port or _PORTS.get(parts.scheme)) if host else None
    found = _HOST.fullmatch(text)
    if _strict(text) is not None:
        return text.lower(), None
    # A number of the settings, such as an id or a password, is no address.
    if found is None or not any(map(str.isalpha, text)) or _as_the_resolver_reads(found["host"]):
        return None
    return found["host"].lower(), int(found["port"]) if found["port"] else None


@lru_cache(maxsize=1_000)
def _address(text: str) -> Address | None:
    found = _strict(text.strip("[]").partition("%")[0])
    if found is None:
        return _as_the_resolver_reads(text)
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or found.sixtofour or _embedded(found) or found
    return found


def _embedded(found: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    # The first two addresses of all are none of IPv4: "not said", and this machine.
    if int(found) < 2 or not any(found in network for network in _EMBEDDED):
        return None
    return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)


def _strict(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _as_the_resolver_reads(text: str) -> Address | None:
    """Return the address of a number in another notation: ``127.1``, ``0x7f000001``.

    Resolvers take them for addresses and ask nobody.
    """
    if not re.fullmatch(r"(?:0[xX][0-9a-fA-F]+|\d+)(?:\.(?:0[xX][0-9a-fA-F]+|\d+)){0,3}", text):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except OSError:
        return None
