"""A source that fails again and again is left in peace, and tried one call at a time."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from adapters.contract import Deadline, FetchRequest, FetchResult
from adapters.errors import (
    AdapterError,
    AuthenticationFailed,
    BadAnswer,
    PlannedUnavailable,
    RateLimited,
    Unavailable,
    WrongSubject,
)
from adapters.hours import ClosedHours, Hours
from gateway.connections import Connection, SourceState
from gateway.connections.breaker import (
    FAILURES_TO_OPEN,
    REST_S,
    Breaker,
    BreakerState,
    RetryBudget,
)
from gateway.connections.connection import TurnedAway
from gateway.metrics import Metrics
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.questions.scripted import ScriptedAdapter, failing, holding, manifest_of

GROUP = "010.kazeikihonjoho"


class Seconds:
    """Seconds that pass when a test says so."""

    at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def opened(seconds: Seconds) -> Breaker:
    """A breaker whose source has failed often enough."""
    breaker = Breaker(seconds)
    for _ in range(FAILURES_TO_OPEN):
        assert breaker.admit() is None
        breaker.fail()
    return breaker


def test_a_source_that_fails_again_and_again_is_called_no_more(seconds):
    """R5: after at most ten failures."""
    assert FAILURES_TO_OPEN <= 10
    breaker = opened(seconds)
    assert breaker.state is BreakerState.OPEN
    assert breaker.admit() == REST_S


def test_failures_with_successes_between_them_do_not_open(seconds):
    """One bad answer in two is a bad source, but not one that is down."""
    breaker = Breaker(seconds)
    for _ in range(50):
        breaker.fail()
        breaker.succeed()
    assert breaker.state is BreakerState.CLOSED


def test_after_a_rest_one_call_at_a_time_is_tried(seconds):
    """R5: never more than one trial; it closes after two successes, not after one."""
    breaker = opened(seconds)
    seconds.at += REST_S - 0.01
    assert breaker.admit() is not None
    seconds.at += 0.01
    assert breaker.admit() is None
    assert [breaker.admit() is None for _ in range(20)] == [False] * 20
    breaker.succeed()
    assert breaker.state is BreakerState.HALF_OPEN
    assert breaker.admit() is None
    breaker.succeed()
    assert breaker.state is BreakerState.CLOSED


def test_a_trial_that_fails_means_another_rest(seconds):
    """And one that ends without an outcome leaves room for the next."""
    breaker = opened(seconds)
    seconds.at += REST_S
    breaker.admit()
    breaker.release()
    assert breaker.admit() is None
    breaker.fail()
    assert breaker.admit() == REST_S


def test_one_call_in_ten_may_be_repeated():
    """FO-5: counted over a thousand calls."""
    budget = RetryBudget()
    repeated = 0
    for _ in range(1_000):
        budget.earn()
        repeated += budget.spend()
    assert 95 <= repeated <= 101


@pytest.fixture
def adapter() -> ScriptedAdapter:
    return ScriptedAdapter(holding(nenzeigaku=1))


@pytest.fixture
def connect(adapter: ScriptedAdapter, clock: StoppedClock, event_log: RecordingLog):
    def make(hours: Hours | None = None) -> Connection:
        manifest = manifest_of("tax", [GROUP])
        return Connection(
            "999997", manifest, adapter, clock=clock, log=event_log, metrics=Metrics(), hours=hours
        )

    return make


async def fetch(connection: Connection, within_s: float = 5.0) -> FetchResult | AdapterError:
    request = FetchRequest("T1", {GROUP: frozenset({"nenzeigaku"})}, Deadline.after(within_s), "t")
    try:
        return await connection.fetch(request)
    except AdapterError as error:
        return error


@pytest.mark.parametrize("error", [BadAnswer("html"), AuthenticationFailed("key")])
async def test_a_broken_source_gets_no_more_than_a_few_calls(connect, adapter, error):
    """FO-3: whoever asks meanwhile has the answer at once."""
    adapter.script = failing(error)
    connection = connect()
    outcomes = [await fetch(connection) for _ in range(50)]
    assert len(adapter.requests) == FAILURES_TO_OPEN
    assert all(isinstance(found, TurnedAway) for found in outcomes[FAILURES_TO_OPEN:])


async def test_an_operation_that_fails_takes_no_other_one_with_it(connect, adapter):
    """FO-3: people are not looked up for a while, and the flags of protection are still read."""
    adapter.script, adapter.flagged = failing(BadAnswer("html")), ("T1",)
    connection = connect()
    for _ in range(FAILURES_TO_OPEN):
        await fetch(connection)
    assert isinstance(await fetch(connection), TurnedAway)
    report = await connection.protection_flags(Deadline.after(5))
    assert [flag.number for flag in report.flags] == ["T1"]
    adapter.flagged = BadAnswer("html")
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(BadAnswer):
            await connection.protection_flags(Deadline.after(5))
    with pytest.raises(TurnedAway):
        await connection.protection_flags(Deadline.after(5))


async def test_another_persons_answer_does_not_count_as_a_source_that_is_down(connect, adapter):
    """It is discarded and alarmed, each one."""
    adapter.script = failing(WrongSubject("other"))
    connection = connect()
    for _ in range(20):
        await fetch(connection)
    assert len(adapter.requests) == 20


async def test_a_source_that_was_not_reached_is_asked_once_more(connect, adapter):
    """FO-5: one lost connection is nobody's business."""
    answers = iter([failing(Unavailable("reset")), holding(nenzeigaku=1)])

    async def script(request: FetchRequest) -> FetchResult:
        return await next(answers)(request)

    adapter.script = script
    assert isinstance(await fetch(connect()), FetchResult)
    assert len(adapter.requests) == 2


async def test_nothing_is_repeated_without_time_for_it(connect, adapter):
    """FO-5: never past the deadline."""
    adapter.script = failing(Unavailable("reset"))
    await fetch(connect(), within_s=0.4)
    assert len(adapter.requests) == 1


async def test_a_source_that_asks_for_fewer_calls_gets_none_for_a_while(connect, adapter):
    """As long as it has asked for."""
    adapter.script = failing(RateLimited("429", retry_after_s=30))
    connection = connect()
    await fetch(connection)
    turned_away = await fetch(connection)
    assert isinstance(turned_away, TurnedAway)
    assert turned_away.retry_after_s is not None
    assert 29 < turned_away.retry_after_s <= 30
    assert len(adapter.requests) == 1


NIGHT = Hours(closed=(ClosedHours(closes=dt.time(23), opens=dt.time(6)),))


@pytest.mark.parametrize(
    ("at", "asked"),
    [("22:59:59", 1), ("23:00:00", 0), ("05:59:59", 0), ("06:00:00", 1)],
)
async def test_no_call_reaches_a_source_while_it_is_closed(connect, adapter, clock, at, asked):
    """NW-2 and R7: one second before, at and after the borders, in the town's own hours."""
    clock.time = StoppedClock(f"2026-10-01T{at}+09:00").time
    connection = connect(NIGHT)
    found = await fetch(connection)
    checked = await connection.check(Deadline.after(1))
    assert len(adapter.requests) == asked
    if not asked:
        assert isinstance(found, PlannedUnavailable)
        assert found.until is not None
        assert found.until.time() == dt.time(6)
        assert (checked.ok, checked.opens_at) == (False, found.until)
        assert connection.health.state is SourceState.CLOSED


@pytest.mark.parametrize(("left_s", "limit_s"), [(5.0, 60.0), (5.0, 0.5)])
async def test_a_source_gets_what_is_left_but_a_margin_or_its_own_limit(
    adapter, clock, event_log, left_s: float, limit_s: float
):
    """FO-1: whichever is less, as one point in time; 50 ms stay for the answer itself."""
    manifest = manifest_of("tax", [GROUP])
    limits = manifest.limits.model_copy(update={"timeout_s": limit_s})
    manifest = manifest.model_copy(update={"limits": limits})
    connection = Connection(
        "999997", manifest, adapter, clock=clock, log=event_log, metrics=Metrics()
    )
    deadline = Deadline.after(left_s)
    request = FetchRequest("T1", {GROUP: frozenset({"nenzeigaku"})}, deadline, "t")
    await connection.fetch(request)
    (sent,) = adapter.requests
    if limit_s > left_s:
        assert deadline.at - sent.deadline.at == pytest.approx(0.05)
    else:
        assert sent.deadline.remaining_s() <= limit_s < left_s - 0.05


async def test_a_cancelled_call_leaves_nothing_behind(connect, adapter):
    """FO-6: neither a slot nor a trial."""
    both_in = asyncio.Barrier(3)

    async def script(_: FetchRequest) -> FetchResult:
        await both_in.wait()
        await asyncio.Event().wait()
        raise AssertionError

    adapter.script = script
    connection = connect()
    calls = [asyncio.create_task(fetch(connection)) for _ in range(6)]
    await both_in.wait()
    assert connection.in_flight == 2
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert connection.in_flight == 0
    adapter.script = holding(nenzeigaku=1)
    assert isinstance(await fetch(connection), FetchResult)
