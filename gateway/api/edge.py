"""The outermost layer: trace, log line, figures, headers, and an answer to every crash.

Pure ASGI, because it runs on every request.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.contract import EventLog
from gateway.api.drain import Drain
from gateway.api.lifecycle import NO_LIFECYCLE, Lifecycle, version_of
from gateway.api.problems import METHODS, ProblemRenderer
from gateway.api.proxies import Peer, Proxies
from gateway.api.trace import Trace, begin_trace
from gateway.metrics import Metrics
from gateway.problems import Problem
from gateway.telemetry import NO_TRACING, Span, Tracing

UNMATCHED: Final = "(unmatched)"
_QUIET: Final = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail."""

_KNOWN_METHODS: Final = frozenset({*METHODS, "OPTIONS"})
HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
INSIST: Final = (b"strict-transport-security", b"max-age=31536000")


class ResponseBroken(Exception):
    """A response had begun when something failed; the connection must not look complete."""


def note(request: Request, *, client_id: str | None = None, outcome: str | None = None) -> None:
    """Say what the log line of this request shall tell beside its route and status.

    ``client_id`` is the id of an authenticated client; ``outcome`` is a word of a closed set.
    """
    if client_id is not None:
        request.state.client_id = client_id
    if outcome is not None:
        request.state.outcome = outcome


def peer_of(request: Request) -> Peer:
    """Return who is at the other end of this request."""
    found = getattr(request.state, "peer", None)
    return found if isinstance(found, Peer) else Peer(request.client.host if request.client else "")


Counted: TypeAlias = Callable[[str, str, str, str], None]
"""Takes the id of a consumer, and the method, path template and version that it called."""


def count_nothing(_client_id: str, _method: str, _path: str, _version: str) -> None:
    """Count no calls of consumers."""


_SAID: Final = ("client_id", "outcome", "problem")
"""What rooms note of a call, for the log and the trace."""


@dataclass(slots=True)
class _Exchange:
    """One request on its way through."""

    scope: Scope
    send: Send
    secure: bool
    status: int = 0
    of_operation: Sequence[tuple[bytes, bytes]] = ()
    began: float = field(default_factory=time.perf_counter)

    @property
    def without_body(self) -> bool:
        return bool(self.scope["method"] == "HEAD")

    async def forward(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message["headers"])
            there = {name.lower() for name, _ in headers}
            headers += [header for header in HEADERS if header[0] not in there]
            if self.secure and INSIST[0] not in there:
                headers.append(INSIST)
            headers += self.of_operation
            headers.append((b"x-trace-id", self.scope["state"]["trace_id"].encode()))
            message = {**message, "headers": headers}
        elif self.without_body and message["type"] == "http.response.body":
            if message.get("more_body", False):
                return
            message = {**message, "body": b""}
        await self.send(message)


def _place(frame: traceback.FrameSummary) -> str:
    return f"{PurePath(frame.filename).stem}.{frame.name}:{frame.lineno}"


class Edge:
    """Wraps the application.

    Args:
        secure: the gateway is reached by https, so browsers may be told to insist on it.
        proxies: whose word is taken for where a request comes from.
        drain: lets nothing more in once the gateway is going down.
        tracing: notes how long requests took.
        lifecycle: which operations are going away.
        on_call: is told of every call of a known consumer.

    """

    def __init__(  # noqa: PLR0913 - each stands around every request
        self,
        app: ASGIApp,
        *,
        renderer: ProblemRenderer,
        log: EventLog,
        metrics: Metrics,
        secure: bool,
        proxies: Proxies,
        drain: Drain,
        tracing: Tracing = NO_TRACING,
        lifecycle: Lifecycle = NO_LIFECYCLE,
        on_call: Counted = count_nothing,
    ) -> None:
        self._app = app
        self._renderer = renderer
        self._log = log
        self._metrics = metrics
        self._secure = secure
        self._proxies = proxies
        self._drain = drain
        self._tracing = tracing
        self._lifecycle = lifecycle
        self._on_call = on_call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything but HTTP is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace = self._begin(scope)
        exchange = _Exchange(scope, send, self._secure)
        ids = (trace.trace_id, trace.span_id, trace.parent_id, trace.flags)
        with self._tracing.request(*ids) as span:
            await self._answer(exchange, receive, span)

    async def _answer(self, exchange: _Exchange, receive: Receive, span: Span) -> None:
        scope = exchange.scope
        # Routes are written for GET; HEAD is the same without the body (RFC 9110, 9.3.2).
        inner = {**scope, "method": "GET"} if exchange.without_body else scope
        self._metrics.request_began()
        try:
            scope["state"]["peer"] = self._proxies.peer(scope)
            with self._drain.admitted(scope["path"]):
                self._require_open(inner, exchange)
                await self._app(inner, receive, exchange.forward)
        except Exception as error:  # noqa: BLE001 - the last one who can answer
            await self._answer_for(error, exchange, receive)
        finally:
            self._end(inner, exchange, span)

    def _require_open(self, scope: Scope, exchange: _Exchange) -> None:
        """Have the answer tell that its operation is going away, and end the call if it has gone.

        Raises:
            Problem: ``operation-ended``.
        """
        if (found := self._lifecycle.find(scope)) is None:
            return
        ending, scope["route"] = found
        exchange.of_operation = ending.headers()
        self._lifecycle.require_open(ending)

    @staticmethod
    def _begin(scope: Scope) -> Trace:
        given = [value for name, value in scope["headers"] if name == b"traceparent"]
        trace = begin_trace(given[0] if len(given) == 1 else None)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["trace_id"] = trace.trace_id
        state["traceparent"] = trace.parent_header
        return trace

    async def _answer_for(self, error: Exception, exchange: _Exchange, receive: Receive) -> None:
        if isinstance(error, Problem):
            problem = error
        else:
            self._log_crash(error, exchange.scope)
            problem = Problem("internal-error")
        if exchange.status:
            # Raised anew and without its cause: the server would write the text of the first
            # exception, which may hold a value, into its log.
            raise ResponseBroken from None
        exchange.scope["state"]["problem"] = problem.type.slug
        response = self._renderer.response(problem, exchange.scope)
        await response(exchange.scope, receive, exchange.forward)

    def _log_crash(self, error: Exception, scope: Scope) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        self._log.error(
            "request-crashed",
            error=type(error).__name__,
            at=_place(frames[-1]) if frames else "",
            trace_id=scope["state"]["trace_id"],
        )

    def _end(self, scope: Scope, exchange: _Exchange, span: Span) -> None:
        seconds = time.perf_counter() - exchange.began
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = exchange.scope["method"]
        method = method if method in _KNOWN_METHODS else "OTHER"
        status = exchange.status or 499  # nothing was sent: the caller had gone
        self._metrics.request_ended(method, route, status, seconds)
        state = exchange.scope["state"]
        if (client_id := state.get("client_id")) is not None:
            # HEAD is a call of what ``lifecycle`` knows as GET.
            self._on_call(client_id, scope["method"], route, version_of(route))
        said = {k: state[k] for k in _SAID if k in state}
        if self._tracing is not NO_TRACING:
            span.rename(f"{method} {route}")
            span.set("http.request.method", method)
            span.set("http.route", route)
            span.set("http.response.status_code", status)
            for name, value in said.items():
                span.set(f"hitotsu.{name}", value)
        if route in _QUIET and status < 400:
            return
        self._log.info(
            "request",
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            trace_id=state["trace_id"],
            **said,
        )
