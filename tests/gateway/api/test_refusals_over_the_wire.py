"""R21: whoever is turned away hears it as soon as the headers are read, and the connection goes on.

Over a real socket, because a refusal leaves before there is a request for the application.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from fastapi import APIRouter, Request, Response

from gateway.api.admission import Admission
from gateway.api.bodies import json_response
from tests.gateway.api.town import Town, served

BODY = b'{"subject": "somebody"}'
HEAD = b"POST /v1/questions HTTP/1.1\r\nHost: gateway\r\nContent-Length: %d\r\n" % len(BODY)


async def answered(request: Request) -> Response:
    """Answer how long the body was."""
    return json_response({"size": len(await request.body())})


@pytest.fixture
def admission() -> Admission:
    """Return one of one place."""
    return Admission(1)


@pytest.fixture
def connection(admission: Admission) -> Iterator[socket.socket]:
    """Return a connection to a gateway that waits a fifth of a second for a body."""
    router = APIRouter()
    router.post("/v1/questions")(answered)
    town = Town(body_timeout_s=0.2, admission=admission, routers=[router])
    with served(town.app()) as address, socket.create_connection(address, timeout=10) as opened:
        yield opened


def answer_on(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the next answer."""
    with connection.makefile("rb") as said:
        status = int(said.readline().split()[1])
        headers = {}
        while (line := said.readline()) != b"\r\n":
            name, _, value = line.decode().partition(": ")
            headers[name] = value.strip()
        return status, headers, said.read(int(headers["content-length"]))


def test_a_connection_goes_on_after_a_refusal(
    connection: socket.socket, admission: Admission
) -> None:
    """The body of the refused request may come later; it is nobody else's."""
    with admission.place():
        connection.sendall(HEAD + b"Accept-Language: en\r\n\r\n" + BODY[:5])
        status, headers, body = answer_on(connection)
        assert (status, headers["retry-after"] in {"1", "2"}) == (503, True)
        assert headers["strict-transport-security"] == "max-age=31536000"
        problem = json.loads(body)
        assert problem["title"] == "Too busy"
        assert problem["trace_id"] == headers["x-trace-id"]
        assert problem["instance"].replace("-", "").endswith(problem["trace_id"])
        assert problem["type"].endswith("/problems/overloaded")
    connection.sendall(BODY[5:] + HEAD + b"\r\n" + BODY)
    status, _, body = answer_on(connection)
    assert (status, json.loads(body)) == (200, {"size": len(BODY)})


def test_a_refusal_does_not_overtake_the_answer_to_an_earlier_request(
    connection: socket.socket, admission: Admission
) -> None:
    """Two requests in one piece are answered in their order."""
    health = b"GET /health HTTP/1.1\r\nHost: gateway\r\n\r\n"
    with admission.place():
        connection.sendall(health + HEAD + b"\r\n" + BODY)
        said = b""
        while said.count(b"HTTP/1.1 ") < 2 or b"overloaded" not in said:
            said += connection.recv(65_536)
    assert said.index(b"HTTP/1.1 200 ") < said.index(b"HTTP/1.1 503 ")


def test_whoever_does_not_send_the_rest_of_the_body_loses_the_connection(
    connection: socket.socket, admission: Admission
) -> None:
    """A flood of halves holds nothing."""
    with admission.place():
        connection.sendall(HEAD + b"\r\n" + BODY[:5])
        assert answer_on(connection)[0] == 503
        assert connection.recv(1) == b""


@pytest.mark.parametrize("header", [b"Connection: close", b"Expect: 100-continue"])
def test_other_ways_of_sending_are_refused_as_well(
    connection: socket.socket, admission: Admission, header: bytes
) -> None:
    """By the application, which knows what becomes of the connection."""
    with admission.place():
        connection.sendall(HEAD + header + b"\r\n\r\n" + BODY)
        status, _, body = answer_on(connection)
    assert status == 503
    assert json.loads(body)["type"].endswith("/problems/overloaded")
