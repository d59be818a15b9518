"""Who is at the other end, when TLS ends at a proxy: only a configured proxy is believed.

Sources: RFC 9440 (header ``Client-Cert``); RFC 8705, 6.5 (the connection between proxy and
gateway); the header ``X-Forwarded-For`` as reverse proxies write it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from starlette.types import Scope

from gateway.problems import Problem

MAX_CERTIFICATE_CHARS: Final = 16_384
_MOST_ADDRESSES: Final = 1_000
_PEM: Final = re.compile(
    r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*"
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end: its address, and the thumbprint of the certificate that it showed.

    ``certificate`` is the ``x5t#S256`` of RFC 8705, 3.1: SHA-256 of the DER form, in base64url.
    """

    address: str = ""
    certificate: str | None = None


@dataclass(frozen=True, slots=True)
class Proxies:
    """The proxies in front of the gateway.

    Args:
        networks: where they stand; what anybody else says of another end is not believed.
        certificate_header: the header in which they put the client's certificate, in lower case.

    """

    networks: Sequence[Network] = ()
    certificate_header: str = "client-cert"
    _known: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, networks: Iterable[str], certificate_header: str = "Client-Cert") -> Proxies:
        """Return the proxies of these addresses or networks (``192.0.2.7``, ``192.0.2.0/28``).

        Raises:
            ValueError: one of them is neither.

        """
        read = tuple(ipaddress.ip_network(network) for network in networks)
        return cls(read, certificate_header.lower())

    def peer(self, scope: Scope) -> Peer:
        """Return who made the request of ``scope``.

        Raises:
            Problem: ``malformed-request``: a proxy handed on a certificate that cannot be read,
                or two of them.

        """
        client = scope.get("client")
        address = str(client[0]) if client else ""
        if not self.networks or not self._trusted(address):
            return Peer(address)
        wanted = self.certificate_header.encode("latin-1")
        shown = [value for name, value in scope["headers"] if name == wanted]
        if len(shown) > 1:
            raise _unreadable()
        return Peer(self._forwarded(scope, address), _thumbprint(shown[0]) if shown else None)

    def _forwarded(self, scope: Scope, address: str) -> str:
        """Return the address nearest to us that is not a proxy of ours: the rest can be made up."""
        said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        for part in reversed(said.decode("latin-1").split(",")):
            text = part.strip()
            if _address(text) is None:
                break
            address = text
            if not self._trusted(text):
                break
        return address

    def _trusted(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            found = _address(text)
            known = found is not None and any(found in network for network in self.networks)
            if len(self._known) >= _MOST_ADDRESSES:
                self._known.clear()
            self._known[text] = known
        return known


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


def _thumbprint(value: bytes) -> str | None:
    """Return the thumbprint of the certificate in a header, None where the header is empty.

    It may be a byte sequence as RFC 9440 has it (``:MIIC…:``) or a PEM text, URL-encoded as nginx
    and HAProxy write it.
    """
    text = value.decode("latin-1").strip()
    if not text:
        return None
    if len(text) > MAX_CERTIFICATE_CHARS:
        raise _unreadable()
    if text[0] == text[-1] == ":":
        encoded = text[1:-1]
    else:
        match = _PEM.fullmatch(unquote(text))
        if match is None:
            raise _unreadable()
        encoded = "".join(match[1].split())
    try:
        der = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        raise _unreadable() from None
    if not der:
        raise _unreadable()
    return thumbprint_of(der)


def thumbprint_of(der: bytes) -> str:
    """Return the ``x5t#S256`` of a certificate. Source: RFC 8705, 3.1."""
    return urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def _unreadable() -> Problem:
    return Problem(
        "malformed-request",
        "プロキシーが渡したクライアント証明書を読めません。",
        "The client's certificate, as the proxy handed it on, cannot be read.",
    )
