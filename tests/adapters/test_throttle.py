"""The pace that a source can bear, on a clock that moves only while somebody waits."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from adapters.deadline import Deadline
from adapters.errors import RateLimited
from adapters.throttle import Throttle, in_turn


class Time:
    """Seconds that pass when a sleeper asks for them."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        """Return the time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Pass the time at once."""
        self.at += seconds


async def starts(per_second: float | None, calls: int) -> list[float]:
    """Return when calls begin that all come at second 0."""
    time = Time()
    throttle = Throttle(per_second, now=time.now, sleep=time.sleep)
    found = []
    for _ in range(calls):
        await throttle.turn()
        found.append(time.at - 100)
    return found


@pytest.mark.parametrize(
    ("per_second", "begun"),
    [
        (2, [0, 0, 1, 1, 2]),
        (1, [0, 1, 2, 3, 4]),
        (0.5, [0, 2, 4, 6, 8]),
        (2.5, [0, 0.4, 0.8, 1.2, 1.6]),
        (None, [0, 0, 0, 0, 0]),
    ],
)
async def test_no_second_holds_more_calls_than_the_source_bears(
    per_second: float | None, begun: list[float]
) -> None:
    """A whole limit allows a burst; a broken one is kept by a pause between calls."""
    assert await starts(per_second, 5) == pytest.approx(begun)


async def test_a_call_that_cannot_begin_in_time_is_told_so_at_once() -> None:
    """With the seconds after which its turn would come; nobody else waits longer for it."""
    time = Time()
    throttle = Throttle(1, now=time.now, sleep=time.sleep)
    await throttle.turn()
    with pytest.raises(RateLimited) as caught, throttle.queued(Deadline(100.5)):
        pytest.fail("it may not wait")
    assert caught.value.retry_after_s == 1
    assert time.at == 100
    with throttle.queued(Deadline(101.5)) as turn:
        await turn()
    assert time.at == 101


async def test_those_ahead_count_although_they_have_no_turn_yet() -> None:
    """Two wait for a connection; a third call would be behind them."""
    time = Time()
    throttle = Throttle(1, now=time.now, sleep=time.sleep)
    with throttle.queued(Deadline(102)), throttle.queued(Deadline(102)):
        with pytest.raises(RateLimited) as caught, throttle.queued(Deadline(102)):
            pytest.fail("it may not wait")
        assert caught.value.retry_after_s == 2
    with throttle.queued(Deadline(100.5)):
        pass


async def test_a_call_that_is_given_up_leaves_its_place() -> None:
    """Whoever left before the turn came stands in nobody's way."""
    time = Time()
    throttle = Throttle(1, now=time.now, sleep=time.sleep)
    with pytest.raises(asyncio.CancelledError), throttle.queued(Deadline(200)):
        raise asyncio.CancelledError
    with throttle.queued(Deadline(100.5)) as turn:
        await turn()
    assert time.at == 100


async def test_every_request_over_http_waits_for_its_turn() -> None:
    """Pages too, and those of code that has no mapping; the lent client stays open."""
    time = Time()
    begun: list[float] = []

    def answer(request: httpx.Request) -> httpx.Response:
        begun.append(time.at - 100)
        return httpx.Response(200, content=b"ok", headers={"X-Page": "1"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as lent:
        client = in_turn(lent, Throttle(2, now=time.now, sleep=time.sleep))
        answers = [await client.get("http://127.0.0.1/") for _ in range(5)]
        await client.aclose()
        assert not lent.is_closed
    assert begun == [0, 0, 1, 1, 2]
    assert {(a.status_code, a.content, a.headers["X-Page"]) for a in answers} == {(200, b"ok", "1")}
