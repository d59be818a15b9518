"""One open adapter of one municipality: its slots, its time limit and what is known of it."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol, TypeAlias, TypeVar

from adapters.contract import (
    Adapter,
    CheckResult,
    Clock,
    Deadline,
    EventLog,
    Fetch,
    FetchRequest,
    FetchResult,
    FlagReport,
    ProtectionFlags,
    Search,
    SearchPage,
    SearchRequest,
    Submit,
    SubmitReceipt,
    SubmitRequest,
)
from adapters.errors import (
    AdapterCrashed,
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    Foreign,
    PlannedUnavailable,
    RateLimited,
    SourceTimeout,
    Unavailable,
    Unsupported,
    WrongSubject,
)
from adapters.hours import Hours
from adapters.manifest import Capability, Manifest
from gateway.connections.alarms import Alarm
from gateway.connections.breaker import Breaker, BreakerState, RetryBudget
from gateway.metrics import Metrics
from gateway.telemetry import NO_TRACING, Tracing

MARGIN_S = 0.05
"""Kept back from the question's deadline, so that a late part still leaves time to answer."""

WAITING_PER_SLOT = 8
"""How many calls may wait for each slot before further ones are turned away at once."""

PATIENT_S = 0.5
"""A source that had less time than this says nothing about itself by being late."""

PAUSE_S = (0.02, 0.08)
"""Seconds before a call is repeated: between these, by chance, so that repeats do not meet."""

SECOND_CALLS = 0.05
"""Which share of the calls may be sent a second time because the first one is slow. Rule FO-4."""

LONGEST_REST_S = 60.0
"""How long a source that asks for fewer calls is left in peace at most."""


Result = TypeVar("Result")
Work: TypeAlias = Callable[[Deadline], Awaitable[Result]]
"""A call of an adapter, told by when it must have ended."""


class Slots(Protocol):
    """What a call takes one of, and gives back; a semaphore, or one for several processes."""

    def locked(self) -> bool:
        """Tell whether every slot is taken."""

    async def acquire(self) -> bool:
        """Wait for a slot and take it."""

    def release(self) -> None:
        """Give it back."""


class TurnedAway(Unavailable):
    """The gateway itself did not send the call: the queue is full, or the source is at rest."""


class SourceState(StrEnum):
    """What is known of a source now."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    CLOSED = "closed"
    DOWN = "down"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class Health:
    """The last thing that was learnt about a source. ``code`` is a stable error code."""

    state: SourceState
    code: str | None
    message: str
    learnt_at: dt.datetime | None
    as_of: dt.datetime | None
    opens_at: dt.datetime | None = None


class Connection:
    """Calls to one adapter, bounded in number and in time, with errors of one tree only."""

    def __init__(  # noqa: PLR0913 - each is something that a connection works with
        self,
        municipality: str,
        manifest: Manifest,
        adapter: Adapter,
        *,
        clock: Clock,
        log: EventLog,
        metrics: Metrics,
        hours: Hours | None = None,
        copy: Fetch | None = None,
        tracing: Tracing = NO_TRACING,
        slots: Slots | None = None,
    ) -> None:
        """Stand before ``adapter``; ``hours`` are the town's own, else those of the manifest.

        ``copy`` answers about people in the place of a system that only gives files. ``slots`` are
        this process's share of what the source bears, where several processes ask it.
        """
        self.municipality = municipality
        self.manifest = manifest
        self.hours = manifest.hours if hours is None else hours
        self._adapter = adapter
        self._fetching = adapter if isinstance(adapter, Fetch) else None
        self._tracing = tracing
        self._copy = None if self._fetching is not None else copy
        self._clock = clock
        self._log = log
        self._metrics = metrics
        self._slots = slots or asyncio.Semaphore(manifest.limits.max_concurrency)
        self._waiting = 0
        self._breakers: dict[str, Breaker] = {}
        self._retries = RetryBudget()
        self._second_calls = RetryBudget(SECOND_CALLS)
        self._spans: dict[str, tuple[str, dict[str, str | int]]] = {}
        self.in_flight = 0
        self.alarms = 0
        self.health = Health(SourceState.UNKNOWN, None, "", None, None)

    @property
    def adapter_id(self) -> str:
        """Return the id of the adapter's manifest."""
        return self.manifest.id

    @property
    def is_flag_authority(self) -> bool:
        """Tell whether the source is an authority on 支援措置."""
        return Capability.PROTECTION_FLAGS in self.manifest.capabilities

    @property
    def answers_from_copy(self) -> bool:
        """Tell whether people are looked up in what the system delivered."""
        return self._copy is not None

    def reaches(self, group: str, day: dt.date, today: dt.date) -> bool:
        """Tell whether the source can say what held of ``group`` on ``day``; a copy never can."""
        history = None if self.answers_from_copy else self.manifest.history_of(group)
        return history is not None and history.reaches(day, today)

    def is_old(self, since: dt.datetime) -> bool:
        """Tell whether a copy of that time is one that deliveries should have replaced."""
        limit = self.manifest.freshness.old_after if self.answers_from_copy else None
        return limit is not None and self._clock.now() - since > limit

    @property
    def mapping_version(self) -> str:
        """Return the version of what translates the source's records."""
        return self._adapter.mapping_version

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return what the source knows of one person.

        A source that was not reached is asked once more, where the budget of repeats and the
        deadline allow it.

        Raises:
            AdapterError: of the contract's tree, whatever the adapter raised.
        """
        if self._copy is not None:
            # Nothing reaches the source: its hours, slots and failures do not matter.
            return await self._copy.fetch(request)
        adapter = self._fetching
        if adapter is None:
            raise Unsupported("the adapter does not declare fetch")
        self._retries.earn()
        self._second_calls.earn()
        try:
            result = await self._first_of_two(adapter, request)
        except Unavailable as error:
            pause = random.uniform(*PAUSE_S)  # noqa: S311 - no secret
            again = type(error) is Unavailable and request.deadline.remaining_s() > PATIENT_S
            if not again or not self._retries.spend():
                raise
            await asyncio.sleep(pause)
            result = await self._fetch(adapter, request)
        as_of = [
            g.as_of for g in result.groups.values() if not isinstance(g, AdapterError) and g.as_of
        ]
        self._learn_online(max(as_of, default=None))
        return result

    async def _first_of_two(self, adapter: Fetch, request: FetchRequest) -> FetchResult:
        """Ask; where the source is slow and may be read twice, ask once more beside it.

        The second call takes of a budget of its own and a slot that nobody waits for. The first
        answer counts; if one of the calls fails, the other one's outcome does.
        """
        after_s = self.manifest.limits.hedge_after_s
        if after_s is None:
            return await self._fetch(adapter, request)
        calls = [asyncio.create_task(self._fetch(adapter, request))]
        try:
            await asyncio.wait(calls, timeout=after_s)
            if not calls[0].done() and not self._slots.locked() and self._second_calls.spend():
                calls.append(asyncio.create_task(self._fetch(adapter, request)))
            left = set(calls)
            while left:
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                if answered := next((c for c in done if c.exception() is None), None):
                    return answered.result()
            return calls[0].result()
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    async def _fetch(self, adapter: Fetch, request: FetchRequest) -> FetchResult:
        return await self._call(
            "fetch",
            request.deadline,
            lambda nearer: adapter.fetch(request.by(nearer)),
        )

    async def protection_flags(self, deadline: Deadline) -> FlagReport:
        """Return every protective measure that the source holds.

        Raises:
            AdapterError: the list could not be read completely.
        """
        if not isinstance(self._adapter, ProtectionFlags):
            raise Unsupported("the adapter does not declare protection-flags")
        adapter: ProtectionFlags = self._adapter
        report = await self._call("protection-flags", deadline, adapter.protection_flags)
        self._learn_online(report.as_of)
        return report

    async def search(self, request: SearchRequest) -> SearchPage:
        """Return one page of the people whom the source finds by 基本4情報.

        Raises:
            AdapterError: of the contract's tree, whatever the adapter raised.
        """
        if not isinstance(self._adapter, Search):
            raise Unsupported("the adapter does not declare search")
        adapter: Search = self._adapter
        page = await self._call(
            "search",
            request.deadline,
            lambda nearer: adapter.search(replace(request, deadline=nearer)),
        )
        self._learn_online(page.candidates.as_of)
        return page

    async def submit(self, request: SubmitRequest) -> SubmitReceipt:
        """Hand over what a citizen stated. It is sent once; the same request may come again.

        Raises:
            AdapterError: of the contract's tree, whatever the adapter raised.
        """
        if not isinstance(self._adapter, Submit):
            raise Unsupported("the adapter does not declare submit")
        adapter: Submit = self._adapter
        return await self._call(
            "submit",
            request.deadline,
            lambda nearer: adapter.submit(replace(request, deadline=nearer)),
        )

    async def check(self, deadline: Deadline) -> CheckResult:
        """Look at the source and remember what was found; never raises."""
        try:
            result = await self._call("check", deadline, self._adapter.check)
        except PlannedUnavailable as error:
            return CheckResult(ok=False, message=error.code, opens_at=error.until)
        except AdapterError as error:
            return CheckResult(ok=False, message=error.code)
        if result.ok:
            self._learn_online(result.as_of, result.message)
        elif result.opens_at is not None:
            self._learn(
                SourceState.CLOSED,
                PlannedUnavailable.code,
                result.message,
                opens_at=result.opens_at,
            )
        else:
            self._learn(SourceState.DOWN, Unavailable.code, result.message)
        return result

    def alarm(
        self, kind: Foreign, *, capability: Capability, trace_id: str, count: int = 1
    ) -> Alarm:
        """Sound the alarm: the source answered with what is not of the person asked for.

        Each answer or record is counted, logged and returned for the audit record. A record that is
        lost alone is counted and no more. Any other makes the source suspect until the gateway is
        started anew, so that a person looks at it; every record goes through the guard as before.
        """
        self.alarms += count
        self._metrics.wrong_person(self.adapter_id, kind.value, count)
        self._log.error(
            "wrong-person",
            adapter=self.adapter_id,
            municipality=self.municipality,
            operation=capability.value,
            kind=kind.value,
            count=count,
            trace_id=trace_id,
        )
        if kind is not Foreign.LOST_RECORD:
            self._learn(SourceState.SUSPECT, WrongSubject.code, "")
        return Alarm(self.adapter_id, capability, kind, count)

    async def aclose(self) -> None:
        """Close the adapter; whatever it raises is logged, never passed on."""
        try:
            await self._adapter.aclose()
        except Exception as error:  # noqa: BLE001 - vendor code, at shutdown
            self._log.warning(
                "adapter-close-failed", adapter=self.adapter_id, error=type(error).__name__
            )

    async def _call(self, operation: str, deadline: Deadline, work: Work[Result]) -> Result:
        """Send a call, unless the source is closed or at rest; remember how it went."""
        opens_at = self.hours.opens_at(self._clock.now())
        if opens_at is not None:
            closed = PlannedUnavailable("the source is closed by its calendar", until=opens_at)
            self._learn_error(closed)
            raise closed
        # Looking at a source is how one learns that it is back: that never rests.
        looks = operation == "check"
        breaker = Breaker() if looks else self._breaker(operation)
        before = breaker.state
        rests_s = breaker.admit()
        if rests_s is not None:
            raise TurnedAway("the source failed again and again", retry_after_s=rests_s)
        begun = time.monotonic()
        try:
            found = await self._sent(operation, deadline, work)
        except (BadAnswer, AdapterCrashed, AuthenticationFailed):
            breaker.fail()
            raise
        except (PlannedUnavailable, TurnedAway):
            breaker.release()
            raise
        except RateLimited as error:
            breaker.rest(min(error.retry_after_s or 1.0, LONGEST_REST_S))
            raise
        except SourceTimeout:
            patient = time.monotonic() - begun >= PATIENT_S
            (breaker.fail if patient else breaker.release)()
            raise
        except Unavailable:
            breaker.fail()
            raise
        except BaseException:
            breaker.release()
            raise
        else:
            breaker.succeed()
            return found
        finally:
            self._tell(operation, before, breaker.state)

    def _breaker(self, operation: str) -> Breaker:
        known = self._breakers.get(operation)
        if known is None:
            known = self._breakers[operation] = Breaker()
        return known

    def _tell(self, operation: str, before: BreakerState, state: BreakerState) -> None:
        if state is not before:
            self._log.warning(
                "source-breaker", adapter=self.adapter_id, operation=operation, state=state.value
            )

    async def _sent(self, operation: str, deadline: Deadline, work: Work[Result]) -> Result:
        nearer = Deadline(deadline.at - MARGIN_S).earlier(self.manifest.limits.timeout_s)
        try:
            await self._slot(nearer)
            self.in_flight += 1
            try:
                with self._tracing.span(*self._told(operation)):
                    async with asyncio.timeout(nearer.remaining_s()):
                        return await work(nearer)
            finally:
                self.in_flight -= 1
                self._slots.release()
        except TimeoutError:
            late = SourceTimeout("no answer within the deadline")
            self._learn_error(late)
            raise late from None
        except AdapterError as error:
            self._learn_error(error)
            raise
        except Exception as crash:  # noqa: BLE001 - vendor code may raise anything
            self._log.error(
                "adapter-crashed",
                adapter=self.adapter_id,
                operation=operation,
                error=type(crash).__name__,
            )
            crashed = AdapterCrashed(type(crash).__name__)
            self._learn_error(crashed)
            raise crashed from None

    async def _slot(self, nearer: Deadline) -> None:
        """Take a slot; wait for one as long as there is time, and place in the queue."""
        left_s = nearer.require_s()
        if not self._slots.locked():
            await self._slots.acquire()
            return
        if self._waiting >= self.manifest.limits.max_concurrency * WAITING_PER_SLOT:
            raise TurnedAway("all slots of the source are taken and the queue is full")
        self._waiting += 1
        try:
            async with asyncio.timeout(left_s):
                await self._slots.acquire()
        finally:
            self._waiting -= 1

    def _told(self, operation: str) -> tuple[str, dict[str, str | int]]:
        """Return the name of the span of a call, and what is told in it; made once."""
        known = self._spans.get(operation)
        if known is None:
            told = {"hitotsu.adapter": self.adapter_id, "hitotsu.operation": operation}
            known = self._spans[operation] = (f"{operation} {self.adapter_id}", {**told})
        return known

    def _learn_error(self, error: AdapterError) -> None:
        if isinstance(error, PlannedUnavailable):
            self._learn(SourceState.CLOSED, error.code, "", opens_at=error.until)
        else:
            self._learn(SourceState.DOWN, error.code, "")

    def _learn_online(self, as_of: dt.datetime | None, message: str = "") -> None:
        self._learn(SourceState.ONLINE, None, message, as_of=as_of)

    def _learn(
        self,
        state: SourceState,
        code: str | None,
        message: str,
        *,
        as_of: dt.datetime | None = None,
        opens_at: dt.datetime | None = None,
    ) -> None:
        if self.health.state is SourceState.SUSPECT:
            state, code = SourceState.SUSPECT, WrongSubject.code
        if state is not self.health.state and self.health.state is not SourceState.UNKNOWN:
            self._log.info(
                "source-state", adapter=self.adapter_id, state=state.value, code=code or ""
            )
        self.health = Health(
            state, code, message, self._clock.now(), as_of or self.health.as_of, opens_at
        )
