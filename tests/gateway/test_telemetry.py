"""Traces tell what took how long, and nothing about anybody."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import APIRouter, Request, Response
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from adapters.errors import Unavailable
from gateway.api.application import ApiOptions, build_api
from gateway.connections.http import SourceTransport, open_http_client
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.questions.routes import question_router
from gateway.telemetry import NO_TRACING, Tracing, open_tracing, tracing_to
from tests.gateway.questions.conftest import (
    BLOCK,
    CLIENT,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    TOWN,
    World,
    world,
)
from tests.gateway.questions.scripted import failing
from tests.gateway.receipts.over_http import KnownCaller

__all__ = ["world"]

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    return tracing_to(exporter, "1", at_once=True)


@pytest.fixture
async def http(world: World, tracing: Tracing) -> AsyncIterator[httpx.AsyncClient]:
    """Questions, with every room of their way traced."""
    from gateway.access import Access

    rooms = world.questions._rooms
    rooms.audit._tracing = tracing
    for connection in world.connections.all():
        connection._tracing = tracing
    access = KnownCaller(rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k"))
    app = build_api(
        ApiOptions("https://gateway.test", "1"),
        routers=[question_router(world.questions, access)],
        log=world.log,
        metrics=world.metrics,
        tracing=tracing,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as client:
        yield client


def question(world: World, *items: str) -> dict[str, Any]:
    return {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": items}


def said(spans: tuple[ReadableSpan, ...]) -> str:
    return "\n".join(
        repr((s.name, dict(s.attributes or {}), [e.attributes for e in s.events], s.status))
        for s in spans
    )


async def test_a_question_is_one_trace_with_a_span_for_each_system_and_the_record(
    http: httpx.AsyncClient, world: World, exporter: InMemorySpanExporter
) -> None:
    """Under the caller's own trace; the root is a child of the caller's span."""
    answer = await http.post(
        "/v1/questions", json=question(world, NAME, TAX, STATE), headers={"traceparent": CALLER}
    )
    assert answer.status_code == 200
    spans = exporter.get_finished_spans()
    by_name = {span.name: span for span in spans}
    assert set(by_name) == {
        "POST /v1/questions",
        "fetch scripted-resident",
        "fetch scripted-tax",
        "fetch scripted-welfare",
        "audit append",
    }
    root = by_name.pop("POST /v1/questions")
    assert f"{root.context.trace_id:032x}" == CALLER[3:35] == answer.headers["x-trace-id"]
    assert root.parent is not None
    assert f"{root.parent.span_id:016x}" == CALLER[36:52]
    for span in by_name.values():
        assert span.parent is not None
        assert span.parent.span_id == root.context.span_id
    told = dict(root.attributes or {})
    assert (told["http.route"], told["http.response.status_code"]) == ("/v1/questions", 200)
    assert by_name["fetch scripted-tax"].attributes == {
        "hitotsu.adapter": "scripted-tax",
        "hitotsu.operation": "fetch",
    }


async def test_without_a_caller_each_request_is_a_trace_of_its_own(
    http: httpx.AsyncClient, world: World, exporter: InMemorySpanExporter
) -> None:
    """Its id is the one that stands in the answer and in the log."""
    answers = await asyncio.gather(
        *(http.post("/v1/questions", json=question(world, NAME)) for _ in range(4))
    )
    roots = [s for s in exporter.get_finished_spans() if s.name == "POST /v1/questions"]
    assert {f"{s.context.trace_id:032x}" for s in roots} == {
        a.headers["x-trace-id"] for a in answers
    }
    assert len(roots) == 4
    assert all(s.parent is None for s in roots)


async def test_no_span_says_anything_of_anybody(
    http: httpx.AsyncClient, world: World, exporter: InMemorySpanExporter
) -> None:
    """Neither values nor numbers nor handles, also where something fails or is refused."""
    await http.post("/v1/questions", json=question(world, NAME, BLOCK, TAX))
    world.systems["tax"].script = failing(Unavailable("見本　花子 R1 T1"))
    await http.post("/v1/questions", json=question(world, NAME, TAX))
    await http.post("/v1/questions", json=question(world, "001.juminkihonjoho.nashi"))
    await http.get(f"/v1/subjects/{world.handles['ordinary']}/nothing?number=R1")
    text = said(exporter.get_finished_spans())
    for secret in ("見本", "花子", "みどり", "150000", "'R1", "'T1", world.handles["ordinary"]):
        assert secret not in text
    assert "unavailable" in text
    assert "'error.type'" in text


def test_without_an_address_nothing_is_noted() -> None:
    """The packages are not even asked for."""
    assert open_tracing(None, "1") is NO_TRACING
    with NO_TRACING.request("a" * 32, "b" * 16, None) as span, NO_TRACING.span("x", {}):
        span.rename("y")
        span.set("a", 1)
    assert NO_TRACING.headers() == {}
    NO_TRACING.close()


async def test_a_crash_is_noted_by_its_class(tracing: Tracing, exporter: Any) -> None:
    """An exception's text may hold a value."""
    with pytest.raises(ValueError, match="花子"), tracing.span("x", {}):
        raise ValueError("花子")
    (span,) = exporter.get_finished_spans()
    assert span.attributes == {"error.type": "ValueError"}
    assert span.events == ()


class _Collector(BaseHTTPRequestHandler):
    received: ClassVar[list[tuple[str, dict[str, str], int]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, dict(self.headers), len(body)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def collector() -> Any:
    """Whoever takes spans, over loopback."""

    class Own(_Collector):
        received: ClassVar[list[Any]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Own.received
    server.shutdown()
    thread.join()
    server.server_close()


async def test_spans_are_sent_and_systems_are_told_of_the_trace(collector: Any) -> None:
    """OTLP over HTTP; a system gets the id of the span that waits for it."""
    url, received = collector
    tracing = open_tracing(f"{url}/v1/traces", "1")
    async with open_http_client(tracing=tracing) as http:
        assert isinstance(http._transport, SourceTransport)
        with tracing.request("a" * 32, "b" * 16, None), tracing.span("fetch x", {}):
            await http.post(f"{url}/system", content=b"?")
        await http.post(f"{url}/system", content=b"?")
    await asyncio.to_thread(tracing.close)
    asked = [headers for path, headers, _ in received if path == "/system"]
    sent = [size for path, _, size in received if path == "/v1/traces"]
    assert [h.get("traceparent", "")[:36] for h in asked] == [f"00-{'a' * 32}-", ""]
    assert asked[0]["traceparent"][36:52] != "b" * 16
    assert len(sent) == 1
    assert sent[0] > 0


async def test_systems_are_told_of_the_trace_though_no_spans_are_sent(collector: Any) -> None:
    """AU-9: the caller's trace and flags go on, nothing else that stood beside them does."""
    url, received = collector
    sampled = f"{CALLER[:-2]}01"
    async with open_http_client() as source:
        router = APIRouter()

        @router.post("/asked")
        async def asked(request: Request) -> Response:
            await asyncio.gather(*(source.post(f"{url}/system", content=b"?") for _ in range(2)))
            return Response()

        app = build_api(
            ApiOptions("https://gateway.test", "1"),
            routers=[router],
            log=open_log("error", io.StringIO()),
            metrics=Metrics(),
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://g.test") as client:
            beside = {"tracestate": "vendor=canary-91", "baggage": "name=canary-92"}
            first = await client.post("/asked", headers={"traceparent": sampled, **beside})
            second = await client.post("/asked", headers={"traceparent": "00-canary-93"})
        await source.post(f"{url}/system", content=b"?")
    told = [headers for _, headers, _ in received]
    traces = [headers.get("traceparent", "") for headers in told]
    assert [t[3:35] for t in traces] == [
        *[CALLER[3:35]] * 2, *[second.headers["x-trace-id"]] * 2, ""
    ]  # fmt: skip
    assert first.headers["x-trace-id"] == CALLER[3:35]
    assert [t[-3:] for t in traces[:3]] == ["-01", "-01", "-00"]
    assert CALLER[36:52] not in {t[36:52] for t in traces}
    assert "canary" not in str(told)


def test_every_route_is_named_by_its_pattern(tracing: Tracing, exporter: Any) -> None:
    """A path would hold a handle."""

    async def ask() -> None:
        app = build_api(
            ApiOptions("https://gateway.test", "1"),
            routers=[],
            log=open_log("error", io.StringIO()),
            metrics=Metrics(),
            tracing=tracing,
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://g.test") as client:
            await client.get("/problems/unknown-item")
            await client.get("/no/such/path")

    asyncio.run(ask())
    names = [span.name for span in exporter.get_finished_spans()]
    assert names[0].startswith("GET /problems/{")
    assert "such" not in names[1]
