"""OpenTelemetry traces, where a town wants them: what took how long, never about whom.

A span holds the route, the system, ids of traces and consumers, and how it ended. No address of a
request, no header, no text of an exception and no value is ever put into one.

Source: OpenTelemetry semantic conventions for HTTP servers; W3C Trace Context, 3.2 (traceparent).
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

EXTRA: Final = "hitotsu[telemetry]"


class Span(Protocol):
    """One thing that takes time."""

    def set(self, name: str, value: str | int) -> None:
        """Say something of it: an id, a count, an outcome; never a value."""

    def rename(self, name: str) -> None:
        """Call it otherwise, now that more is known."""


class Tracing(Protocol):
    """Notes what takes time."""

    def request(
        self, trace_id: str, span_id: str, parent_id: str | None, flags: str = "00"
    ) -> AbstractContextManager[Span]:
        """Note a request that came in, with the ids that it has anyway (hexadecimal)."""

    def span(self, name: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[Span]:
        """Note a part of what is under way; an exception is noted by its class alone."""

    def headers(self) -> Mapping[str, str]:
        """Return what a system that is asked now is told of the trace."""

    def close(self) -> None:
        """Send what waits."""


class _NoSpan:
    def set(self, name: str, value: str | int) -> None:
        """Do nothing."""

    def rename(self, name: str) -> None:
        """Do nothing."""


_NO_SPAN: Final = nullcontext(_NoSpan())
_UNDER_WAY: Final[ContextVar[str | None]] = ContextVar("_UNDER_WAY", default=None)


class _PassedOn:
    """A request of which nothing is noted; systems are told of its trace all the same."""

    __slots__ = ("_before", "_traceparent")

    def __init__(self, traceparent: str) -> None:
        self._traceparent = traceparent

    def __enter__(self) -> Span:
        self._before = _UNDER_WAY.set(self._traceparent)
        return _NO_SPAN.enter_result

    def __exit__(self, *_: object) -> None:
        _UNDER_WAY.reset(self._before)


class NoTracing:
    """Notes nothing, and passes on whatever trace a request is of."""

    def request(
        self,
        trace_id: str,
        span_id: str,
        parent_id: str | None,  # noqa: ARG002 - of the protocol
        flags: str = "00",
    ) -> AbstractContextManager[Span]:
        """Remember the trace for whoever is asked because of this request."""
        return _PassedOn(f"00-{trace_id}-{span_id}-{flags}")

    def span(
        self,
        name: str,  # noqa: ARG002
        attributes: Mapping[str, str | int],  # noqa: ARG002
    ) -> AbstractContextManager[Span]:
        """Note nothing."""
        return _NO_SPAN

    def headers(self) -> Mapping[str, str]:
        """Return the trace of the request that is under way."""
        traceparent = _UNDER_WAY.get()
        return {} if traceparent is None else {"traceparent": traceparent}

    def close(self) -> None:
        """Do nothing."""


NO_TRACING: Final = NoTracing()


def is_installed() -> bool:
    """Tell whether the packages of ``EXTRA`` are there."""
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None


def open_tracing(endpoint: str | None, version: str) -> Tracing:
    """Return what sends spans to ``endpoint`` (OTLP over HTTP), or notes nothing without one."""
    if endpoint is None:
        return NO_TRACING
    import requests
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    session = requests.Session()
    session.trust_env = False
    # A redirect is followed nowhere: spans go to the address that is configured.
    session.max_redirects = 0
    return tracing_to(OTLPSpanExporter(endpoint, session=session), version)


def tracing_to(exporter: SpanExporter, version: str, *, at_once: bool = False) -> Tracing:
    """Return what hands spans to ``exporter``; each as it ends where ``at_once``."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.id_generator import IdGenerator

    class Ids(IdGenerator):
        """Uses the ids that a request has anyway, else random ones."""

        def generate_trace_id(self) -> int:
            given = _GIVEN.get()
            return int(given[0], 16) if given else secrets.randbits(128) or 1

        def generate_span_id(self) -> int:
            given = _GIVEN.get()
            return int(given[1], 16) if given else secrets.randbits(64) or 1

    provider = TracerProvider(
        resource=Resource({"service.name": "hitotsu", "service.version": version}),
        id_generator=Ids(),
        shutdown_on_exit=False,
    )
    process = SimpleSpanProcessor if at_once else BatchSpanProcessor
    provider.add_span_processor(process(exporter))
    return _OtelTracing(provider)


_GIVEN: Final[ContextVar[tuple[str, str] | None]] = ContextVar("_GIVEN", default=None)


class _OtelSpan:
    def __init__(self, span: object) -> None:
        self._span = span

    def set(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)  # type: ignore[attr-defined]

    def rename(self, name: str) -> None:
        self._span.update_name(name)  # type: ignore[attr-defined]


class _OtelTracing:
    def __init__(self, provider: object) -> None:
        from opentelemetry import trace

        self._trace = trace
        self._provider = provider
        self._tracer = provider.get_tracer("hitotsu")  # type: ignore[attr-defined]

    @contextmanager
    def request(
        self,
        trace_id: str,
        span_id: str,
        parent_id: str | None,
        flags: str = "00",  # noqa: ARG002 - what is noted is always sent
    ) -> Iterator[Span]:
        trace = self._trace
        context = trace.set_span_in_context(trace.INVALID_SPAN)
        if parent_id is not None:
            caller = trace.SpanContext(
                int(trace_id, 16), int(parent_id, 16), is_remote=True,
                trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
            )  # fmt: skip
            context = trace.set_span_in_context(trace.NonRecordingSpan(caller))
        given = _GIVEN.set((trace_id, span_id))
        try:
            span = self._tracer.start_span("request", context=context, kind=trace.SpanKind.SERVER)
        finally:
            _GIVEN.reset(given)
        with trace.use_span(
            span, end_on_exit=True, record_exception=False, set_status_on_exception=False
        ):
            yield _OtelSpan(span)

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str | int]) -> Iterator[Span]:
        with self._tracer.start_as_current_span(
            name,
            kind=self._trace.SpanKind.CLIENT,
            attributes=dict(attributes),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _OtelSpan(span)
            except BaseException as error:
                span.set_status(self._trace.Status(self._trace.StatusCode.ERROR))
                span.set_attribute("error.type", getattr(error, "code", type(error).__name__))
                raise

    def headers(self) -> Mapping[str, str]:
        now = self._trace.get_current_span().get_span_context()
        if not now.is_valid:
            return {}
        return {"traceparent": f"00-{now.trace_id:032x}-{now.span_id:016x}-01"}

    def close(self) -> None:
        self._provider.shutdown()  # type: ignore[attr-defined]
