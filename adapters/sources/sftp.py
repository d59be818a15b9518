"""Deliveries on a file server, by SFTP. The server is known by its key, which is pinned."""

from __future__ import annotations

import asyncio
import datetime as dt
import stat
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar, cast

from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    SourceTimeout,
    Unavailable,
)
from adapters.files.deliveries import Entry
from adapters.network import Network
from adapters.sources.places import CHUNK_BYTES, Spool, bounded, close_all

if TYPE_CHECKING:
    import asyncssh

Result = TypeVar("Result")

_MEANING: Final[tuple[tuple[str, type[AdapterError], str], ...]] = (
    ("HostKeyNotVerifiable", AuthenticationFailed, "the server's key is not the pinned one"),
    ("PermissionDenied", AuthenticationFailed, "the server refuses the login"),
    ("IllegalUserName", ConfigurationError, "the user name cannot be used"),
    ("PasswordChangeRequired", AuthenticationFailed, "the server wants another password"),
    ("KeyImportError", ConfigurationError, "a key cannot be read"),
    ("KeyEncryptionError", ConfigurationError, "a key cannot be decrypted"),
    ("ConfigParseError", ConfigurationError, "the settings cannot be used"),
    ("KeyExchangeFailed", ConfigurationError, "no common way of encryption"),
    ("SFTPNoSuchFile", Unavailable, "a file or the folder is not there"),
    ("SFTPNoSuchPath", Unavailable, "the folder is not there"),
    ("SFTPPermissionDenied", AuthenticationFailed, "the account may not read there"),
    ("SFTPOpUnsupported", ConfigurationError, "the server cannot do this"),
    ("SFTPFileIsADirectory", BadAnswer, "a file has become a folder"),
    ("SFTPFileCorrupt", BadAnswer, "the server calls a file damaged"),
    ("SFTPBadMessage", BadAnswer, "the server speaks something else"),
    ("SFTPError", Unavailable, "the server could not do it"),
    ("ProtocolError", BadAnswer, "the server speaks something else"),
    ("MACError", BadAnswer, "the connection was tampered with or broken"),
    ("CompressionError", BadAnswer, "the connection is damaged"),
    ("TimeoutError", SourceTimeout, "no answer in time"),
)
"""What errors of the library mean; the first of these names among the classes of an error."""


@dataclass(frozen=True, slots=True)
class SftpAccess:
    """How the server is reached.

    ``host_key`` is the server's public key in one line (``ssh-ed25519 AAAA…``); an unknown key is
    refused. Login by ``private_key`` (its text, OpenSSH form) or ``password``.
    ``name_encoding`` is that of file names.
    """

    host: str
    folder: str
    username: str
    host_key: str
    port: int = 22
    private_key: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    name_encoding: str = "utf-8"


class SftpPlace:
    """A folder of an SFTP server. Files are copied before they are read.

    Args:
        access: how the server is reached.
        network: of the host; each connection goes to an address that it gives.
        spool: folder for the copies, which have no name there; that of the machine by default.

    Raises:
        ConfigurationError: the library is not installed, or a key cannot be read.
    """

    copies = True

    def __init__(self, access: SftpAccess, *, network: Network, spool: Path | None = None) -> None:
        self._access = access
        self._network = network
        self._spool = spool
        if (access.password is None) == (access.private_key is None):
            raise ConfigurationError("exactly one of password, private_key")
        self._options = _options(access)

    def listed(self, deadline: Deadline) -> list[Entry]:
        """Return the files of the folder."""
        return _run(self._list, deadline)

    def hold(self, entries: Sequence[Entry], deadline: Deadline) -> list[BinaryIO]:
        """Return copies of the files, fetched over one connection."""

        async def fetch() -> list[BinaryIO]:
            spools: list[Spool] = []
            try:
                async with self._connected() as sftp:
                    for entry in entries:
                        spools.append(Spool(entry, self._spool))
                        await self._fetch(sftp, entry, spools[-1])
                return [spool.done() for spool in spools]
            except BaseException:
                close_all([spool.file for spool in spools])
                raise

        return _run(fetch, deadline)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncssh.SFTPClient]:
        async with (
            await self._connection() as connection,
            connection.start_sftp_client(
                path_encoding=self._access.name_encoding, path_errors="replace"
            ) as sftp,
        ):
            yield sftp

    async def _connection(self) -> asyncssh.SSHClientConnection:
        """Return a connection to the first address that takes it; its key is the pinned one."""
        import asyncssh

        failed: OSError = OSError("no address")
        for address in await self._network.addresses(self._access.host, self._access.port):
            try:
                return await asyncssh.connect(address, self._access.port, **self._options)
            except OSError as error:
                failed = error
        raise failed

    async def _list(self) -> list[Entry]:
        entries = []
        async with self._connected() as sftp:
            async for found in sftp.scandir(self._access.folder):
                mode, size, modified = (
                    found.attrs.permissions, found.attrs.size, found.attrs.mtime
                )  # fmt: skip
                if mode is None or not stat.S_ISREG(mode):
                    continue
                if size is None or modified is None:
                    raise BadAnswer("the server does not tell size and time of its files")
                time = dt.datetime.fromtimestamp(modified, dt.UTC)
                nanoseconds = found.attrs.mtime_ns or 0
                entries.append(Entry(str(found.filename), size, time, str(nanoseconds)))
                bounded(entries)
        return entries

    async def _fetch(self, sftp: asyncssh.SFTPClient, entry: Entry, spool: Spool) -> None:
        path = f"{self._access.folder.rstrip('/')}/{entry.name}"
        async with sftp.open(path, "rb") as file:
            while chunk := await file.read(CHUNK_BYTES):
                spool.take(cast("bytes", chunk))


def _options(access: SftpAccess) -> dict[str, Any]:
    """Return the options of a connection: nothing of the account that runs this is used."""
    try:
        import asyncssh
    except ImportError:
        raise ConfigurationError("SFTP needs the extra hitotsu[deliveries]") from None
    try:
        host_key = asyncssh.import_public_key(access.host_key)
        keys = (
            None
            if access.private_key is None
            else [asyncssh.import_private_key(access.private_key)]
        )
    except asyncssh.KeyImportError:
        raise ConfigurationError("host_key or private_key: it cannot be read") from None
    return {
        "username": access.username,
        "password": access.password,
        "client_keys": keys,
        "known_hosts": ([host_key], [], []),
        "preferred_auth": "publickey" if keys else "password,keyboard-interactive",
        "config": None,
        "agent_path": None,
        "gss_auth": False,
        "gss_kex": False,
        "host_based_auth": False,
    }


def _run(work: Callable[[], Coroutine[Any, Any, Result]], deadline: Deadline) -> Result:
    """Run ``work`` on a loop of its own, wherever this is called, and end at the deadline.

    Raises:
        AdapterError: every failure, by the table above.
    """
    left_s = deadline.require_s()

    async def bounded_work() -> Result:
        async with asyncio.timeout(left_s):
            return await work()

    with ThreadPoolExecutor(1, "sftp") as own:
        try:
            return own.submit(lambda: asyncio.run(bounded_work())).result()
        except AdapterError:
            raise
        except TimeoutError:
            raise SourceTimeout("no answer in time") from None
        except Exception as error:  # noqa: BLE001 - meaning_of lets others through
            raise meaning_of(error) from None


def meaning_of(error: Exception) -> AdapterError:
    """Return what an error of the library, or of the network, means; without its words.

    Raises:
        Exception: ``error`` itself, if it is of somebody else.
    """
    names = {
        kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith("asyncssh")
    }
    for name, ours, detail in _MEANING:
        if name in names:
            return ours(f"{detail} ({type(error).__name__})")
    if names or isinstance(error, OSError):
        return Unavailable(f"no connection ({type(error).__name__})")
    raise error
