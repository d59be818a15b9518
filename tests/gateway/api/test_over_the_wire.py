"""The gateway on a real loopback socket: streamed, slow, broken and senseless requests."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.gateway.api.town import CANARY, Town, served


@pytest.fixture
def town() -> Town:
    """A town that waits a fifth of a second for a body."""
    return Town(body_timeout_s=0.2)


@pytest.fixture
def address(town: Town) -> Iterator[tuple[str, int]]:
    """Host and port of the town."""
    with served(town.app()) as where:
        yield where


@pytest.fixture
def hasty(town: Town) -> Iterator[tuple[str, int]]:
    """Host and port of a town that waits a fifth of a second for a head."""
    with served(town.app(), head_timeout_s=0.2) as where:
        yield where


def exchange(address: tuple[str, int], *pieces: bytes) -> tuple[bytes, bytes]:
    """Return head and body of the answer to these bytes, reading until the server closes."""
    with socket.create_connection(address, timeout=10) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server has answered and closed, as it should
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    return head, body


HEAD = (
    b"POST /v1/asked HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
    b"Connection: close\r\n"
)


def test_a_streamed_body_is_stopped_at_the_limit(address: tuple[str, int]) -> None:
    """Without a declared length too; the refusal names the limit and ends the connection."""
    chunk = b"3e8\r\n" + b" " * 1000 + b"\r\n"
    head, body = exchange(address, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk * 3)
    document = json.loads(body)
    assert head.startswith(b"HTTP/1.1 413 ")
    assert document["limit_bytes"] == 2000
    assert document["detail"] == "本文の上限は 2,000 バイトです。"


def test_a_declared_length_above_the_limit_is_refused_before_the_body_comes(
    address: tuple[str, int],
) -> None:
    """Nothing of the body is awaited."""
    head, body = exchange(address, HEAD + b"Content-Length: 2001\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert json.loads(body)["type"].endswith("/problems/body-too-large")


def test_a_body_at_the_limit_is_read(address: tuple[str, int]) -> None:
    """Two thousand bytes are allowed, so two thousand bytes arrive."""
    body = b'{"purpose": "x"}'.ljust(2000)
    head, answer = exchange(address, HEAD + b"Content-Length: 2000\r\n\r\n" + body)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer) == {"items": 0}


def test_a_body_that_does_not_arrive_is_given_up(address: tuple[str, int]) -> None:
    """A caller that sends half of its body and stays does not hold the connection."""
    head, body = exchange(address, HEAD + b"Content-Length: 100\r\n\r\n", b'{"purpose":')
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["type"].endswith("/problems/request-timeout")


def test_what_is_not_http_gets_a_problem_document_too(address: tuple[str, int]) -> None:
    """Even there nothing is repeated."""
    head, body = exchange(address, f"{CANARY} is no request\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head
    assert json.loads(body)["type"].endswith("/problems/malformed-request")
    assert CANARY.encode() not in head + body


def test_an_answer_that_breaks_off_does_not_look_complete(
    town: Town, address: tuple[str, int]
) -> None:
    """The last chunk never comes; the log names the class only."""
    request = b"GET /v1/breaking-off HTTP/1.1\r\nHost: gateway\r\n\r\n"
    head, body = exchange(address, request)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"first" in body
    assert not body.endswith(b"0\r\n\r\n")
    assert '"error":"ValueError"' in town.log.getvalue()
    assert CANARY not in town.log.getvalue()


def test_a_caller_who_goes_away_within_the_body_is_no_crash(
    town: Town, address: tuple[str, int]
) -> None:
    """Nobody need be called at night; the line says that what was sent was no request."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n" + b'{"purpose":')
    for _ in range(1_000):
        # Another request gives the server the time to notice.
        exchange(address, b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        if '"route":"/v1/asked"' in town.log.getvalue():
            break
    assert "request-crashed" not in town.log.getvalue()
    assert '"problem":"malformed-request"' in town.log.getvalue()


ENDLESS = {
    "one header without end": (b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ", b"v" * 60_000),
    "headers without end": (b"GET /health HTTP/1.1\r\nHost: a\r\n", b"X-Long: v\r\n" * 5_000),
    "an address without end": (b"GET /", b"v" * 60_000),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_head_without_end_is_not_read(address: tuple[str, int], kind: str) -> None:
    """431 long before memory could fill; nobody need be known for it."""
    begin, more = ENDLESS[kind]
    sent = 0
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(begin)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 50_000_000:
                connection.sendall(more)
                sent += len(more)
    assert sent < 10_000_000


def test_a_head_that_is_too_large_is_told(address: tuple[str, int]) -> None:
    """RFC 6585 5."""
    head, body = exchange(address, b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: " + b"v" * 65_536)
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large")
    assert json.loads(body)["type"].endswith("/problems/headers-too-large")


def test_a_large_head_and_a_large_body_in_small_pieces_are_taken(
    address: tuple[str, int],
) -> None:
    """A head of 40 KiB; then a body of 2,000 bytes in chunks of one byte."""
    begin = HEAD + b"X-Long: " + b"v" * 40_000 + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'{"purpose": "x"}'.ljust(2000)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    head, _ = exchange(address, begin[:20_000], begin[20_000:], chunks[:5_000], chunks[5_000:])
    assert head.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("begin", [b"", b"\r\n", b"GET /health HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_that_does_not_arrive_is_given_up(hasty: tuple[str, int], begin: bytes) -> None:
    """Whoever connects and says nothing, or never ends, does not hold the connection."""
    head, body = exchange(hasty, begin)
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["type"].endswith("/problems/request-timeout")


def test_nor_does_a_second_head_on_the_same_connection(hasty: tuple[str, int]) -> None:
    """The first request is answered; the line that follows it never ends."""
    one = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    _, body = exchange(hasty, one, b"GET /")
    assert body.startswith(b'{"status":"alive"}HTTP/1.1 408 ')


def test_what_is_no_http_never_stands_in_the_place_of_an_answer(
    address: tuple[str, int],
) -> None:
    """A proxy would take it for the answer to the request that is still under way."""
    one = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
    head, _ = exchange(address, one + b"no http at all\r\n\r\n")
    assert not head.startswith(b"HTTP/1.1 400 ")


def test_a_trailer_is_no_header() -> None:
    """A proxy takes forged certificates out of the headers; trailers it may hand on."""
    seen: list[tuple[bytes, bytes]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        seen.extend(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
    with served(app) as address:
        head, _ = exchange(address, chunked + b"Client-Cert: :MIIB:\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert (b"transfer-encoding", b"chunked") in seen
    assert b"client-cert" not in dict(seen)


def test_the_server_does_not_say_what_it_is(address: tuple[str, int]) -> None:
    """Neither product nor version; browsers are told to keep to https."""
    head, _ = exchange(address, b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    assert not [line for line in lines if line.startswith((b"server:", b"x-powered-by:"))]
    assert b"strict-transport-security: max-age=31536000" in lines
    assert b"x-content-type-options: nosniff" in lines
    assert b"cache-control: no-store" in lines


def test_a_websocket_is_no_way_in(address: tuple[str, int]) -> None:
    """The upgrade is not taken; the request is answered as the plain one it is."""
    head, body = exchange(
        address,
        b"GET /v1/nothing HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    )
    assert head.startswith(b"HTTP/1.1 404 ")
    assert json.loads(body)["type"].endswith("/problems/not-found")
