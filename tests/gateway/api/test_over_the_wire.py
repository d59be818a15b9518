"""The gateway on a real loopback socket: streamed, slow, broken and senseless requests."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

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
