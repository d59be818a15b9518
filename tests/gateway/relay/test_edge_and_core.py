"""NZ-1: requests wait at the edge until the core asks for them; none is done twice."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send

from gateway.api.application import ApiOptions
from gateway.api.drain import Drain
from gateway.app import asking_edges
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.relay import Core, Desk, EdgeServer, LinkError, edge_app, link_app, open_core
from gateway.relay.core import ASKING
from gateway.relay.frames import (
    BadFrame,
    Forwarded,
    Returned,
    answer_frame,
    is_public,
    read_answer,
    read_request,
    request_frame,
)
from gateway.settings import Settings
from tests.doubles import RecordingLog
from tests.gateway.relay.certificates import Authority

URL = "https://hitotsu.example.jp"
REPOSITORY = Path(__file__).parents[3]


class Inside:
    """A gateway that notes what it is asked, and answers when it may."""

    def __init__(self) -> None:
        self.asked: list[tuple[Scope, bytes]] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        self.asked.append((scope, message["body"]))
        await self.may_answer.wait()
        if scope["path"] == "/v1/crash":
            raise ValueError
        headers = [(b"content-type", b"text/plain"), (b"connection", b"close"), (b"x-own", b"1")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"an", "more_body": True})
        await send({"type": "http.response.body", "body": b"swer"})


class Split:
    """An edge and what is inside; the core is there when it has been started."""

    def __init__(self, log: RecordingLog, *, deadline_s: float = 30, limit: int = 10) -> None:
        self.log = log
        self.inside = Inside()
        self.time = 0.0
        self.desk = Desk(deadline_s=deadline_s, limit=limit, now=lambda: self.time)
        self.link = httpx.AsyncClient(transport=httpx.ASGITransport(link_app(self.desk)))
        self.core = Core(self.inside, "https://edge", self.link, log)
        options = ApiOptions(public_url=URL, version="1", max_body_bytes=1_000)
        app = edge_app(options, self.desk, Drain(), log=log, metrics=Metrics())
        transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
        self.outside = httpx.AsyncClient(transport=transport, base_url=URL)

    async def started(self) -> None:
        """Start the core, and wait until it asks."""
        self.core.start()
        while not self.desk.attended:  # noqa: ASYNC110 - it is the core that comes
            await asyncio.sleep(0)


@pytest.fixture
async def split(event_log: RecordingLog) -> AsyncIterator[Split]:
    async with opened(Split(event_log)) as made:
        yield made


@asynccontextmanager
async def opened(made: Split) -> AsyncIterator[Split]:
    try:
        yield made
    finally:
        made.inside.may_answer.set()
        await made.outside.aclose()
        await made.core.aclose()


async def test_what_is_sent_to_the_edge_is_answered_by_the_core(split: Split) -> None:
    """As it was sent, with the other end that the edge saw, under the trace of the answer."""
    await split.started()
    headers = {"DPoP": "proof", "Client-Cert": ":MIIC:", "Connection": "keep-alive"}
    answer = await split.outside.post("/v1/a%20b?q=%31", content=b"{}", headers=headers)
    assert (answer.status_code, answer.text) == (201, "answer")
    assert answer.headers["x-own"] == "1"
    assert "connection" not in answer.headers
    ((scope, body),) = split.inside.asked
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("POST", "/v1/a b", b"/v1/a%20b")
    assert (scope["query_string"], scope["scheme"]) == (b"q=%31", "https")
    assert (scope["client"], body) == (("192.0.2.7", 4711), b"{}")
    got = dict(scope["headers"])
    assert (got[b"dpop"], got[b"client-cert"], got[b"content-length"]) == (
        b"proof",
        b":MIIC:",
        b"2",
    )
    assert b"connection" not in got
    assert answer.headers["x-trace-id"].encode() in got[b"traceparent"]


async def test_without_a_core_nothing_is_done_and_that_is_said_at_once(split: Split) -> None:
    """503, nothing waits; the edge lives and says that it is not ready."""
    answer = await split.outside.post("/v1/questions", content=b"{}")
    assert answer.status_code == 503
    assert answer.json()["type"] == f"{URL}/problems/core-unreachable"
    assert answer.headers["retry-after"] == "5"
    assert (await split.outside.get("/health")).status_code == 200
    assert (await split.outside.get("/ready")).status_code == 503
    assert b"hitotsu_http_requests_total" in (await split.outside.get("/metrics")).content
    await split.started()
    assert (await split.outside.get("/ready")).status_code == 200
    assert split.inside.asked == []


async def test_a_request_that_no_core_took_in_time_was_not_done(event_log: RecordingLog) -> None:
    """503; a core that comes later does not get it any more."""
    split = Split(event_log, deadline_s=0.02)
    async with opened(split):
        assert await split.desk.take(0) is None
        answer = await split.outside.post("/v1/questions", content=b"{}")
        assert answer.json()["type"] == f"{URL}/problems/core-unreachable"
        assert await split.desk.take(0) is None


async def test_a_core_that_took_it_and_is_late_may_have_done_it(event_log: RecordingLog) -> None:
    """504; it is handed to nobody else, and the late answer is thrown away."""
    split = Split(event_log, deadline_s=0.05)
    async with opened(split):
        split.inside.may_answer.clear()
        await split.started()
        answer = await split.outside.post("/v1/questions", content=b"{}")
        assert (answer.status_code, answer.json()["type"]) == (504, f"{URL}/problems/core-late")
        split.inside.may_answer.set()
        await split.core.aclose()
        assert len(split.inside.asked) == 1
        assert "edge-answer-lost" not in event_log.events


async def test_many_at_once_are_each_done_once(event_log: RecordingLog) -> None:
    """Also when several cores ask."""
    split = Split(event_log, limit=500)
    async with opened(split):
        await split.started()
        second = Core(split.inside, "https://edge", split.link, event_log)
        second.start()
        answers = await asyncio.gather(
            *(split.outside.post("/v1/x", content=str(n).encode()) for n in range(200))
        )
        await second.aclose()
    assert {a.status_code for a in answers} == {201}
    assert sorted(int(body) for _, body in split.inside.asked) == list(range(200))


async def test_the_desk_is_bounded(event_log: RecordingLog) -> None:
    """What does not find room is refused at once, as too much."""
    split = Split(event_log, limit=2)
    async with opened(split):
        split.inside.may_answer.clear()
        await split.started()
        first = [asyncio.create_task(split.outside.post("/v1/x")) for _ in range(2)]
        while len(split.inside.asked) < 2:  # noqa: ASYNC110 - both must have come
            await asyncio.sleep(0)
        assert (await split.outside.post("/v1/x")).json()["type"].endswith("/overloaded")
        split.inside.may_answer.set()
        assert [(await f).status_code for f in first] == [201, 201]


@pytest.mark.parametrize(
    "path", ["/metrics2", "/console/adapters", "/linkage/v1", "/v1/../console", "/docs/%2e%2e/x"]
)
async def test_the_edge_passes_on_what_consumers_are_shown_and_nothing_else(
    split: Split, path: str
) -> None:
    """And the core, that need not believe an edge which was broken into, takes nothing else."""
    await split.started()
    assert (await split.outside.get(path)).status_code == 404
    forged = Forwarded("", "GET", path.encode(), b"", ("192.0.2.1", 1), [], b"")
    assert (await split.desk.ask(forged)).status == 404
    assert split.inside.asked == []
    assert "edge-oversteps" in split.log.events


INSIDE_ALONE = frozenset({"/health", "/ready", "/metrics"})
"""The edge answers these for itself."""


def test_the_edge_passes_on_every_address_of_the_api_and_of_the_check_of_statements() -> None:
    """A printed statement names the page and the list of what was taken back."""
    described = orjson.loads((REPOSITORY / "docs" / "openapi.json").read_bytes())["paths"]
    shown = {*described, "/evidence/verify", "/docs", "/openapi.json", "/problems"} - INSIDE_ALONE
    assert {path for path in shown if not is_public(path)} == set()
    assert not any(is_public(path) for path in INSIDE_ALONE)


async def test_limits_hold_at_the_edge(split: Split) -> None:
    """Large bodies and numbers in addresses do not even reach the core."""
    await split.started()
    assert (await split.outside.post("/v1/x", content=b"x" * 1_001)).status_code == 413
    assert (await split.outside.get("/v1/123456789012")).status_code == 400
    assert split.inside.asked == []


async def test_a_core_that_crashes_over_a_request_goes_on(event_log: RecordingLog) -> None:
    """The one gets 504, the next one its answer; what was asked stands in no log."""
    split = Split(event_log, deadline_s=0.2)
    async with opened(split):
        await split.started()
        assert (await split.outside.get("/v1/crash")).status_code == 504
        assert (await split.outside.get("/v1/x")).status_code == 201
    assert ("error", "edge-request-crashed", {"error": "ValueError"}) in event_log.lines


async def test_an_answer_is_taken_once_for_a_ticket_that_was_handed_out(split: Split) -> None:
    """Nobody answers what is not theirs."""
    answer = Returned(200, [], b"")
    assert not split.desk.give("0" * 32, answer)
    assert await split.desk.take(0) is None
    asked = asyncio.create_task(
        split.desk.ask(Forwarded("", "GET", b"/v1/x", b"", ("", 0), [], b""))
    )
    taken = await split.desk.take(5)
    assert taken is not None
    assert split.desk.give(taken.ticket, answer)
    assert not split.desk.give(taken.ticket, answer)
    assert await asked == answer


async def test_a_desk_that_closes_lets_the_core_go(split: Split) -> None:
    """Its open questions are answered with nothing, at once."""
    asking = [asyncio.create_task(split.desk.take(3_600)) for _ in range(3)]
    await asyncio.sleep(0)
    split.desk.close()
    assert await asyncio.gather(*asking) == [None, None, None]
    assert await split.desk.take(3_600) is None


async def test_a_core_is_gone_when_it_has_not_asked_for_a_while(split: Split) -> None:
    """Five seconds after its last question."""
    assert await split.desk.take(0) is None
    split.time = 4.9
    assert split.desk.attended
    split.time = 5.0
    assert not split.desk.attended


async def test_the_link_knows_two_calls(split: Split) -> None:
    """And no others."""
    for method, path, status in (
        ("GET", "/pull", 405),
        ("POST", "/", 404),
        ("POST", f"/answers/{'0' * 32}", 400),
        ("POST", "/answers/x", 404),
    ):
        assert (await split.link.request(method, f"https://edge{path}")).status_code == status


headers = st.lists(
    st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=50)), max_size=10
)


@given(
    method=st.text(max_size=10),
    path=st.binary(max_size=50),
    query=st.binary(max_size=50),
    headers=headers,
    body=st.binary(max_size=200),
)
def test_a_request_comes_out_as_it_went_in(**members: Any) -> None:
    """Every octet of it."""
    request = Forwarded(ticket="t", client=("2001:db8::1", 9), **members)
    assert read_request(request_frame(request)) == request


@given(status=st.integers(200, 599), headers=headers, body=st.binary(max_size=200))
def test_an_answer_comes_out_as_it_went_in(**members: Any) -> None:
    """Every octet of it."""
    answer = Returned(**members)
    assert read_answer(answer_frame(answer)) == answer


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda b: b"\0\0\0\2{}" + b))
def test_what_is_no_frame_is_refused(noise: bytes) -> None:
    """By one error, whatever it is."""
    for read in (read_request, read_answer):
        with pytest.raises(BadFrame):
            read(noise)


@asynccontextmanager
async def served_edge(split: Split, context: ssl.SSLContext) -> AsyncIterator[str]:
    """Serve the edge on real sockets; yield the address of its link."""
    config = uvicorn.Config(app=link_app(split.desk), lifespan="off", log_config=None)
    with socket.create_server(("127.0.0.1", 0)) as outer:
        inner = socket.create_server(("127.0.0.1", 0))
        server = EdgeServer(
            config,
            Drain(),
            notice_s=0,
            desk=split.desk,
            link_listener=inner,
            context=context,
        )
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup([outer])
        yield f"https://127.0.0.1:{inner.getsockname()[1]}"
        await server.shutdown([outer])


async def test_edge_and_core_know_each_other_by_their_certificates(
    split: Split, tmp_path: Path
) -> None:
    """Neither answers anybody else: no certificate, one of another authority, another edge."""
    ours, others = Authority.new(tmp_path / "ours"), Authority.new(tmp_path / "others")
    edge, core, foreign = ours.issue("edge"), ours.issue("core"), others.issue("core")
    nobody = ssl.create_default_context(cafile=str(edge.authority))
    mixed = ssl.create_default_context(cafile=str(edge.authority))
    mixed.load_cert_chain(foreign.certificate, foreign.key)
    async with served_edge(split, edge.server_context()) as url:
        for context in (nobody, mixed, foreign.client_context()):
            async with httpx.AsyncClient(verify=context, trust_env=False) as client:
                with pytest.raises(httpx.TransportError):
                    await client.post(f"{url}/answers/{'0' * 32}", content=b"")
        async with httpx.AsyncClient(verify=core.client_context(), trust_env=False) as client:
            assert (await client.post(f"{url}/answers/{'0' * 32}")).status_code == 400


def test_a_link_without_its_certificates_is_refused_by_name(tmp_path: Path) -> None:
    """Which setting is wrong, and nothing of what stands in it."""
    files = Authority.new(tmp_path / "ours").issue("core")
    given: dict[str, Any] = {
        "edge_urls": ["https://edge.example:8443"],
        "edge_certificate": files.certificate,
        "edge_key": files.key,
    }
    with pytest.raises(LinkError, match="HITOTSU_EDGE_CA is not set"):
        open_core(Inside(), Settings(**given), RecordingLog())
    missing = tmp_path / "nothing.pem"
    with pytest.raises(LinkError, match="HITOTSU_EDGE_CA: there is no such file") as refused:
        open_core(Inside(), Settings(**given, edge_ca=missing), RecordingLog())
    assert str(missing) not in refused.value.detail_ja
    with pytest.raises(
        LinkError, match="HITOTSU_EDGE_CERTIFICATE and HITOTSU_EDGE_KEY are no pair"
    ):
        open_core(
            Inside(),
            Settings(**{**given, "edge_ca": files.authority, "edge_key": files.authority}),
            RecordingLog(),
        )
    for url in ("http://edge.example", "https://u:p@edge.example", "https://edge.example/x"):
        with pytest.raises(ValueError, match="edge is an address"):
            Settings(edge_urls=[url])


def test_the_problems_of_the_edge_say_whether_it_was_done() -> None:
    """Whoever repeats a write must know."""
    assert "Nothing was done" in Problem("core-unreachable").type.remedy_en
    assert "Idempotency-Key" in Problem("core-late").type.remedy_en


def _core(answering: Any, log: RecordingLog, **options: Any) -> Core:
    """Return a core whose edge is ``answering``."""
    link = httpx.AsyncClient(transport=httpx.ASGITransport(answering))
    return Core(Inside(), "https://edge", link, log, **options)


def _hostile(body: bytes, *headers: tuple[bytes, bytes]) -> tuple[Any, list[Scope]]:
    """Return an edge that answers everything with ``body``, and what it was asked."""
    asked: list[Scope] = []

    async def edge(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": body})

    return edge, asked


async def test_a_core_that_was_started_anew_loses_no_request(
    event_log: RecordingLog, tmp_path: Path
) -> None:
    """What the core before it had asked for at the edge is over with its connections."""
    authority = Authority.new(tmp_path / "ours")
    edge, files = authority.issue("edge"), authority.issue("core")
    split = Split(event_log, deadline_s=10)
    async with opened(split), served_edge(split, edge.server_context()) as url:
        for _ in range(2):
            link = httpx.AsyncClient(verify=files.client_context(), trust_env=False)
            core = Core(split.inside, url, link, event_log)
            core.start()
            async with asyncio.timeout(30):
                while split.desk.asking < ASKING:  # noqa: ASYNC110 - it is the core that comes
                    await asyncio.sleep(0.01)
                answers = [(await split.outside.get("/v1/x")).status_code for _ in range(ASKING)]
            assert answers == [201] * ASKING
            await core.aclose()
            async with asyncio.timeout(10):
                while split.desk.asking:  # noqa: ASYNC110 - and that goes
                    await asyncio.sleep(0.01)


async def test_what_a_core_did_not_get_any_more_is_handed_to_another_one(split: Split) -> None:
    """It had gone before the request left the desk, so it cannot have acted on it."""
    assert await split.desk.take(0) is None
    asked = asyncio.create_task(
        split.desk.ask(Forwarded("", "GET", b"/v1/x", b"", ("", 0), [], b""))
    )
    taken = await split.desk.take(5)
    assert taken is not None
    split.desk.take_back(taken)
    assert not split.desk.give(taken.ticket, Returned(200, [], b""))
    assert await split.desk.take(5) == taken
    assert split.desk.give(taken.ticket, Returned(200, [], b""))
    assert (await asked).status == 200


async def test_a_core_that_goes_down_leaves_requests_at_the_edge(split: Split) -> None:
    """Asked to end, it takes nothing that it would have to refuse; the next core answers it."""
    await split.started()
    drain = Drain()
    drain.tell(split.core.rest)
    drain.begin()
    await asyncio.sleep(0)
    waiting = asyncio.create_task(split.outside.get("/v1/x"))
    while not split.desk.waiting:  # noqa: ASYNC110 - it must have come
        await asyncio.sleep(0)
    assert split.inside.asked == []
    successor = Core(split.inside, "https://edge", split.link, split.log)
    successor.start()
    assert (await waiting).status_code == 201
    await successor.aclose()


@pytest.mark.parametrize(
    "head", [b'{"headers":[[1,2]]}', b'{"headers":{"a":1}}', b'{"client":1}', b"[1]", b'{"x":1}']
)
async def test_an_edge_that_was_broken_into_cannot_stop_the_core(
    event_log: RecordingLog, head: bytes
) -> None:
    """Whatever it answers, the core goes on asking, and says that this edge is not reached."""
    whole = {"ticket": "t", "method": "GET", "path": "/v1/x", "query": "", "client": ["", 1]}
    text = orjson.dumps({**whole, **orjson.loads(head)}) if head.startswith(b"{") else head
    answering, asked = _hostile(struct.pack(">I", len(text)) + text)
    core = _core(answering, event_log)
    core.start()
    async with asyncio.timeout(30):
        while len(asked) < ASKING:  # noqa: ASYNC110 - each has got its answer
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert core.asking == ASKING
    assert "edge-not-reached" in event_log.events
    await core.aclose()


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
async def test_an_edge_that_was_broken_into_cannot_fill_the_core(
    event_log: RecordingLog, headers: dict[str, str]
) -> None:
    """What is larger than any request, or could become so, is not read to its end."""
    read = 0

    async def without_end() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield gzip.compress(bytes(1_000_000)) if headers else bytes(65_536)

    def answering(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, content=without_end())

    link = httpx.AsyncClient(transport=httpx.MockTransport(answering))
    core = Core(Inside(), "https://edge", link, event_log, max_body_bytes=1_000)
    with pytest.raises(BadFrame):
        await core._ask()
    assert read <= 6
    await core.aclose()


async def test_a_gateway_that_is_asked_to_end_asks_no_edge_any_more(
    split: Split, tmp_path: Path
) -> None:
    """From the moment on at which it lets nothing more in."""
    authority = Authority.new(tmp_path / "ours")
    edge, files = authority.issue("edge"), authority.issue("core")
    app = FastAPI()
    app.state.drain = Drain()
    async with served_edge(split, edge.server_context()) as url:
        settings = Settings(
            edge_urls=[url],
            edge_certificate=files.certificate,
            edge_key=files.key,
            edge_ca=files.authority,
        )
        async with asking_edges(app, settings, split.log), asyncio.timeout(30):
            while split.desk.asking < ASKING:  # noqa: ASYNC110 - it is the core that comes
                await asyncio.sleep(0.01)
            app.state.drain.begin()
            while split.desk.asking:  # noqa: ASYNC110 - and that goes
                await asyncio.sleep(0.01)
