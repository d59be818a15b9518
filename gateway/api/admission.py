"""Who is let in when too much is asked at a time; the others are told at once when to come again.

What is more than the gateway can do is refused before anything is done for it: a flood then costs
what its refusals cost, and those who were let in are served as quickly as ever.
"""

from __future__ import annotations

import asyncio
import math
import random
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

import orjson
from starlette.types import Scope, Send

from adapters.contract import EventLog
from gateway.api.language import Language, choose_language
from gateway.api.problems import MEDIA_TYPE, ProblemRenderer
from gateway.api.trace import begin_trace, instance_of
from gateway.metrics import Metrics
from gateway.problems import Problem

Operation: TypeAlias = tuple[str, str]
"""A method and a path."""

AT_ONCE: Final = 256
"""Questions that are worked on at a time unless something else is said."""
LATE_S: Final = 0.2
"""How late a task may get its turn; later, the processor is the bottleneck and not a source."""
FEW: Final = 64
"""So many calls are let in however late it is: enough to keep a processor busy while systems answer
slowly, and one long task alone turns nobody away."""
LOOK_S: Final = 0.05
LONGEST_S: Final = 30
"""Seconds that anybody is asked to wait at most."""
TELL_S: Final = 1.0
"""How often the log tells of those who were turned away."""
_TRACE: Final = b"f" * 32
_INSTANCE: Final = instance_of(_TRACE.decode()).encode()
"""Stand in a document where those of the call go."""
_OF_NEWEST: Final = 0.05
"""Weight of the newest in the mean of how long places are held."""


class Admission:
    """Knows how much is being worked on, and whether there is time for more.

    Args:
        at_once: questions that are worked on at a time.
        now: seconds that only grow.

    """

    def __init__(
        self, at_once: int = AT_ONCE, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = at_once
        self._now = now
        self._held_s = 0.0
        self._working = 0
        self._late_s = 0.0

    @property
    def crowded(self) -> bool:
        """Tell whether every place for a question is taken."""
        return self._free <= 0

    @property
    def hurried(self) -> bool:
        """Tell whether what was let in is more than the processor can do."""
        return self._late_s > LATE_S and self._working >= FEW

    def retry_after_s(self) -> int:
        """Return when to come again, in whole seconds: when those who are served now have left.

        That is how long a place is held, and up to twice of it by chance, so that not all who
        were turned away come back at once.
        """
        held_s = min(max(1, math.ceil(self._held_s)), LONGEST_S // 2)
        return held_s + int(random.random() * (held_s + 1))  # noqa: S311 - no secret

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places for questions; before any work is done for whoever asks.

        Raises:
            Problem: ``overloaded``: all of them are taken.
        """
        if self.crowded:
            raise self.refusal()
        self._free -= 1
        began = self._now()
        try:
            yield
        finally:
            self._free += 1
            self._held_s += _OF_NEWEST * (self._now() - began - self._held_s)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a call that was let in."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1

    def refusal(self) -> Problem:
        """Return what whoever is turned away is told."""
        return Problem("overloaded", headers={"Retry-After": str(self.retry_after_s())})

    async def watch(self) -> None:
        """See how late tasks get their turn, until cancelled."""
        while True:
            due = self._now() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.noticed_late(self._now() - due)

    def noticed_late(self, seconds: float) -> None:
        """Take note that a task got its turn so late."""
        self._late_s = seconds


class Door:
    """Turns calls away that there is no time for, for as little as can be.

    A refusal is a problem document like every other, with the headers of every other. It is
    counted, but only the number of all in a second is logged.

    Args:
        operations: methods and paths at which it stands; to the ``questions`` among them it is
            shut also where every place is taken.
        headers: those of every response.
        body_timeout_s: seconds in which the body of a request that was refused must be complete.
    """

    def __init__(
        self,
        admission: Admission,
        renderer: ProblemRenderer,
        log: EventLog,
        metrics: Metrics,
        *,
        operations: Collection[Operation],
        questions: Collection[Operation],
        headers: Iterable[tuple[bytes, bytes]],
        body_timeout_s: float,
    ) -> None:
        self.admission = admission
        self.body_timeout_s = body_timeout_s
        self._documents = {
            language: orjson.dumps(
                renderer.document(Problem("overloaded"), language, _TRACE.decode())
            )
            for language in Language
        }
        self._log = log
        self._metrics = metrics
        self._operations = {operation: operation in questions for operation in operations}
        # As they stand in a request.
        self._asked = {(m.encode(), p.encode()): (m, p) for m, p in operations}
        self._headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"vary", b"Accept-Language"),
            *headers,
        ]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in self._headers)
        self._start = b"HTTP/1.1 503 Service Unavailable\r\n" + lines
        self._untold = 0
        self._told_at = 0.0

    def __contains__(self, operation: Operation) -> bool:
        """Tell whether it stands before this operation."""
        return operation in self._operations

    def is_shut(self, operation: Operation) -> bool:
        """Tell whether such a call is turned away now."""
        admission = self.admission
        return admission.hurried or (admission.crowded and self._operations[operation])

    def refusal(
        self, method: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]
    ) -> bytes | None:
        """Return the whole response to a request that is turned away, None for one that is not."""
        operation = self._asked.get((method, target))
        if operation is None or not self.is_shut(operation):
            return None
        own, body = self._refused(operation, headers)
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in own)
        return b"%b%b\r\n%b" % (self._start, lines, body)

    async def turn_away(self, scope: Scope, send: Send) -> None:
        """Answer a call that came another way than over the wire; its body is not read."""
        own, body = self._refused((scope["method"], scope["path"]), scope["headers"])
        headers = [*self._headers, *own]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _refused(
        self, operation: Operation, headers: Iterable[tuple[bytes, bytes]]
    ) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return the headers that differ from refusal to refusal, and the body."""
        given = dict(headers)
        parent = given.get(b"traceparent")
        trace_id = begin_trace(parent).trace_id if parent else secrets.token_hex(16)
        wish = given.get(b"accept-language")
        language = choose_language(wish.decode("latin-1") if wish else None)
        trace = trace_id.encode()
        body = self._documents[language].replace(_TRACE, trace)
        body = body.replace(_INSTANCE, instance_of(trace_id).encode())
        own = [
            (b"content-length", b"%d" % len(body)),
            (b"content-language", language.value.encode()),
            (b"retry-after", b"%d" % self.admission.retry_after_s()),
            (b"x-trace-id", trace),
        ]
        self._metrics.request_turned_away(*operation, 503)
        self._tell()
        return own, body

    def _tell(self) -> None:
        self._untold += 1
        now = time.monotonic()
        if now - self._told_at >= TELL_S:
            self._log.warning("turned-away", count=self._untold)
            self._untold, self._told_at = 0, now
