"""Five times as many questions as the gateway can answer: ``python -m benchmarks overload``.

R21: what is too much is refused with 429 or 503 that say when to come again, and that is true; what
is answered meanwhile is at least 80 % of what is answered without a flood; ten seconds after it all
is as before; memory stays bounded; no answer is without its audit record.

A round is: how much it can answer (without pause, 64 connections), a calm half of that, the flood,
the calm half again. Where others work on the machine the gateway gets less of a core at one time
than at another, so that answers are also counted per second of its CPU; of the rounds the medians
count. Rounds: HITOTSU_BENCH_ROUNDS.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.online.contenders import Cores, load
from benchmarks.online.installation import DATABASE, Installation, installed
from benchmarks.soak import of_process

ROUNDS = int(os.environ.get("HITOTSU_BENCH_ROUNDS", "3"))
TIMES = 5
PROBES = 800
CONNECTIONS = 64
CALM_S, FLOOD_S, AFTER_S = 5.0, 15.0, 15.0
AHEAD_S = 40.0
"""Proofs are dated so much ahead of when they are made; a minute either way is let pass."""
COMPLETE = '"outcome":"complete"'
GOODPUT, RECOVERY_S, GROWTH_MB = 0.8, 10.0, 200.0
SLOWER = 3.0
WELL_S = 3
"""A second is as before when its slowest in a hundred took at most so many times as long."""


@dataclass(frozen=True, slots=True)
class Said:
    """What became of one request: seconds after the start of the round's plan."""

    due_s: float
    took_s: float
    status: int
    retry_after_s: int | None
    question_id: str | None


@dataclass(frozen=True, slots=True)
class Round:
    """One round."""

    capacity: float
    of_cpu: float
    """Answers a second, and a second of CPU, without a flood."""
    said: Sequence[Said]
    flood_cpu_s: float
    grown_mb: float

    def within(self, begin_s: float, end_s: float) -> list[Said]:
        """Return what was due in a part of the plan."""
        return [one for one in self.said if begin_s <= one.due_s < end_s]

    @property
    def answered(self) -> int:
        """Return how many answers were given while the flood went on."""
        end = CALM_S + FLOOD_S
        return sum(
            1 for one in self.said if one.status == 200 and CALM_S <= one.due_s + one.took_s < end
        )

    def seconds(self) -> str:
        """Return what each second looked like: ms of the slowest in a hundred, and the refused."""
        told = []
        for second in range(int(CALM_S + FLOOD_S + AFTER_S)):
            found = self.within(second, second + 1)
            answered = [one.took_s for one in found if one.status == 200]
            refused = len(found) - len(answered)
            slowest = f"{_slowest(answered) * 1000:.0f}"
            told.append(f"{slowest} ({refused} refused)" if refused else slowest)
        return ", ".join(told)

    @property
    def recovery_s(self) -> float:
        """Return after how many seconds everything is answered as quickly as before.

        That is when three seconds behind each other are well: what comes later is not the flood's.
        """
        end = CALM_S + FLOOD_S
        before = _slowest([one.took_s for one in self.within(1, CALM_S)])
        well = 0
        for second in range(int(AFTER_S)):
            found = self.within(end + second, end + second + 1)
            slowest = _slowest([one.took_s for one in found])
            answered = all(one.status == 200 for one in found)
            well = well + 1 if answered and slowest <= max(1.0, SLOWER * before) else 0
            if well == WELL_S:
                return second + 1.0 - WELL_S
        return AFTER_S


def _slowest(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=100)[98] if len(took) > 1 else 0.0


def main() -> None:
    """Print what became of the flood."""
    with installed(pinned=True) as here, tempfile.TemporaryDirectory() as folder:
        rounds = [one_round(here, Path(folder) / "plan") for _ in range(ROUNDS)]
        missing = asyncio.run(_without_record(here, rounds))
        if not judge(rounds, missing):
            sys.exit(1)


def one_round(here: Installation, file: Path) -> Round:
    """Measure what it can do, flood it, and see it recover."""
    cores, gateway = Cores(), here.gateway
    port = gateway.port
    file.write_bytes(pickle.dumps(gateway.requests(PROBES, port, receipt=False, tokens=PROBES)))
    before = here.process.cpu_s()
    probed = load(cores.others, file, port, CONNECTIONS, COMPLETE)
    of_cpu = probed["requests"] / (here.process.cpu_s() - before)
    capacity = probed["requests"] / probed["seconds"]
    plan: list[float] = []
    for since, seconds, rate in (
        (0.0, CALM_S, capacity / 2),
        (CALM_S, FLOOD_S, TIMES * capacity),
        (CALM_S + FLOOD_S, AFTER_S, capacity / 2),
    ):
        plan += [since + n / rate for n in range(int(seconds * rate))]
    made = gateway.requests(len(plan), port, receipt=False, tokens=len(plan), ahead_s=AHEAD_S)
    file.write_bytes(pickle.dumps(list(zip(plan, made, strict=True))))
    small = of_process(here.pid)["rss_mb"]
    cpu_s, said = _flooded(here, file, cores.others)
    grown = of_process(here.pid)["peak_mb"] - small
    return Round(capacity, of_cpu, said, cpu_s, grown)


def _flooded(here: Installation, file: Path, core: int) -> tuple[float, list[Said]]:
    """Send the plan; return the CPU that the gateway used during the flood, and what it said."""
    command = ["taskset", "-c", str(core), sys.executable, "-m", "benchmarks.online.flood"]
    with subprocess.Popen(
        [*command, str(file), str(here.gateway.port)], stdout=subprocess.PIPE, text=True
    ) as flood:
        assert flood.stdout is not None
        flood.stdout.readline()
        time.sleep(CALM_S)
        before = here.process.cpu_s()
        time.sleep(FLOOD_S)
        cpu_s = here.process.cpu_s() - before
        said = [Said(*one) for one in json.loads(flood.stdout.read())]
    return cpu_s, said


async def _without_record(here: Installation, rounds: Sequence[Round]) -> int:
    """Return how many answers have no audit record."""
    ids = {one.question_id for found in rounds for one in found.said if one.status == 200}
    database = await here.postgres.connect(DATABASE)
    try:
        known = await database.fetchval(
            "SELECT count(*) FROM audit WHERE audit_id = ANY($1)", list(ids)
        )
    finally:
        await database.close()
    return len(ids) - int(known)


def judge(rounds: Sequence[Round], missing: int) -> bool:
    """Print the figures and whether they are good enough; tell the latter."""
    print("| round | answers/s | a CPU second | in the flood | a CPU second | refused | other |")
    print("|---|---|---|---|---|---|---|")
    shares, of_cpu, others = [], [], Counter[int]()
    for number, one in enumerate(rounds, 1):
        flood = one.within(CALM_S, CALM_S + FLOOD_S)
        statuses = Counter(said.status for said in flood)
        refused = statuses.pop(503, 0) + statuses.pop(429, 0)
        del statuses[200]
        others += statuses
        rate, per_cpu = one.answered / FLOOD_S, one.answered / one.flood_cpu_s
        shares.append(rate / one.capacity)
        of_cpu.append(per_cpu / one.of_cpu)
        print(
            f"| {number} | {one.capacity:.0f} | {one.of_cpu:.0f} | {rate:.0f} | {per_cpu:.0f} "
            f"| {refused:,} of {len(flood):,} | {dict(statuses) or '–'} |"
        )
    refusals = [said for one in rounds for said in one.said if said.status in {429, 503}]
    silent = sum(1 for said in refusals if said.retry_after_s is None)
    waits = Counter(said.retry_after_s for said in refusals)
    recovery = max(one.recovery_s for one in rounds)
    grown = max(one.grown_mb for one in rounds)
    goodput = statistics.median(of_cpu)
    print(f"answered of what it can: {statistics.median(shares):.0%}, by CPU {goodput:.0%}")
    for number, one in enumerate(rounds, 1):
        print(f"round {number}, slowest in a hundred: {one.seconds()}")
    print(f"as before after {recovery:.0f} s, memory grew by {grown:.0f} MB at most")
    print(f"refusals without Retry-After: {silent}; Retry-After: {dict(waits)}")
    print(f"neither answered nor refused: {dict(others) or 0}; without audit record: {missing}")
    well = (
        goodput >= GOODPUT
        and recovery <= RECOVERY_S
        and grown <= GROWTH_MB
        and not (silent or others or missing)
    )
    print("R21 met" if well else "R21 missed")
    return well
