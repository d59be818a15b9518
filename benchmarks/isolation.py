"""What a hung system costs those who do not ask it, and what a second call of a slow one saves.

R4: questions for the resident system alone, while the tax system hangs and others wait for it,
against the same without that; the 99th percentile of paired rounds. Target: at most 1.2 times.
R6: a source that is slow for one call in twenty, asked twice where its manifest allows it, against
asked once. Targets: the 99th percentile falls by 40 %, at most 5 % more calls.
R5: how many calls a source that is down gets, and how many until it is trusted again.

The connections are the gateway's own; the sources stand in the same process.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import statistics
import time
from collections.abc import Coroutine
from typing import Any

import uvloop

from adapters.contract import Deadline, FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, BadAnswer
from adapters.manifest import Manifest
from gateway.clock import TOKYO, SystemClock
from gateway.connections import Connection
from gateway.connections.breaker import REST_S
from gateway.logs import open_log
from gateway.metrics import Metrics

GROUP = "010.kazeikihonjoho"
ROUNDS = 7
CALLS = 1_500
AT_ONCE = 8
QUICK_S, SLOW_S, SLOW_SHARE, SECOND_AFTER_S = 0.005, 0.2, 0.03, 0.03
WAITING, RETRY_S = 200, 1.0
"""Callers that ask the hung system, and again after this time when they are turned away."""
TIME = dt.datetime(2026, 10, 1, 9, 0, tzinfo=TOKYO)


class Source:
    """Answers after a while; how long is the next of ``delays``, or for ever while ``hung``."""

    mapping_version = "1"

    def __init__(self, *, slow_share: float = 0.0) -> None:
        self.calls = 0
        self.hung = False
        self.down = False
        self._slow_share = slow_share
        self._chance = random.Random(42)

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Answer that there is no record."""
        self.calls += 1
        if self.down:
            raise BadAnswer("down")
        if self.hung:
            await asyncio.Event().wait()
        slow = self._chance.random() < self._slow_share
        await asyncio.sleep(SLOW_S if slow else QUICK_S)
        return FetchResult({ref: GroupRecords((), TIME, TIME) for ref in request.groups})


def connected(source: Any, **limits: float | None) -> Connection:
    """Return the gateway's connection to a source."""
    manifest = Manifest.model_validate(
        {
            "id": "benchmark-source",
            "version": "0.1.0",
            "name_ja": "測定",
            "name_en": "Benchmark",
            "vendor": "benchmarks",
            "contacts": [{"name": "a", "email": "a@test"}, {"name": "b", "email": "b@test"}],
            "licence": "Apache-2.0",
            "contract": {"minimum": "1.0", "maximum": "1.0"},
            "lifecycle": "incubating",
            "product": {"name_ja": "測定", "name_en": "Benchmark"},
            "numbering": {"id": "tax", "name_ja": "税"},
            "capabilities": ["fetch"],
            "supplies": [{"group": GROUP, "edition": "provisional-2026"}],
            "limits": {"max_concurrency": 16, "timeout_s": 5} | limits,
            "personal_data": {"processed": []},
        }
    )
    return Connection(
        "999997",
        manifest,
        source,
        clock=SystemClock(),
        log=open_log("error"),
        metrics=Metrics(),
    )


async def ask(connection: Connection) -> None:
    """Ask of one person."""
    request = FetchRequest("T1", {GROUP: frozenset()}, Deadline.after(5.0), "t")
    await connection.fetch(request)


async def p99(connection: Connection, calls: int = CALLS) -> float:
    """Return the 99th percentile of ``calls`` calls, in seconds."""
    took: list[float] = []

    async def caller() -> None:
        for _ in range(calls // AT_ONCE):
            begun = time.perf_counter()
            await ask(connection)
            took.append(time.perf_counter() - begun)

    await asyncio.gather(*(caller() for _ in range(AT_ONCE)))
    return statistics.quantiles(took, n=100)[98]


async def isolation() -> None:
    """R4: alone and beside a hung system in turn."""
    resident, tax = connected(Source()), Source()
    beside = connected(tax)
    tax.hung = True
    ratios, noise = [], []

    async def wait_for_tax() -> None:
        while True:
            try:
                await ask(beside)
            except AdapterError:
                # Turned away at once, with Retry-After.
                await asyncio.sleep(RETRY_S)

    await p99(resident)
    for _ in range(ROUNDS):
        before = await p99(resident)
        waiting = [asyncio.create_task(wait_for_tax()) for _ in range(WAITING)]
        between = await p99(resident)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        after = await p99(resident)
        ratios.append(2 * between / (before + after))
        noise.append(after / before)
    ratio = statistics.median(ratios)
    print(
        f"R4  p99 beside a hung system, of alone: {ratio:.2f} (target 1.2 at most); "
        f"after, of before: {statistics.median(noise):.2f}"
    )


async def hedging() -> None:
    """R6: asked once and asked twice in turn."""
    falls, more = [], []
    for _ in range(ROUNDS):
        once, twice = Source(slow_share=SLOW_SHARE), Source(slow_share=SLOW_SHARE)
        single = await p99(connected(once))
        hedged = await p99(connected(twice, hedge_after_s=SECOND_AFTER_S))
        falls.append(1 - hedged / single)
        more.append(twice.calls / once.calls - 1)
    fall, extra = statistics.median(falls), statistics.median(more)
    print(f"R6  p99 falls by {fall:.0%} (target 40 %), {extra:.1%} more calls (target 5 % at most)")


async def breaker() -> None:
    """R5: down, at rest, and back."""
    source = Source()
    connection = connected(source)
    source.down = True
    await failing(connection, 1_000)
    opened = source.calls
    begun = time.perf_counter()
    while time.perf_counter() - begun < 3 * REST_S:
        await failing(connection, 50)
        await asyncio.sleep(REST_S / 50)
    probes = source.calls - opened
    source.down = False
    await asyncio.sleep(REST_S)
    before = source.calls
    trusted = 0
    while not trusted:
        done = await asyncio.gather(*(ask(connection) for _ in range(5)), return_exceptions=True)
        trusted = all(error is None for error in done) and source.calls - before - len(done)
    print(
        f"R5  opens after {opened} calls (target 10 at most), {probes} probes in 3 intervals, "
        f"closes after {trusted} (target 2 at most)"
    )


async def failing(connection: Connection, calls: int) -> None:
    """Ask in vain."""
    for _ in range(calls):
        try:
            await ask(connection)
        except AdapterError:
            continue


def main() -> None:
    """Measure all three."""
    for work in (isolation, hedging, breaker):
        run(work())


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on the event loop that the served gateway uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


if __name__ == "__main__":
    main()
