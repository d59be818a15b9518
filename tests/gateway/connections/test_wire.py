"""Exchanges below httpx: what a broken or hostile system sends is never taken for an answer."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from adapters.deadline import Deadline
from adapters.errors import (
    AdapterError,
    BadAnswer,
    ConfigurationError,
    SourceTimeout,
    Unavailable,
)
from adapters.sources.base import MAX_ANSWER_BYTES
from adapters.sources.exchange import Exchanged, Origin, Target, exchange
from gateway.connections.http import open_http_client
from gateway.connections.wire import MOST_INTERIM, Wire

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n"
)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with open_http_client() as opened:
        yield opened


class System:
    """A system that says of each request what it is told to say; it counts its connections."""

    def __init__(self, *answers: bytes, then_close: bool = False) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.url = ""
        self._then_close = then_close
        self._writers: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[System]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ask"
        async with server:
            yield self
            for writer in self._writers:
                writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(size))
            writer.write(self.answers.pop(0))
            await writer.drain()
            if self._then_close:
                break
        if self._then_close or not self.answers:
            writer.close()


def asked(client: httpx.AsyncClient, url: str, *, seconds: float = 5) -> Awaitable[Exchanged]:
    target = Target("POST", url, {"Accept": "application/json"})
    return target.exchange(client, b"[]", Deadline.after(seconds))


async def test_an_answer_is_read_whole_and_its_connection_used_again(
    client: httpx.AsyncClient,
) -> None:
    """Content in one piece or in chunks; the media type without its parameters."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n"
    async with System(OK + b"{}", chunked, OK + b"[]").running() as system:
        first = await asked(client, system.url)
        second = await asked(client, system.url)
        request = httpx.Request("POST", system.url, content=b"<x/>", headers={"X-Way": "httpx"})
        third = await exchange(client, request, Deadline.after(5))
    assert (first.status, first.media_type, first.body) == (200, "application/json", b"{}")
    assert (second.media_type, second.body) == ("", b"[]")
    assert third.body == b"[]"
    assert system.connections == 1
    assert b"accept: application/json" in system.requests[0].lower()
    assert all(b"Accept-Encoding: identity\r\n" in request for request in system.requests)
    assert b"x-way: httpx" in system.requests[2].lower()
    assert system.requests[2].endswith(b"<x/>")


async def test_an_answer_may_end_with_its_connection(client: httpx.AsyncClient) -> None:
    """HTTP/1.0 systems say neither a length nor chunks."""
    answer = b"HTTP/1.0 200 OK\r\nRetry-After: 7\r\n\r\n[1]"
    async with System(answer, then_close=True).running() as system:
        found = await asked(client, system.url)
    assert found.body == b"[1]"
    assert found.retry_after_s == 7


async def test_a_second_answer_is_never_taken_for_the_next_ones(
    client: httpx.AsyncClient,
) -> None:
    """What follows an answer on its connection could be about another person."""
    stray = OK + b"{}" + OK + b'"'
    async with System(stray, OK + b"[]", OK + b"[]").running() as system:
        assert (await asked(client, system.url)).body == b"{}"
        assert (await asked(client, system.url)).body == b"[]"
        assert system.connections == 2


async def test_an_answer_that_lies_ready_before_the_question_is_not_the_answer_to_it(
    client: httpx.AsyncClient,
) -> None:
    """WP-1: it came while this process was busy, and was sent before anybody asked again."""
    go, sent = threading.Event(), threading.Event()

    def serve(listener: socket.socket) -> None:
        first, _ = listener.accept()
        first.recv(65_536)
        first.sendall(OK + b"{}")
        go.wait(10)
        first.sendall(OK + b"[]")
        sent.set()
        second, _ = listener.accept()
        second.recv(65_536)
        second.sendall(OK + b"12")
        second.close()
        first.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/ask"
        assert (await asked(client, url)).body == b"{}"
        go.set()
        sent.wait(10)  # with the loop at rest: nobody reads what has come
        assert (await asked(client, url)).body == b"12"
        thread.join(10)


async def test_a_late_answer_is_never_taken_for_the_next_ones(client: httpx.AsyncClient) -> None:
    """A call that was given up leaves its connection behind."""
    released = asyncio.Event()
    served = 0

    async def slow_then_quick(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await reader.readuntil(b"\r\n\r\n")
        if served == 1:
            await released.wait()
            writer.write(OK + b"{}")
        else:
            writer.write(OK + b"[]")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(slow_then_quick, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server:
        with pytest.raises(SourceTimeout):
            await asked(client, url, seconds=0.05)
        released.set()
        assert (await asked(client, url)).body == b"[]"


async def test_a_connection_that_ended_while_it_was_idle_is_opened_anew(
    client: httpx.AsyncClient,
) -> None:
    """A system that was started anew does not fail the next question."""
    async with System(OK + b"{}", OK + b"[]", then_close=True).running() as system:
        assert (await asked(client, system.url)).body == b"{}"
        assert (await asked(client, system.url)).body == b"[]"
        assert system.connections == 2


async def test_interim_answers_are_passed_over(client: httpx.AsyncClient) -> None:
    """100 and 103 come before the answer, but not without end."""
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    async with System(early + OK + b"{}").running() as system:
        assert (await asked(client, system.url)).body == b"{}"
    async with System(early * (MOST_INTERIM + 1) + OK + b"{}").running() as system:
        with pytest.raises(BadAnswer):
            await asked(client, system.url)


HOSTILE = {
    "not HTTP": b"\x00\x01 not http\r\n\r\n",
    "HTML of another protocol": b"<html></html>\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\n{}",
    "another protocol from here on": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    ),
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-Y: " + b"z" * 1_000_000 + b"\r\n",
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
async def test_what_is_no_answer_is_refused(client: httpx.AsyncClient, answer: bytes) -> None:
    """Nothing of it is believed, and the next call goes over a new connection."""
    async with System(answer, OK + b"[]").running() as system:
        with pytest.raises(BadAnswer):
            await asked(client, system.url)
        assert (await asked(client, system.url)).body == b"[]"
        assert system.connections == 2


async def test_a_cut_answer_is_no_answer(client: httpx.AsyncClient) -> None:
    """Fewer bytes than the source announced never look like a whole answer."""
    for cut in (OK + b"{", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n"):
        async with System(cut, then_close=True).running() as system:
            with pytest.raises(BadAnswer):
                await asked(client, system.url)


async def test_an_answer_has_a_largest_size(client: httpx.AsyncClient) -> None:
    """Announced or not."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (MAX_ANSWER_BYTES + 1)
    async with System(huge + b" " * (MAX_ANSWER_BYTES + 1)).running() as system:
        with pytest.raises(BadAnswer):
            await asked(client, system.url)


async def test_a_trailer_is_no_header(client: httpx.AsyncClient) -> None:
    """What comes behind the content says nothing about what it is."""
    answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n"
        b"2\r\n[]\r\n0\r\nContent-Type: application/json\r\nRetry-After: 7\r\n\r\n"
    )
    async with System(answer).running() as system:
        found = await asked(client, system.url)
    assert (found.media_type, found.retry_after_s, found.body) == ("text/html", None, b"[]")


@pytest.mark.parametrize(
    ("begin", "more"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"v" * 60_000),
        (b"HTTP/1.1 200 OK\r\n", b"X-Long: v\r\n" * 6_000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ", b"v" * 60_000),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            b"X-Long: v\r\n" * 6_000,
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=", b"v" * 60_000),
    ],
)
async def test_what_stands_beside_the_content_has_an_end(
    client: httpx.AsyncClient, begin: bytes, more: bytes
) -> None:
    """A hostile system fills no memory with heads, trailers or frames of chunks."""
    sent = 0

    async def without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(begin)
        with contextlib.suppress(ConnectionError):
            while sent < 100_000_000:
                writer.write(more)
                await writer.drain()
                sent += len(more)
        writer.close()

    server = await asyncio.start_server(without_end, "127.0.0.1", 0)
    async with server:
        with pytest.raises(BadAnswer):
            await asked(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert sent < 20_000_000


async def test_content_in_chunks_of_one_byte_is_read(client: httpx.AsyncClient) -> None:
    """However slow that is, it is right."""
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in b"[" + b" " * 200_000 + b"]")
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with System(head + chunks + b"0\r\n\r\n").running() as system:
        assert len((await asked(client, system.url)).body) == 200_002


async def test_a_closed_port_is_unavailable(client: httpx.AsyncClient) -> None:
    """A stopped system refuses the connection."""
    async with System(OK).running() as system:
        pass
    with pytest.raises(Unavailable):
        await asked(client, system.url)


async def test_a_system_that_hangs_up_is_asked_twice(client: httpx.AsyncClient) -> None:
    """Once more, and then it is believed to be out of order."""
    async with System(b"", b"", b"", then_close=True).running() as system:
        with pytest.raises(AdapterError):
            await asked(client, system.url)
        assert system.connections == 2


async def test_whoever_finds_no_room_waits_no_longer_than_the_deadline() -> None:
    """The number of connections is bounded, and so is the wait for one."""
    wire = Wire(ssl.create_default_context(), most=1)
    released = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        origin = Origin(False, "127.0.0.1", server.sockets[0].getsockname()[1])
        slow = asyncio.create_task(wire.exchange(origin, b"x", 30))
        await asyncio.sleep(0)
        with pytest.raises(SourceTimeout):
            await wire.exchange(origin, b"x", 0.01)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        with pytest.raises(SourceTimeout, match="no answer"):
            await wire.exchange(origin, b"x", 0.01)
        released.set()
    wire.close()


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\x00b"])
def test_a_header_cannot_hold_the_end_of_its_line(value: str) -> None:
    """A setting must not become another header."""
    with pytest.raises(ConfigurationError):
        Target("POST", "http://127.0.0.1/ask", {"X-Key": value})


def test_an_address_must_be_one() -> None:
    """A wrong setting is told when the adapter is opened."""
    with pytest.raises(ConfigurationError):
        Target("POST", "http://town.example:port/", {})
