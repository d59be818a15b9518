"""NZ-3, API7: calls go to what is configured, and never to what only answers under its name."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.errors import ConfigurationError
from adapters.registry import discover
from gateway.connections import Connections
from gateway.connections.config import AdaptersFile, EnabledAdapter
from gateway.connections.destinations import (
    Allowed,
    CheckedResolver,
    DestinationRefused,
    Destinations,
    fenced,
)
from gateway.connections.http import SourceTransport, open_http_client
from gateway.metrics import Metrics
from standard_models.builtin import load_builtin
from tests.doubles import RecordingLog, StoppedClock

NEVER = [
    "169.254.169.254",
    "169.254.0.1",
    "[fe80::1]",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "[2002:a9fe:a9fe::]",
    "[64:ff9b::169.254.169.254]",
    "[::169.254.169.254]",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "[::]",
    "224.0.0.1",
    "[ff02::1]",
    "255.255.255.255",
    "2852039166",
    "0xa9fea9fe",
    "169.254.43518",
]
HERE = ["127.0.0.1", "::1", "127.8.9.10", "::ffff:127.0.0.1"]


class Names(AbstractResolver):
    """Resolves every name to the addresses of its list, one after the other."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
        ]

    async def close(self) -> None:
        """Do nothing."""


def client_over(names: Names, destinations: Destinations) -> httpx.AsyncClient:
    """Return a client like the gateway's own, with another source of addresses."""

    def session() -> aiohttp.ClientSession:
        resolver = CheckedResolver(destinations, names)
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver))

    transport = SourceTransport(client=session, trust_env=False)
    transport.destinations = destinations
    return httpx.AsyncClient(transport=transport, trust_env=False)


@pytest.fixture
async def system() -> AsyncIterator[tuple[int, list[bytes]]]:
    """A system on this machine; yields its port and the requests that it got."""
    got: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        location = b"Location: http://169.254.169.254/latest\r\n" if b"/moved" in got[-1] else b""
        status = b"302 Found" if location else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + location + b"Content-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], got


@pytest.mark.parametrize("host", NEVER)
async def test_no_call_ever_goes_to_an_address_of_these_kinds(host: str) -> None:
    """Link-local with the services of cloud providers, multicast, this host: in any notation."""
    async with open_http_client() as client:
        with pytest.raises(DestinationRefused):
            await client.get(f"http://{host}/latest/meta-data")


@pytest.mark.parametrize("address", [*(h.strip("[]") for h in NEVER[:11]), *HERE])
async def test_a_name_that_leads_to_such_an_address_or_here_is_refused(address: str) -> None:
    """Loopback is called where it stands in the settings itself, never under another name."""
    names = Names(address)
    async with client_over(names, Destinations()) as client:
        with pytest.raises(DestinationRefused):
            await client.get("http://zeimu.example/")
    assert names.asked == 1


async def test_a_name_that_changes_its_mind_is_called_where_it_was_looked_at(
    system: tuple[int, list[bytes]],
) -> None:
    """DNS rebinding: resolved once; the second answer is looked at as well, and refused."""
    port, got = system
    names = Names("127.0.0.1", "169.254.169.254")
    async with client_over(names, Destinations()) as client:
        assert (await client.get(f"http://zeimu.localhost:{port}/")).status_code == 200
        assert (names.asked, len(got)) == (1, 1)
    other = Names("192.0.2.1", "127.0.0.1")
    resolver = CheckedResolver(Destinations(), other)
    assert [a["host"] for a in await resolver.resolve("zeimu.example", 80)] == ["192.0.2.1"]
    with pytest.raises(DestinationRefused):
        await resolver.resolve("zeimu.example", 80)


async def test_what_a_configured_network_does_not_hold_is_refused() -> None:
    """HITOTSU_OUTGOING_NETWORKS: by address and by name."""
    inside = Destinations([ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")])
    inside.require("192.0.2.9")
    inside.require_resolved("zeimu.example", "2001:db8::9")
    for host in ("198.51.100.1", "10.0.0.1"):
        with pytest.raises(DestinationRefused):
            inside.require(host)
        with pytest.raises(DestinationRefused):
            inside.require_resolved("zeimu.example", host)
    inside.require("127.0.0.1")


async def test_a_redirect_is_followed_nowhere(system: tuple[int, list[bytes]]) -> None:
    """Also where an adapter asks for it."""
    port, got = system
    url = f"http://127.0.0.1:{port}/moved"
    async with open_http_client() as client:
        lent = fenced(client, Allowed.of({"base_url": url}))
        answer = await lent.get(url, follow_redirects=True)
    assert answer.status_code == 302
    assert len(got) == 1


SETTINGS: dict[str, Any] = {
    "base_url": "https://Zeimu.example:8443/api",
    "login": {"token_url": "https://login.example/token"},
    "mirrors": ["http://192.0.2.7", "192.0.2.8"],
    "host": "fukushi.example",
    "proxy": "proxy.example:3128",
    "api_key": "secret key",
    "wrong": "http://[",
    "password": "12345678",
    "key": "0xdeadbeef",
    "retries": 3,
}


@pytest.mark.parametrize(
    "url",
    [
        "https://zeimu.example:8443/api/x",
        "https://login.example/other",
        "http://192.0.2.7/",
        "http://192.0.2.8:99/",
        "https://fukushi.example:1234/",
        "http://proxy.example:3128/",
        "http://more.example/",
    ],
)
def test_what_stands_in_the_settings_may_be_called(url: str) -> None:
    """Addresses with their port, bare hosts with any."""
    Allowed.of(SETTINGS, ["more.example"]).require(httpx.URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://zeimu.example/api/x",
        "http://login.example/",
        "https://login.example.evil.example/token",
        "https://zeimu.example:8443@evil.example/",
        "http://192.0.2.9/",
        "http://127.0.0.1:8080/",
        "http://proxy.example/",
    ],
)
async def test_anything_else_is_refused_before_a_connection_is_made(url: str) -> None:
    """A link that a source hands out leads nowhere else; the adapter is told why."""

    def unreached(_request: httpx.Request) -> httpx.Response:
        raise AssertionError

    async with httpx.AsyncClient(transport=httpx.MockTransport(unreached)) as lent:
        client = fenced(lent, Allowed.of(SETTINGS))
        with pytest.raises(ConfigurationError) as caught:
            await client.get(url)
    assert "evil" not in caught.value.detail
    assert "zeimu" not in caught.value.detail


def test_numbers_and_secrets_in_the_settings_are_no_addresses() -> None:
    """Though resolvers would read some of them as one."""
    allowed = Allowed.of(SETTINGS)
    allowed.require_plausible(Destinations())
    assert not {"12345678", "0xdeadbeef"} & {host for host, _ in allowed.places}


async def test_an_adapter_with_such_an_address_in_its_settings_is_refused(
    clock: StoppedClock, event_log: RecordingLog
) -> None:
    """By whatever protocol it would call; the others work."""
    entries = [
        EnabledAdapter(
            adapter="reference-resident",
            municipality="999997",
            settings={"database_url": "postgresql+asyncpg://u:p@169.254.169.254/juki"},
        ),
        EnabledAdapter(
            adapter="reference-tax",
            municipality="999997",
            settings={"base_url": "http://zeimu.example:8080", "api_key": "key"},
        ),
    ]
    async with open_http_client() as http:
        connections = Connections.open(
            AdaptersFile(adapters=tuple(entries)),
            discover(),
            http=http,
            clock=clock,
            log=event_log,
            metrics=Metrics(),
            dictionary=load_builtin(),
        )
        assert [r.adapter_id for r in connections.refused] == ["reference-resident"]
        assert [c.adapter_id for c in connections.all()] == ["reference-tax"]
        await connections.aclose()
    assert "169.254" not in event_log.text


async def test_names_are_resolved_by_the_system_unless_a_test_says_otherwise() -> None:
    """The real client, with the real resolver, as the gateway opens it."""
    resolve: Callable[..., Any] = CheckedResolver(Destinations()).resolve
    found = await resolve("localhost", 80, socket.AF_INET)
    assert {one["host"] for one in found} == {"127.0.0.1"}
