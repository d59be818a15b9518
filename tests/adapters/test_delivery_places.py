"""Deliveries on an SFTP server and in object storage: real protocols over loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import inspect
import logging
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import asyncssh
import httpx
import obstore.exceptions
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import S3Store

from adapters.contract import Deadline
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    ConfigurationError,
    SourceTimeout,
    Unavailable,
)
from adapters.files.deliveries import Entry
from adapters.files.delivery_rules import DeliveryRules
from adapters.network import OPEN_NETWORK
from adapters.sources import object_storage, sftp
from adapters.sources.files import FileSource
from adapters.sources.object_storage import ObjectAccess, ObjectPlace
from adapters.sources.places import Place, Spool
from adapters.sources.sftp import SftpAccess, SftpPlace
from tests.adapters.test_deliveries import CSV, rows

RULES = DeliveryRules.model_validate(
    {"files": {"zei": {"name": "税_{day}.csv"}}, "manifest": {"name": "SHA256SUMS_{day}"}}
)
NAME, SUMS = "税_20261001.csv", "SHA256SUMS_20261001"
PASSWORD = "canary-password"


def delivered(folder: Path, content: bytes) -> None:
    """Put a delivery into a folder, as the sender does."""
    folder.mkdir(exist_ok=True)
    (folder / NAME).write_bytes(content)
    line = f"{hashlib.sha256(content).hexdigest()}  {NAME}\n"
    (folder / SUMS).write_text(line, "utf-8")


async def amounts(source: FileSource) -> list[str]:
    """Return what the records say, read off the loop."""

    def read() -> list[str]:
        return [r.record["gaku"] for r in source.records("zei", CSV) if r.record is not None]

    return await asyncio.to_thread(read)


async def within(place: Place, seconds: float = 5) -> list[Entry]:
    """List a place off the loop."""
    return await asyncio.to_thread(place.listed, Deadline.after(seconds))


@dataclass
class FileServer:
    """An SFTP server: how it is reached, its folder, and what clients did there."""

    access: SftpAccess
    folder: Path
    done: list[str]


class _Watched(asyncssh.SFTPServer):
    """Serves a folder and notes every call that could change something."""

    done: ClassVar[list[str]] = []

    def _note(self, what: str) -> None:
        self.done.append(what)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file."""
        self._note("read" if pflags == asyncssh.FXF_READ else "write")
        return super().open(path, pflags, attrs)

    def remove(self, path: bytes) -> None:
        """Refuse, and note it."""
        self._note("remove")


class _Logins(asyncssh.SSHServer):
    open: ClassVar[list[asyncssh.SSHServerConnection]] = []

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.open.append(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("hitotsu", PASSWORD)


@asynccontextmanager
async def file_server(folder: Path, key: asyncssh.SSHKey) -> AsyncIterator[FileServer]:
    """Serve ``folder`` by SFTP on loopback."""
    _Watched.done = []
    listening = await asyncssh.create_server(
        _Logins,
        "127.0.0.1",
        0,
        server_host_keys=[key],
        authorized_client_keys=asyncssh.import_authorized_keys(
            CLIENT_KEY.export_public_key().decode()
        ),
        sftp_factory=lambda channel: _Watched(channel, chroot=os.fsencode(folder)),
    )
    access = SftpAccess(
        host="127.0.0.1",
        port=listening.get_port(),
        folder="/out",
        username="hitotsu",
        host_key=key.export_public_key().decode(),
        password=PASSWORD,
    )
    try:
        yield FileServer(access, folder / "out", _Watched.done)
    finally:
        listening.close()
        await listening.wait_closed()
        while _Logins.open:
            connection = _Logins.open.pop()
            connection.abort()
            await connection.wait_closed()


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """Listen on a port of loopback, take every connection and say nothing; all end with it."""
    taken: list[asyncio.StreamWriter] = []

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in taken:
            writer.transport.abort()
        await asyncio.gather(*(w.wait_closed() for w in taken), return_exceptions=True)


SERVER_KEY = asyncssh.generate_private_key("ssh-ed25519")
CLIENT_KEY = asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[FileServer]:
    """A file server with one delivery."""
    delivered(tmp_path / "out", rows(10, 20))
    async with file_server(tmp_path, SERVER_KEY) as found:
        yield found


async def test_a_delivery_comes_over_sftp(server: FileServer, tmp_path: Path) -> None:
    """Its copies have no name on this machine; the server sees reads only."""
    spool = tmp_path / "spool"
    spool.mkdir()
    source = FileSource(
        SftpPlace(server.access, spool=spool, network=OPEN_NETWORK), tmp_path, RULES
    )
    assert await source.ping(Deadline.after(5)) is None
    assert await amounts(source) == ["10", "20"]
    assert list(spool.iterdir()) == []
    assert set(server.done) == {"read"}
    await source.aclose()


async def test_a_delivery_is_fetched_once_for_all_extracts(
    server: FileServer, tmp_path: Path
) -> None:
    """And again when another one has come."""
    source = FileSource(SftpPlace(server.access, network=OPEN_NETWORK), tmp_path, RULES)
    await amounts(source)
    await amounts(source)
    assert len(server.done) == 3, "the manifest twice, the file once"
    delivered(server.folder, rows(30, 40, 50))
    assert await amounts(source) == ["30", "40", "50"]
    await source.aclose()


async def test_another_manifest_is_another_delivery(server: FileServer, tmp_path: Path) -> None:
    """A copy that was checked against the last one proves nothing."""
    source = FileSource(SftpPlace(server.access, network=OPEN_NETWORK), tmp_path, RULES)
    await amounts(source)
    manifest = server.folder / SUMS
    state = manifest.stat()
    manifest.write_text(f"{'0' * 64}  {NAME}\n", "utf-8")
    os.utime(manifest, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(BadAnswer, match="does not agree with its checksum"):
        await amounts(source)
    await source.aclose()


@pytest.mark.parametrize(
    ("chunks", "why"),
    [([b"ab", b"cd"], "still growing"), ([b"ab"], "shorter"), ([], "shorter")],
)
def test_a_copy_has_the_size_that_was_listed(chunks: list[bytes], why: str) -> None:
    """More or less is another file than the one that was chosen."""
    spool = Spool(Entry("zei.csv", 3, dt.datetime(2026, 10, 1, tzinfo=dt.UTC)), None)
    with spool.file, pytest.raises(Unavailable, match=why):  # noqa: PT012 - whichever refuses
        for chunk in chunks:
            spool.take(chunk)
        spool.done()


async def test_a_damaged_delivery_on_a_server_is_refused(
    server: FileServer, tmp_path: Path
) -> None:
    """By its checksum, as one that lies here."""
    (server.folder / NAME).write_bytes(rows(10, 21))
    source = FileSource(SftpPlace(server.access, network=OPEN_NETWORK), tmp_path, RULES)
    with pytest.raises(BadAnswer, match="does not agree with its checksum"):
        await amounts(source)


async def test_a_large_file_comes_whole(server: FileServer, tmp_path: Path) -> None:
    """Of more than any packet holds."""
    delivered(server.folder, rows(*range(300_000)))
    source = FileSource(SftpPlace(server.access, network=OPEN_NETWORK), tmp_path, RULES)
    assert len(await amounts(source)) == 300_000
    await source.aclose()


async def test_a_login_by_key_works(server: FileServer) -> None:
    """The key stands in the settings; none of the account that runs this is tried."""
    key = CLIENT_KEY.export_private_key().decode()
    access = replace(server.access, password=None, private_key=key)
    assert len(await within(SftpPlace(access, network=OPEN_NETWORK))) == 2


async def test_a_server_with_another_key_is_not_spoken_to(server: FileServer) -> None:
    """No password is sent to it."""
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(AuthenticationFailed, match="not the pinned one") as caught:
        await within(SftpPlace(replace(server.access, host_key=other), network=OPEN_NETWORK))
    assert "canary" not in repr(caught.value)


async def test_a_wrong_password_is_refused(server: FileServer) -> None:
    """Once, without repeating it."""
    with pytest.raises(AuthenticationFailed, match="refuses the login") as caught:
        await within(
            SftpPlace(replace(server.access, password="canary-wrong"), network=OPEN_NETWORK)
        )
    assert "canary" not in repr(caught.value)


async def test_a_folder_that_is_not_there_and_a_server_that_is_not_there(
    server: FileServer,
) -> None:
    """Both may come back."""
    with pytest.raises(Unavailable, match="not there"):
        await within(SftpPlace(replace(server.access, folder="/nowhere"), network=OPEN_NETWORK))
    with pytest.raises(Unavailable, match="no connection"):
        await within(SftpPlace(replace(server.access, port=1), network=OPEN_NETWORK))


async def test_folders_and_links_on_a_server_are_passed_over(server: FileServer) -> None:
    """Only files are delivered."""
    (server.folder / "folder").mkdir()
    (server.folder / "link").symlink_to(server.folder / NAME)
    assert sorted(e.name for e in await within(SftpPlace(server.access, network=OPEN_NETWORK))) == [
        SUMS,
        NAME,
    ]


async def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    """Nobody waits for a key exchange that does not come."""

    async with silent_server() as port:
        access = SftpAccess(
            "127.0.0.1",
            "/out",
            "hitotsu",
            SERVER_KEY.export_public_key().decode(),
            port=port,
            password=PASSWORD,
        )
        with pytest.raises(SourceTimeout):
            await within(SftpPlace(access, network=OPEN_NETWORK), 0.2)
    with pytest.raises(SourceTimeout):
        await within(SftpPlace(access, network=OPEN_NETWORK), 0)


async def test_nothing_of_the_access_is_shown_or_logged(
    server: FileServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither password nor key."""
    caplog.set_level(logging.DEBUG)
    key = CLIENT_KEY.export_private_key().decode()
    await within(SftpPlace(server.access, network=OPEN_NETWORK))
    assert "canary" not in f"{caplog.text} {server.access!r}"
    assert key not in repr(replace(server.access, password=None, private_key=key))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"host_key": "no key"}, "host_key"),
        ({"password": None, "private_key": "no key"}, "private_key"),
        ({"password": None}, "exactly one"),
        ({"private_key": "x"}, "exactly one"),
    ],
)
def test_an_access_that_cannot_work_is_told(changed: dict[str, Any], why: str) -> None:
    """Before anything is connected."""
    key = SERVER_KEY.export_public_key().decode()
    access = SftpAccess("127.0.0.1", "/out", "hitotsu", key, password=PASSWORD)
    with pytest.raises(ConfigurationError, match=why):
        SftpPlace(replace(access, **changed), network=OPEN_NETWORK)


SSH_ERRORS = [
    c for _, c in inspect.getmembers(asyncssh, inspect.isclass) if issubclass(c, Exception)
]


def test_every_error_of_the_ssh_library_has_a_meaning() -> None:
    """Also one that a later release adds; none repeats what the server said."""
    assert len(SSH_ERRORS) > 40
    for kind in SSH_ERRORS:
        error = kind.__new__(kind)
        error.args = ("canary",)
        meaning = sftp.meaning_of(error)
        assert isinstance(meaning, AdapterError)
        assert "canary" not in meaning.detail
    with pytest.raises(KeyError):
        sftp.meaning_of(KeyError("x"))


KEYS = {"access_key_id": "hitotsu", "secret_access_key": "canary-secret"}


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """Object storage on loopback."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()


class Bucket:
    """What the sender does in a bucket of the storage."""

    def __init__(self, endpoint: str, name: str) -> None:
        httpx.put(f"{endpoint}/{name}", trust_env=False).raise_for_status()
        self.access = ObjectAccess(endpoint, name, prefix="renkei/out", **KEYS)
        self._store = S3Store(
            name,
            endpoint=endpoint,
            region="ap-northeast-1",
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
            **KEYS,
        )

    def put(self, name: str, content: bytes) -> None:
        """Put a file there."""
        self._store.put(f"renkei/out/{name}", content)

    def deliver(self, content: bytes) -> None:
        """Put a delivery there."""
        self.put(NAME, content)
        self.put(SUMS, f"{hashlib.sha256(content).hexdigest()}  {NAME}\n".encode())

    def names(self) -> list[str]:
        """Return what lies in the bucket."""
        return sorted(found["path"] for chunk in self._store.list() for found in chunk)


@pytest.fixture
def bucket(storage: str, request: pytest.FixtureRequest) -> Bucket:
    """A bucket of one test, with one delivery."""
    name = f"b{hashlib.sha256(request.node.name.encode()).hexdigest()[:20]}"
    bucket = Bucket(storage, name)
    bucket.deliver(rows(10, 20))
    return bucket


async def test_a_delivery_comes_from_object_storage(bucket: Bucket, tmp_path: Path) -> None:
    """Nothing is put there and nothing is taken away."""
    before = bucket.names()
    source = FileSource(ObjectPlace(bucket.access, network=OPEN_NETWORK), tmp_path, RULES)
    assert await source.ping(Deadline.after(5)) is None
    assert await amounts(source) == ["10", "20"]
    bucket.deliver(rows(30))
    assert await amounts(source) == ["30"]
    assert bucket.names() == before
    await source.aclose()


async def test_only_what_lies_directly_under_the_prefix_is_listed(bucket: Bucket) -> None:
    """An archive below it is passed over."""
    bucket.put("archive/税_20991231.csv", b"x")
    assert sorted(
        e.name for e in await within(ObjectPlace(bucket.access, network=OPEN_NETWORK))
    ) == [SUMS, NAME]


async def test_a_damaged_delivery_in_storage_is_refused(bucket: Bucket, tmp_path: Path) -> None:
    """By its checksum."""
    bucket.put(NAME, rows(10, 21))
    with pytest.raises(BadAnswer, match="does not agree with its checksum"):
        await amounts(FileSource(ObjectPlace(bucket.access, network=OPEN_NETWORK), tmp_path, RULES))


async def test_a_file_that_is_replaced_meanwhile_is_not_taken(bucket: Bucket) -> None:
    """The version that was listed, or none; also one of the same length."""
    place = ObjectPlace(bucket.access, network=OPEN_NETWORK)
    listed = await within(place)
    (entry,) = (e for e in listed if e.name == NAME)
    bucket.put(NAME, rows(10, 21))
    with pytest.raises(Unavailable, match="still changing"):
        await asyncio.to_thread(place.hold, [entry], Deadline.after(5))


async def test_a_large_object_comes_whole(bucket: Bucket, tmp_path: Path) -> None:
    """In pieces."""
    bucket.deliver(rows(*range(300_000)))
    source = FileSource(ObjectPlace(bucket.access, network=OPEN_NETWORK), tmp_path, RULES)
    assert len(await amounts(source)) == 300_000
    await source.aclose()


async def test_a_bucket_that_is_not_there(bucket: Bucket) -> None:
    """It may come; the secret is in no message."""
    with pytest.raises(Unavailable) as caught:
        await within(ObjectPlace(replace(bucket.access, bucket="nowhere"), network=OPEN_NETWORK))
    assert "canary" not in f"{caught.value!r} {bucket.access!r}"


async def test_storage_that_is_down_or_silent(bucket: Bucket) -> None:
    """Within the deadline."""
    with pytest.raises(Unavailable):
        await within(
            ObjectPlace(
                replace(bucket.access, endpoint="http://127.0.0.1:1"), network=OPEN_NETWORK
            ),
            2,
        )

    async with silent_server() as port:
        silent = replace(bucket.access, endpoint=f"http://127.0.0.1:{port}")
        with pytest.raises(Unavailable):
            await within(ObjectPlace(silent, network=OPEN_NETWORK), 0.3)


def test_keys_and_records_travel_only_under_tls() -> None:
    """An address of HTTP beyond this machine is refused."""
    with pytest.raises(ConfigurationError, match="endpoint"):
        ObjectPlace(ObjectAccess("http://storage.example", "b", **KEYS), network=OPEN_NETWORK)
    ObjectPlace(ObjectAccess("https://storage.example", "b", **KEYS), network=OPEN_NETWORK)


STORAGE_ERRORS = [
    c
    for _, c in inspect.getmembers(obstore.exceptions, inspect.isclass)
    if issubclass(c, Exception)
]


def test_every_error_of_the_storage_library_has_a_meaning() -> None:
    """Also one that a later release adds; none repeats an address."""
    assert len(STORAGE_ERRORS) > 10
    for kind in STORAGE_ERRORS:
        meaning = object_storage.meaning_of(kind("canary"))
        assert isinstance(meaning, AdapterError)
        assert "canary" not in meaning.detail
    with pytest.raises(KeyError):
        object_storage.meaning_of(KeyError("x"))


@pytest.mark.parametrize(
    ("library", "opened"),
    [
        (
            "asyncssh",
            lambda: SftpPlace(
                SftpAccess("127.0.0.1", "/", "u", "k", password="p"), network=OPEN_NETWORK
            ),
        ),
        (
            "obstore",
            lambda: ObjectPlace(
                ObjectAccess("https://storage.example", "b", **KEYS), network=OPEN_NETWORK
            ),
        ),
    ],
)
def test_without_the_libraries_the_extra_is_named(
    library: str, opened: Callable[[], Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are not needed by who has no such place."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r"hitotsu\[deliveries\]"):
        opened()


async def test_no_thread_is_left_behind(server: FileServer) -> None:
    """Each call ends its own."""
    before = threading.active_count()
    await within(SftpPlace(server.access, network=OPEN_NETWORK))
    assert not [t for t in threading.enumerate() if t.name.startswith("sftp")]
    assert threading.active_count() <= before + 1
