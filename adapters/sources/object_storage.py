"""Deliveries in object storage (S3 and what speaks like it). Nothing is ever put or deleted."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import urlsplit

from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    Unavailable,
)
from adapters.files.deliveries import Entry
from adapters.network import Network
from adapters.sources.exchange import require_tls
from adapters.sources.places import CHUNK_BYTES, Spool, bounded, close_all
from adapters.sources.tunnel import Tunnel

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Store

_MEANING: Final[tuple[tuple[str, type[AdapterError], str], ...]] = (
    ("UnauthenticatedError", AuthenticationFailed, "the storage refuses the keys"),
    ("PermissionDeniedError", AuthenticationFailed, "the keys may not read there"),
    ("PreconditionError", Unavailable, "a file is still changing"),
    ("NotFoundError", Unavailable, "a file or the bucket is not there"),
    ("InvalidPathError", ConfigurationError, "the prefix cannot be used"),
    ("UnknownConfigurationKeyError", ConfigurationError, "the settings cannot be used"),
    ("NotSupportedError", ConfigurationError, "the storage cannot do this"),
    ("NotModifiedError", BadAnswer, "the storage answers something else"),
    ("AlreadyExistsError", BadAnswer, "the storage answers something else"),
    ("BaseError", Unavailable, "no answer of the storage"),
)
"""What errors of the library mean; the first of these names among the classes of an error."""

REQUEST_S: Final = 30.0
"""How long a single request may take to begin, in seconds."""


@dataclass(frozen=True, slots=True)
class ObjectAccess:
    """Where the bucket is. ``endpoint`` is the storage's address; only HTTPS beyond this machine.

    Files lie directly under ``prefix``.
    """

    endpoint: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    prefix: str = ""
    region: str = "ap-northeast-1"


class ObjectPlace:
    """A prefix of a bucket. Files are copied before they are read.

    Args:
        access: where the bucket is.
        network: of the host; each connection goes to an address that it gives.
        spool: folder for the copies, which have no name there; that of the machine by default.

    Raises:
        ConfigurationError: the library is not installed, or the address is not one of HTTPS.
    """

    copies = True

    def __init__(
        self, access: ObjectAccess, *, network: Network, spool: Path | None = None
    ) -> None:
        self._access = access
        self._network = network
        self._spool = spool
        self._prefix = f"{access.prefix.strip('/')}/" if access.prefix.strip("/") else ""
        self._require_library()

    def listed(self, deadline: Deadline) -> list[Entry]:
        """Return the files directly under the prefix."""
        entries: list[Entry] = []
        with self._opened(deadline) as store:
            for chunk in store.list(self._prefix or None, chunk_size=1000):
                deadline.require_s()
                entries += [e for e in map(self._entry, chunk) if e.name and "/" not in e.name]
                bounded(entries)
        return entries

    def hold(self, entries: Sequence[Entry], deadline: Deadline) -> list[BinaryIO]:
        """Return copies of the files in the version that was listed."""
        spools: list[Spool] = []
        try:
            with self._opened(deadline) as store:
                for entry in entries:
                    spools.append(Spool(entry, self._spool))
                    path, version = self._prefix + entry.name, entry.version
                    found = store.get(path, options={"if_match": version})
                    for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                        deadline.require_s()
                        spools[-1].take(bytes(chunk))
                return [spool.done() for spool in spools]
        except Exception:
            close_all([spool.file for spool in spools])
            raise

    def _entry(self, found: Any) -> Entry:
        version = found["e_tag"]
        if not version:
            raise BadAnswer("the storage does not tell the versions of its files")
        return Entry(
            found["path"].removeprefix(self._prefix), found["size"], found["last_modified"], version
        )

    def _require_library(self) -> None:
        require_tls(self._access.endpoint, "endpoint")
        try:
            import obstore  # noqa: F401 - only whether it is there
        except ImportError:
            raise ConfigurationError("object storage needs the extra hitotsu[deliveries]") from None

    @contextmanager
    def _opened(self, deadline: Deadline) -> Iterator[S3Store]:
        """Yield the storage, reached at addresses that the network gives.

        The library resolves names itself: it is sent through a tunnel, and without TLS, which is
        on this machine alone, to the address.

        Raises:
            AdapterError: every failure, by the table above.
        """
        parts = urlsplit(self._access.endpoint)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            if parts.scheme == "https":
                with Tunnel(self._network, host, port).opened() as tunnel:
                    try:
                        yield self._store(deadline, self._access.endpoint, tunnel.proxy)
                    except Exception:
                        if tunnel.refused is not None:
                            raise tunnel.refused from None
                        raise
                return
            address = asyncio.run(self._network.addresses(host, port))[0]
            bracketed = f"[{address}]" if ":" in address else address
            yield self._store(deadline, f"http://{bracketed}:{port}{parts.path}", None)
        except Exception as error:  # noqa: BLE001 - meaning_of lets others through
            raise meaning_of(error) from None

    def _store(self, deadline: Deadline, endpoint: str, proxy: str | None) -> S3Store:
        """Return the storage. Its requests end at the deadline, with those that are repeated."""
        from obstore.store import S3Store

        left_s = dt.timedelta(seconds=min(deadline.require_s(), REQUEST_S))
        through: ClientConfig = {"proxy_url": proxy} if proxy else {}
        return S3Store(
            self._access.bucket,
            endpoint=endpoint,
            access_key_id=self._access.access_key_id,
            secret_access_key=self._access.secret_access_key,
            region=self._access.region,
            virtual_hosted_style_request=False,
            client_options={
                **through,
                "allow_http": proxy is None,
                "connect_timeout": left_s,
                "read_timeout": left_s,
                "timeout": dt.timedelta(seconds=deadline.require_s()),
            },
            retry_config={"max_retries": 2, "retry_timeout": left_s},
        )


def meaning_of(error: Exception) -> AdapterError:
    """Return what an error of the library means; without its words, which hold addresses.

    Raises:
        Exception: ``error`` itself, if it is of somebody else.
    """
    if isinstance(error, AdapterError):
        return error
    names = {kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("obstore")}
    for name, ours, detail in _MEANING:
        if name in names:
            return ours(f"{detail} ({type(error).__name__})")
    if isinstance(error, OSError):
        return Unavailable(f"no answer of the storage ({type(error).__name__})")
    raise error
