"""Figures of the running gateway, for Prometheus. No label ever holds a personal value.

A room is handed the one ``Metrics`` of the process and calls its verbs; the names on the wire are
known here alone. Labels come from closed sets: route templates, adapter ids, statuses, and the ids
of registered consumers.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

KEPT: Final = 1_024
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LAST_TOLD: Final = "mostrecent"
"""One process at a time knows the figure; what it told last holds."""
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256)


@dataclass(frozen=True, slots=True)
class SharedFigures:
    """Where several processes of one port keep their figures, and the seat of this one.

    Whoever sits down on a seat goes on with its counters.
    """

    folder: Path
    seat: int


class Metrics:
    """The gateway's own registry, so that nothing global is shared with tests or libraries.

    Args:
        shared: set in one of several processes; whichever is asked then tells the figures of all.
            It holds for the whole process.
    """

    def __init__(self, shared: SharedFigures | None = None) -> None:
        self._shared = shared
        if shared is not None:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(shared.folder)
            values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
                lambda: shared.seat
            )
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "hitotsu_http_requests",
            "Requests by method, route template and status",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._durations = Histogram(
            "hitotsu_http_request_seconds",
            "Seconds from the first byte of a request to the last of its response",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._consumer_calls = Counter(
            "hitotsu_consumer_calls",
            "Calls of known consumers by version and operation",
            ["consumer", "version", "operation"],
            registry=self.registry,
        )
        self._in_flight = Gauge(
            "hitotsu_http_requests_in_flight",
            "Requests being answered",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._parts = Counter(
            "hitotsu_parts",
            "Parts of answers by adapter and status",
            ["adapter", "status"],
            registry=self.registry,
        )
        self._lag = Gauge(
            "hitotsu_source_lag_seconds",
            "How far the data of an adapter's last answer was behind, by its own claim",
            ["adapter"],
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._wrong_persons = Counter(
            "hitotsu_wrong_person_alarms",
            "Answers or records that were discarded because they were not of the person asked for",
            ["adapter", "kind"],
            registry=self.registry,
        )
        self._audit_batches = Histogram(
            "hitotsu_audit_batch_records",
            "Audit records made durable by one commit",
            buckets=_BATCH,
            registry=self.registry,
        )
        self._unanchored = Gauge(
            "hitotsu_audit_unanchored_head_seconds",
            "Age of the oldest tree head of the audit record that was not copied outside",
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._outbox = Gauge(
            "hitotsu_outbox_messages",
            "Messages to systems that wait, and that were parked for a person to look at",
            ["state"],
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._outbox_age = Gauge(
            "hitotsu_outbox_oldest_seconds",
            "Age of the oldest message that waits; 0 without one",
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._tasks = Gauge(
            "hitotsu_tasks",
            "Tasks of the event loop; at rest always about the same number",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self._soonest_end = Gauge(
            "hitotsu_soonest_end_days",
            "Days until the next certificate of a consumer, or grant, ends; +Inf beyond 60",
            ["kind"],
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._recalls = Gauge(
            "hitotsu_recalls_open",
            "Recalls of addresses that consumers have not acknowledged",
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._withheld = Gauge(
            "hitotsu_withheld_items_of_day",
            "Items withheld on the last day that is over, in Japan; told from 01:00 of the next",
            registry=self.registry,
            multiprocess_mode=_LAST_TOLD,
        )
        self._revealed = Counter(
            "hitotsu_protected_items_revealed",
            "Items of protected people that left by an exemption or a lift; each is to page",
            registry=self.registry,
        )
        self._snooping = Counter(
            "hitotsu_snooping_alerts",
            "Looks at people that look like curiosity, by pattern; each is to page",
            ["kind"],
            registry=self.registry,
        )
        # Labels come from closed sets, so that what belongs to each is looked for once.
        self._of_request = lru_cache(KEPT)(
            lambda method, route, status: (
                self._requests.labels(method, route, str(status)),
                self._durations.labels(route),
            )
        )
        self._of_consumer = lru_cache(KEPT)(self._consumer_calls.labels)
        self._of_part = lru_cache(KEPT)(self._parts.labels)
        self._lag_of = lru_cache(KEPT)(self._lag.labels)
        self._unanchored_age_s: Callable[[], float] = lambda: 0.0

    def request_began(self) -> None:
        """Count a request as in flight."""
        self._in_flight.inc()

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that is over. ``route`` is the template, never the path itself."""
        self._in_flight.dec()
        counted, timed = self._of_request(method, route, status)
        counted.inc()
        timed.observe(seconds)

    def request_turned_away(self, method: str, route: str, status: int) -> None:
        """Count a request that was refused before anything was done for it; it took no time."""
        counted, _ = self._of_request(method, route, status)
        counted.inc()

    def consumer_called(self, consumer: str, version: str, operation: str) -> None:
        """Count a call of a registered consumer; ``operation`` is the method and the template."""
        self._of_consumer(consumer, version, operation).inc()

    def part_ended(self, adapter: str, status: str) -> None:
        """Count a part of an answer. The status is the source's, before protection."""
        self._of_part(adapter, status).inc()

    def source_lag(self, adapter: str, seconds: float) -> None:
        """Note how old the data of an answer was: ten minutes at most between systems (FR-3)."""
        self._lag_of(adapter).set(max(0.0, seconds))

    def wrong_person(self, adapter: str, kind: str, count: int = 1) -> None:
        """Count alarms of the wrong-person guard, by how it was seen."""
        self._wrong_persons.labels(adapter, kind).inc(count)

    def withheld_of_day(self, count: int) -> None:
        """Note how many items protection kept back on the last day that is over.

        Never to be told by what answers questions: a figure that moves with one tells whoever can
        read it that the person just asked for is protected.
        """
        self._withheld.set(count)

    def items_revealed(self, count: int) -> None:
        """Count items that left although a measure protects them."""
        self._revealed.inc(count)

    def snooping(self, kind: str) -> None:
        """Count an alert of the security officer."""
        self._snooping.labels(kind).inc()

    def audit_batch(self, records: int) -> None:
        """Note how many audit records one commit made durable."""
        self._audit_batches.observe(records)

    def watch_unanchored_heads(self, age_s: Callable[[], float]) -> None:
        """Ask ``age_s`` for the age of the oldest unanchored head whenever ``look`` is called."""
        self._unanchored_age_s = age_s

    def look(self) -> None:
        """Take the figures that nobody tells, but must be asked for."""
        self._unanchored.set(self._unanchored_age_s())
        with suppress(RuntimeError):  # outside of an event loop there are none
            self._tasks.set(len(asyncio.all_tasks()))

    def recalls_open(self, count: int) -> None:
        """Note how many recalls consumers have not acknowledged."""
        self._recalls.set(count)

    def soonest_end(self, kind: str, days: int | None) -> None:
        """Note in how many days the next certificate or grant ends; None: not within 60."""
        self._soonest_end.labels(kind).set(float("inf") if days is None else days)

    def outbox(self, waiting: int, parked: int, oldest_s: float) -> None:
        """Note how many messages to systems wait, how many are parked, and the oldest one's age."""
        self._outbox.labels("waiting").set(waiting)
        self._outbox.labels("parked").set(parked)
        self._outbox_age.set(oldest_s)

    def render(self) -> bytes:
        """Return everything in the Prometheus text format 0.0.4."""
        if self._shared is None:
            self.look()
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(  # type: ignore[no-untyped-call]
            registry, str(self._shared.folder)
        )
        return generate_latest(registry)
