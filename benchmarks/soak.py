"""Hours under load: ``python -m benchmarks soak --hours 2``; three minutes if nothing is said.

R22: at a steady rate memory, descriptors, tasks and connections stay where they were after the
warm-up, and every answer is 200 and has its audit record. The whole path, as in ``online``: every
token and proof is new, three systems, receipts for one question in ten. Systems are slow and fail
at times, one after the other is down for a while, consumers leave in the middle, and some get
their tokens from the gateway.

Every ten seconds a line of JSON is appended to the file of ``--into``: a run that was broken off
(Ctrl-C, SIGTERM) tells something, too, and ``--read FILE`` judges such a file anew. The rate is
half of what the gateway reaches at the start unless ``--rate`` says it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvloop

from benchmarks.online.consumers import IDLE_S, Leaving, Lines
from benchmarks.online.installation import DATABASE, Installation, installed
from examples.online_service.gateway_client import GatewayUnavailable

INTO = Path("build/soak.jsonl")
SAMPLE_S = 10.0
PROBE_QUESTIONS, PROBE_AT_ONCE = 600, 16
LEAVE = 0.06
"""Share of consumers that leave in the middle."""
OWN_TOKENS = 0.02
"""Share of consumers that get a token from the gateway first."""
RECEIPTS = 0.1
MOST_OPEN = 4_000
WARM_UP = 0.2
"""Share of the run that is not judged, twenty minutes at most."""
WARM_UP_S = 1_200.0
SLOPE_MB_PER_MIN = 1.0
SLACK = {"descriptors": 8, "tasks": 8, "database_connections": 2, "threads": 1}
SLACK_SHARE = 0.1
"""By how much the median of the last third may lie above that of the first."""
FIGURES = ("rss_mb", *SLACK)


@dataclass
class Load:
    """Consumers at a steady rate, and what became of them."""

    here: Installation
    rate: float
    lines: Lines
    http: httpx.AsyncClient
    answered: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    """Ids of answers whose audit record was not looked for yet."""
    _chance: random.Random = field(default_factory=lambda: random.Random(42))
    _asking: set[asyncio.Task[None]] = field(default_factory=set)
    _asked: int = 0
    _until: float = 0.0

    def end(self) -> None:
        """Send nothing more; what was begun is waited for, and the run is judged."""
        self._until = 0.0

    @property
    def open(self) -> int:
        """Return how many consumers wait for their answer."""
        return len(self._asking)

    async def run(self, seconds: float) -> None:
        """Send what is due, whatever the gateway does; a second is made ahead at a time."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        self._until = due + seconds
        ahead = asyncio.create_task(self._made())
        while due < self._until:
            try:
                made = await ahead
            except httpx.TransportError as error:
                # Without a nonce there is nothing to send.
                self.answered[type(error).__name__] += 1
                made = []
            ahead = asyncio.create_task(self._made())
            # A machine that was away for a while does not make up for it all at once.
            due = max(due, loop.time() - 1)
            for request in made:
                await asyncio.sleep(max(0.0, due - loop.time()))
                due += 1 / self.rate
                self._begin(request)
        await asyncio.gather(ahead, return_exceptions=True)
        await asyncio.gather(*self._asking)

    async def _made(self) -> list[bytes]:
        count = max(1, round(self.rate))
        receipts = max(1, round(count * RECEIPTS))
        first, self._asked = self._asked, self._asked + count
        requests: list[bytes] = []
        for receipt, many in ((True, receipts), (False, count - receipts)):
            if many:
                requests += await asyncio.to_thread(
                    self.here.gateway.requests,
                    many,
                    self.here.gateway.port,
                    receipt=receipt,
                    tokens=many,
                    first=first + len(requests),
                )
        self._chance.shuffle(requests)
        return requests

    def _begin(self, request: bytes) -> None:
        if len(self._asking) >= MOST_OPEN:
            self.answered["not sent"] += 1
            return
        chance = self._chance.random()
        if chance < OWN_TOKENS:
            work = self._with_own_token()
        elif chance < OWN_TOKENS + LEAVE:
            leavings = [leaving for leaving in Leaving if leaving is not Leaving.NEVER]
            work = self._leave(request, self._chance.choice(leavings))
        else:
            work = self._ask(request)
        task = asyncio.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _ask(self, request: bytes) -> None:
        began = time.perf_counter()
        try:
            reply = await self.lines.ask(request)
        except (OSError, EOFError) as error:
            self.answered[type(error).__name__] += 1
            return
        assert reply is not None
        self.took.append(time.perf_counter() - began)
        if reply.status != httpx.codes.OK:
            self.answered[
                f"{reply.status} {json.loads(reply.body)['type'].rpartition('/')[2]}"
            ] += 1
            return
        self._received(json.loads(reply.body))

    async def _leave(self, request: bytes, leaving: Leaving) -> None:
        try:
            await self.lines.ask(request, leaving)
        except (OSError, EOFError) as error:
            self.answered[type(error).__name__] += 1
        else:
            self.answered["left"] += 1

    async def _with_own_token(self) -> None:
        gateway = self.here.gateway
        person = gateway.person(self._chance.randrange(1 << 16))
        try:
            self._received(await gateway.client(self.http).ask(person, gateway.items))
        except GatewayUnavailable as error:
            self.answered[error.code] += 1

    def _received(self, answer: dict[str, Any]) -> None:
        self.answered[f"200 {answer['outcome']}"] += 1
        self.unseen.append(answer["question_id"])


@dataclass
class Watch:
    """What is seen of the gateway from outside, written down as it goes."""

    load: Load
    into: Path
    database: asyncpg.Connection
    without_record: int = 0
    _last_tasks: int = 0
    _began: float = field(default_factory=time.monotonic)

    async def run(self) -> None:
        """Look every ten seconds until cancelled."""
        due = time.monotonic()
        while True:
            await self.look()
            due += SAMPLE_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def look(self) -> None:
        """Write one line."""
        ids, self.load.unseen = self.load.unseen, []
        took, self.load.took = self.load.took, []
        known = await self.database.fetchval(
            "SELECT count(*) FROM audit WHERE audit_id = ANY($1)", ids
        )
        self.without_record += len(set(ids)) - known
        line = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "minute": round((time.monotonic() - self._began) / 60, 2),
            **of_process(self.load.here.pid),
            "tasks": await self._tasks(),
            "database_connections": await self.database.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1 AND pid <> "
                "pg_backend_pid()",
                DATABASE,
            ),
            "consumers_waiting": self.load.open,
            "p50_ms": round(statistics.median(took) * 1000, 1) if took else None,
            "p99_ms": round(statistics.quantiles(took, n=100)[98] * 1000) if took[1:] else None,
            "answered": dict(self.load.answered),
            "without_record": self.without_record,
        }
        with self.into.open("a") as file:
            file.write(json.dumps(line) + "\n")

    async def _tasks(self) -> int:
        """Return how many the gateway has; what it said last, if it does not answer now."""
        try:
            figures = await self.load.http.get(f"{self.load.here.gateway.url}/metrics")
        except httpx.TransportError as error:
            self.load.answered[type(error).__name__] += 1
        else:
            found = (f for f in figures.text.splitlines() if f.startswith("hitotsu_tasks "))
            self._last_tasks = int(float(next(found).split()[1]))
        return self._last_tasks


def of_process(pid: int) -> dict[str, float]:
    """Return memory, threads, descriptors and CPU of a process. Source: proc(5)."""
    status = Path(f"/proc/{pid}/status").read_text()
    said = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return {
        "rss_mb": round(int(said["VmRSS"].split()[0]) / 1024, 2),
        "peak_mb": round(int(said["VmHWM"].split()[0]) / 1024, 2),
        "threads": int(said["Threads"]),
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "cpu_s": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    }


async def reached(here: Installation) -> float:
    """Return how many questions a second the gateway answers when it is asked without pause."""
    made = here.gateway.requests(
        PROBE_QUESTIONS, here.gateway.port, receipt=False, tokens=PROBE_QUESTIONS
    )
    requests: Iterator[bytes] = iter(made)
    lines = Lines(here.gateway.port)

    async def consumer() -> None:
        for request in requests:
            await lines.ask(request)

    began = time.perf_counter()
    try:
        await asyncio.gather(*(consumer() for _ in range(PROBE_AT_ONCE)))
    finally:
        lines.close()
    return PROBE_QUESTIONS / (time.perf_counter() - began)


async def soak(here: Installation, *, seconds: float, rate: float | None, into: Path) -> None:
    """Run the load and write down what is seen."""
    capacity = await reached(here)
    rate = capacity / 2 if rate is None else rate
    print(
        f"{capacity:.0f} questions/s reached at the start; {rate:.0f}/s for {seconds / 60:.0f} min"
    )
    database = await here.postgres.connect(DATABASE)
    lines = Lines(here.gateway.port)
    try:
        limits = httpx.Limits(keepalive_expiry=IDLE_S)
        async with httpx.AsyncClient(trust_env=False, timeout=30, limits=limits) as http:
            load = Load(here, rate, lines, http)
            watch = Watch(load, into, database)
            watching = asyncio.create_task(watch.run())
            for sign in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(sign, load.end)
            await load.run(seconds)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await watch.look()
    finally:
        lines.close()
        await database.close()


def judge(lines: Sequence[dict[str, Any]]) -> bool:
    """Print what became of memory, descriptors, tasks and connections; tell whether all is well."""
    last = lines[-1]
    warm = min(last["minute"] * WARM_UP, WARM_UP_S / 60)
    judged = [line for line in lines if line["minute"] >= warm]
    third = max(1, len(judged) // 3)
    minutes = [line["minute"] for line in judged]
    slope = statistics.linear_regression(minutes, [line["rss_mb"] for line in judged]).slope
    answered = last["answered"]
    bad = {what: n for what, n in answered.items() if not what.startswith(("200 ", "left"))}
    busy = (last["cpu_s"] - lines[0]["cpu_s"]) / (last["minute"] - lines[0]["minute"]) / 60
    print(f"{last['minute']:.1f} min, the first {warm:.1f} not judged; {busy:.0%} of a core")
    print(f"answers: {answered}")
    print("| figure | first third | last third | most | |\n|---|---|---|---|---|")
    well = [slope < SLOPE_MB_PER_MIN, not bad, last["without_record"] == 0]
    for name in FIGURES:
        first = statistics.median(line[name] for line in judged[:third])
        then = statistics.median(line[name] for line in judged[-third:])
        flat = name not in SLACK or then - first <= max(SLACK[name], first * SLACK_SHARE)
        well.append(flat)
        most = max(line[name] for line in judged)
        print(f"| {name} | {first:.1f} | {then:.1f} | {most:.1f} | {'' if flat else 'grows'} |")
    print(f"memory grows by {slope:.2f} MB/min (target: less than {SLOPE_MB_PER_MIN:.0f})")
    print(f"answers without an audit record: {last['without_record']} (target 0)")
    print(f"answers that are not 200: {bad or 0} (target 0)")
    print("R22 met" if all(well) else "R22 missed")
    return all(well)


def main() -> None:
    """Run, and judge what was written down."""
    parser = argparse.ArgumentParser("soak", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--hours", type=float, default=0.05)
    parser.add_argument("--rate", type=float, help="questions a second")
    parser.add_argument("--into", type=Path, default=INTO)
    parser.add_argument("--read", type=Path, help="judge this file and run nothing")
    said = parser.parse_args()
    if said.read is None:
        said.into.parent.mkdir(parents=True, exist_ok=True)
        said.into.unlink(missing_ok=True)
        with installed(troubled=True) as here:
            uvloop.run(soak(here, seconds=said.hours * 3600, rate=said.rate, into=said.into))
    lines = [json.loads(line) for line in (said.read or said.into).read_text().splitlines()]
    if not judge(lines):
        sys.exit(1)
