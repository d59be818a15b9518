"""Our own client of the national linkage API reads our own face, over loopback."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn

from adapters.contract import Deadline
from adapters.errors import AuthenticationFailed, Rejected
from adapters.mapping.linkage_reads import LinkageRead
from adapters.mapping.model import Read
from adapters.sources.linkage import LinkageSource
from adapters.sources.linkage_tokens import LinkageClient
from gateway.linkage.number_calls import LOOK_UP, REGISTER, SCOPES
from tests.gateway.linkage.conftest import TOWN, Face, registration

PING = LinkageRead(provider="031", call=LOOK_UP, body={"shikuchosonkodo": TOWN})


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A free port on loopback."""
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        yield opened


@asynccontextmanager
async def _served(face: Face, listening: socket.socket) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(face.app, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - the server has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def _source(face: Face, http: httpx.AsyncClient, address: str, business: str) -> LinkageSource:
    # The client names the token endpoint as it is reached; the gateway, as it is published.
    client = LinkageClient(
        f"{address}/linkage/oauth/token", face.system.client_id, face.system.client_secret
    )
    return LinkageSource(
        http,
        f"{address}/linkage/{business}",
        client,
        now=face.world.clock.now,
        settings={},
        ping=PING,
    )


def _read(business: str, call: str, **body: str) -> Read:
    return Read(
        linkage=LinkageRead(
            provider=business,
            call=call,
            body={"shikuchosonkodo": TOWN, **body},
            same=("atenabango",),
        )
    )


async def test_our_client_reads_our_face(face: Face, listening: socket.socket) -> None:
    """Token, group, pages, look-up and refusals, between two programs that share no code."""
    made = await face.call(SCOPES[REGISTER], registration())
    number = made.json()["result"][0]["atenabango"]
    async with _served(face, listening) as address, httpx.AsyncClient() as http:
        face.publish(address)
        person = _source(face, http, address, "001")
        group = _read("001", "app_submit/v10/juminkihonjoho", atenabango="{number}")
        found = await person.read(group, {"number": "R1"}, Deadline.after(10))
        assert [r["shimei"] for r in found["result"]] == ["見本　花子"]
        nobody = await person.read(group, {"number": "R9"}, Deadline.after(10))
        assert nobody["result"] == []
        numbers = _source(face, http, address, "031")
        look_up = _read("031", LOOK_UP, atenabango="{number}")
        found = await numbers.read(look_up, {"number": number}, Deadline.after(10))
        assert [r["shimei"] for r in found["result"]] == ["見本　太郎"]
        with pytest.raises(Rejected) as refused:
            await numbers.ping(Deadline.after(10))
        assert refused.value.vendor_code == "E0001"
        await face.registry.revoke(TOWN, face.system.client_id)
        with pytest.raises(AuthenticationFailed):
            await person.read(group, {"number": "R1"}, Deadline.after(10))
