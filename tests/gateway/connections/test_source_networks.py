"""NZ-3: whatever a source speaks, it connects to the address that was looked at, and no other."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from adapters.contract import Deadline
from adapters.errors import ConfigurationError, Unavailable
from adapters.mapping.model import Read, SqlRead
from adapters.sources.object_storage import ObjectAccess, ObjectPlace
from adapters.sources.sftp import SftpPlace
from adapters.sources.sql import SqlSource
from adapters.sources.tunnel import Tunnel
from gateway.connections.config import EnabledAdapter
from gateway.connections.destinations import Allowed, DestinationRefused, Destinations
from gateway.connections.http import open_http_client
from gateway.connections.networks import SourceNetwork
from gateway.connections.service import host_of
from standard_models.builtin import load_builtin
from tests.adapters.test_delivery_places import (
    KEYS,
    NAME,
    SUMS,
    Bucket,
    FileServer,
    bucket,
    server,
    storage,
    within,
)
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.connections.test_destinations import Names
from tools.throwaway_postgres import ThrowawayPostgres

__all__ = ["bucket", "server", "storage"]

HERE, METADATA = "127.0.0.1", "169.254.169.254"
ONE = Read(sql=SqlRead(statement="SELECT :number AS no"))


def changing(place: str, *answers: str) -> tuple[SourceNetwork, Names]:
    """Return the network of an adapter with ``place`` in its settings, and what resolves names."""
    names = Names(*answers)
    return SourceNetwork(Allowed.of({"address": place}), Destinations(), names), names


@asynccontextmanager
async def forwarded(socket_path: str) -> AsyncIterator[tuple[int, list[int]]]:
    """Pass a port of loopback on to a socket; yield the port, and a list that grows with calls."""
    calls: list[int] = []

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(1)
        inner = await asyncio.open_unix_connection(socket_path)
        await asyncio.gather(copy(reader, inner[1]), copy(inner[0], writer), return_exceptions=True)

    listening = await asyncio.start_server(take, HERE, 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], calls


async def test_a_database_is_asked_where_its_name_was_looked_at(
    postgres_server: ThrowawayPostgres,
) -> None:
    """Each new connection looks again: the second answer is no address of the town's."""
    folder = postgres_server.url().partition("?host=")[2]
    async with forwarded(f"{folder}/.s.PGSQL.5432") as (port, calls):
        url = f"postgresql+asyncpg://postgres@juki.localhost:{port}/postgres"
        network, names = changing(url, HERE, METADATA)

        def opened() -> SqlSource:
            return SqlSource(url, pool_size=1, probe="SELECT 1", network=network)

        first, second = opened(), opened()
        asked = {"number": "1"}
        assert await first.read(ONE, asked, Deadline.after(20)) == [{"no": "1"}]
        assert await first.read(ONE, asked, Deadline.after(20)) == [{"no": "1"}]
        assert (names.asked, len(calls)) == (1, 1), "a connection that is kept is where it was"
        with pytest.raises(DestinationRefused):
            await second.read(ONE, asked, Deadline.after(20))
        assert (names.asked, len(calls)) == (2, 1)
        await first.aclose()
        await second.aclose()


async def test_a_file_server_is_called_where_its_name_was_looked_at(server: FileServer) -> None:
    """Over SFTP; the pinned key is that of the server and not of its name."""
    access = replace(server.access, host="renkei.localhost")
    network, names = changing("renkei.localhost", HERE, METADATA)
    place = SftpPlace(access, network=network)
    assert sorted(e.name for e in await within(place)) == [SUMS, NAME]
    with pytest.raises(ConfigurationError):
        await within(place)
    assert names.asked == 2


async def test_storage_on_this_machine_is_called_where_its_name_was_looked_at(
    bucket: Bucket,
) -> None:
    """Without TLS, the address takes the place of the name."""
    port = bucket.access.endpoint.rpartition(":")[2]
    endpoint = f"http://localhost:{port}"
    network, _ = changing(endpoint, HERE, METADATA)
    place = ObjectPlace(replace(bucket.access, endpoint=endpoint), network=network)
    assert sorted(e.name for e in await within(place, 20)) == [SUMS, NAME]
    with pytest.raises(ConfigurationError):
        await within(place, 20)


async def test_storage_under_tls_is_called_at_the_address_and_verified_by_the_name() -> None:
    """The library resolves nothing: the hello that arrives names the storage."""
    heard: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(4_096))
        writer.close()

    listening = await asyncio.start_server(take, HERE, 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        endpoint = f"https://hokan.localhost:{port}"
        network, names = changing(endpoint, HERE)
        access = ObjectAccess(endpoint, "b", **KEYS)
        with pytest.raises(Unavailable):
            await within(ObjectPlace(access, network=network), 5)
        assert heard
        assert all(b"hokan.localhost" in hello for hello in heard)
        calls = len(heard)
        for answer in (METADATA, "10.0.0.1"):
            inside = Destinations([ip_network("192.0.2.0/24")])
            refusing = SourceNetwork(Allowed.of({"e": endpoint}), inside, Names(answer))
            with pytest.raises(DestinationRefused):
                await within(ObjectPlace(access, network=refusing), 5)
        assert (len(heard), names.asked) == (calls, calls)


async def ask_tunnel(proxy: str, request: str) -> bytes:
    """Return the first line that the tunnel answers to a request."""
    port = int(proxy.rpartition(":")[2])
    reader, writer = await asyncio.open_connection(HERE, port)
    writer.write(request.encode() + b"\r\n\r\n")
    line = await reader.readline()
    writer.close()
    return line


async def test_a_tunnel_leads_to_one_destination_for_who_knows_its_password() -> None:
    """Not to another port, host or method, and for nobody else on the machine."""
    network, names = changing("https://hokan.example", "192.0.2.1")
    with Tunnel(network, "hokan.example", 443).opened() as tunnel:
        account = tunnel.proxy.removeprefix("http://").partition("@")[0]
        known = f"Proxy-Authorization: Basic {base64.b64encode(account.encode()).decode()}"
        for request in (
            f"CONNECT hokan.example:444 HTTP/1.1\r\n{known}",
            f"CONNECT evil.example:443 HTTP/1.1\r\n{known}",
            f"GET http://hokan.example/ HTTP/1.1\r\n{known}",
            "CONNECT hokan.example:443 HTTP/1.1",
            "CONNECT hokan.example:443 HTTP/1.1\r\nProxy-Authorization: Basic aGl0b3RzdTp4",
        ):
            assert b"403" in await ask_tunnel(tunnel.proxy, request)
    assert names.asked == 0


@pytest.mark.parametrize(
    ("host", "port"), [("evil.example", 5432), ("db.example", 22), (METADATA, 80), (HERE, 5432)]
)
async def test_what_is_not_configured_is_not_even_looked_up(host: str, port: int) -> None:
    """A source that is told another host by what it reads gets no address."""
    network, names = changing("postgresql+asyncpg://u:p@db.example:5432/x", "192.0.2.1")
    assert await network.addresses("DB.example", 5432) == ("192.0.2.1",)
    with pytest.raises(DestinationRefused) as refused:
        await network.addresses(host, port)
    assert host not in refused.value.detail
    assert names.asked == 1


async def test_a_name_without_an_address_is_a_source_that_is_away() -> None:
    """It may come back; the name is in no message."""

    class Lost(Names):
        async def resolve(self, *_: Any, **__: Any) -> Any:
            raise OSError("canary.example")

    network = SourceNetwork(Allowed.of({"h": "db.example"}), Destinations(), Lost("x"))
    with pytest.raises(Unavailable) as away:
        await network.addresses("db.example", 1)
    assert "example" not in away.value.detail


async def test_the_host_lends_every_adapter_the_rules_of_the_installation(
    clock: StoppedClock, event_log: RecordingLog
) -> None:
    """Those of HTTP hold for all else: configured places, inside the networks that are set."""
    entry = EnabledAdapter(
        adapter="reference-resident",
        municipality="999997",
        settings={"database_url": "postgresql+asyncpg://u:p@192.0.2.9/juki", "more": "10.0.0.1"},
    )
    inside = Destinations([ip_network("192.0.2.0/24")])
    async with open_http_client(destinations=inside) as http:
        network = host_of(entry, http, clock, event_log, load_builtin()).network
        assert await network.addresses("192.0.2.9", 5432) == ("192.0.2.9",)
        for outside in ("10.0.0.1", "192.0.2.10"):
            with pytest.raises(DestinationRefused):
                await network.addresses(outside, 5432)


@pytest.mark.parametrize(
    "url",
    [
        "oracle+oracledb_async://u:canary@tnsname",
        "mssql+pymssql://u:canary@/x",
        "oracle+oracledb://u:canary@/?service_name=x",
    ],
)
def test_an_address_that_names_no_host_is_refused(url: str) -> None:
    """What a file beside us would resolve, cannot be looked at."""
    network, _ = changing(url, "192.0.2.1")
    with pytest.raises(ConfigurationError, match="host, port") as refused:
        SqlSource(url, pool_size=1, probe="SELECT 1", network=network)
    assert "canary" not in refused.value.detail
