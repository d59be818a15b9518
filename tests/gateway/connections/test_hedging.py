"""FO-4: a slow source that may be read twice is asked once more; the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.contract import Deadline, FetchRequest, FetchResult, GroupRecords
from adapters.errors import BadAnswer, SourceTimeout, Unavailable
from gateway.connections import Connection
from gateway.metrics import Metrics
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.questions.scripted import TIME, ScriptedAdapter, holding, manifest_of

GROUP = "010.kazeikihonjoho"
Step = Callable[[], Awaitable[FetchResult]]


class Source(ScriptedAdapter):
    """Does for each call what the next of ``steps`` says; knows what is under way."""

    def __init__(self, *steps: Step) -> None:
        super().__init__(holding())
        self.steps = list(steps)
        self.open = 0
        self.cancelled = 0
        self.twice = asyncio.Event()

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.requests.append(request)
        self.open += 1
        if self.open == 2:
            self.twice.set()
        try:
            return await self.steps.pop(0)()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.open -= 1


def connected(
    source: Source, *, hedge: float | None = 0.01, slots: int = 2, timeout_s: float = 0.3
) -> Connection:
    manifest = manifest_of("tax", [GROUP])
    limits = manifest.limits.model_copy(
        update={"hedge_after_s": hedge, "max_concurrency": slots, "timeout_s": timeout_s}
    )
    return Connection(
        "999997",
        manifest.model_copy(update={"limits": limits}),
        source,
        clock=StoppedClock(),
        log=RecordingLog(),
        metrics=Metrics(),
    )


async def ask(connection: Connection) -> FetchResult:
    request = FetchRequest("T1", {GROUP: frozenset()}, Deadline.after(1.0), "f" * 32)
    return await connection.fetch(request)


def answer(lost: int) -> Step:
    async def step() -> FetchResult:
        return FetchResult({GROUP: GroupRecords((), TIME, TIME, lost)})

    return step


async def never() -> FetchResult:
    await asyncio.Event().wait()
    raise AssertionError


def fails(error: Exception) -> Step:
    async def step() -> FetchResult:
        raise error

    return step


def told(result: FetchResult) -> int:
    outcome = result.groups[GROUP]
    assert isinstance(outcome, GroupRecords)
    return outcome.lost


async def test_a_second_call_answers_where_the_first_hangs() -> None:
    """The first one is ended, and no task and no slot is left behind."""
    source = Source(never, answer(2))
    connection = connected(source)
    assert told(await ask(connection)) == 2
    assert (source.open, source.cancelled, connection.in_flight) == (0, 1, 0)


async def test_a_quick_answer_is_asked_for_once() -> None:
    """No second call goes out."""
    source = Source(answer(1))
    assert told(await ask(connected(source, hedge=5.0))) == 1
    assert len(source.requests) == 1


@pytest.mark.parametrize("slots", [1, 2])
async def test_without_the_declaration_or_a_free_slot_there_is_one_call(slots: int) -> None:
    """FO-4: a source that bears one call gets one; the question is late, as it would be anyway."""
    source = Source(never, answer(2))
    connection = connected(source, hedge=None if slots == 2 else 0.01, slots=slots)
    with pytest.raises(SourceTimeout):
        await ask(connection)
    assert len(source.requests) == 1


async def test_one_call_in_twenty_is_sent_a_second_time() -> None:
    """FO-4: at most 5 % more, so that a source that is slow for everybody is not asked twice."""
    rounds, at_once = 20, 20
    source = Source(*[never] * (2 * rounds * at_once))
    connection = connected(source, slots=2 * at_once, timeout_s=0.1)
    for _ in range(rounds):
        asked = (ask(connection) for _ in range(at_once))
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(o, SourceTimeout) for o in outcomes)
    calls = rounds * at_once
    # One is there to begin with.
    assert calls < len(source.requests) <= calls + calls // 20 + 1


async def test_repeats_of_lost_calls_leave_second_calls_their_share() -> None:
    """FO-4, FO-5: each has a budget of its own."""
    source = Source(*[fails(Unavailable("down"))] * 4, never, answer(2))
    connection = connected(source)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await ask(connection)
    assert len(source.requests) == 3, "one repeat, then none is left"
    source.steps = [never, answer(2)]
    assert told(await ask(connection)) == 2


async def test_one_failure_of_two_is_none() -> None:
    """Whichever fails; two failures are the first one's."""
    slow = asyncio.Event()

    async def late() -> FetchResult:
        await slow.wait()
        return await answer(1)()

    async def fails_and_lets_go() -> FetchResult:
        slow.set()
        raise BadAnswer("x")

    assert told(await ask(connected(Source(late, fails_and_lets_go)))) == 1

    async def fails_late() -> FetchResult:
        await slow_too.wait()
        raise BadAnswer("first")

    async def fails_first() -> FetchResult:
        slow_too.set()
        raise BadAnswer("second")

    slow_too = asyncio.Event()
    with pytest.raises(BadAnswer, match="first"):
        await ask(connected(Source(fails_late, fails_first)))


async def test_a_source_that_was_not_reached_is_repeated_as_ever() -> None:
    """Before there is anything to hedge."""
    source = Source(fails(Unavailable("down")), answer(3))
    assert told(await ask(connected(source))) == 3


async def test_whoever_gives_up_ends_both_calls() -> None:
    """A question that is cancelled leaves nothing under way."""
    source = Source(never, never)
    connection = connected(source)
    asking = asyncio.create_task(ask(connection))
    async with asyncio.timeout(5):
        await source.twice.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (source.open, connection.in_flight) == (0, 0)
