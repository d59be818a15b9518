"""How long an answer takes at a steady rate: ``python -m benchmarks latency``; about four minutes.

R1: questions for one system that takes 5 ms, 200 a second; 99 in 100 within 100 ms. R2: for three
that take 50, 80 and 120 ms, 50 a second; 95 in 100 within 180 ms, and at most 40 ms over the
slowest. R18: under the load of R1 the newest revision of the schema is put on by ``hitotsu db
upgrade`` beneath the gateway, which has run without it until then: nothing fails, and 99 in 100
take at most three times as long as before.

What is due is sent whatever the gateway does (an open loop), so a pause of the gateway counts for
everybody who had to wait. Every token, proof and nonce is new, every audit record durable. Seconds
of each part: HITOTSU_BENCH_SECONDS.
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

from alembic.config import Config
from alembic.script import ScriptDirectory

import migrations
from benchmarks.online.adapters import GROUPS
from benchmarks.online.contenders import Cores
from benchmarks.online.installation import DATABASE, Installation, installed
from gateway.store.engine import open_store
from gateway.store.migrate import downgrade

SECONDS = int(os.environ.get("HITOTSU_BENCH_SECONDS", "60"))
WARM_UP_S = 5
AHEAD_S = 25.0
SINGLE, SINGLE_MS = 200, (5, 5, 5)
TRIPLE, TRIPLE_MS = 50, (50, 80, 120)
R1_P99_MS, R2_P95_MS, R2_OVER_MS, R18_TIMES = 100.0, 180.0, 40.0, 3.0


@dataclass(frozen=True, slots=True)
class Took:
    """What became of the requests of one part: ms of those answered, and statuses."""

    ms: Sequence[float]
    statuses: Counter[int]

    def percentile(self, n: int) -> float:
        """Return the ms within which ``n`` in 100 were answered."""
        return statistics.quantiles(self.ms, n=100)[n - 1]

    @property
    def failed(self) -> int:
        """Return how many had another answer than 200."""
        return sum(n for status, n in self.statuses.items() if status != 200)

    def told(self, name: str) -> str:
        """Return a line of the table."""
        p50, p95, p99 = (f"{self.percentile(n):.0f}" for n in (50, 95, 99))
        return f"| {name} | {len(self.ms):,} | {p50} | {p95} | {p99} | {self.failed} |"


def main() -> None:
    """Measure, and judge."""
    with installed(pinned=True, delays_ms=SINGLE_MS) as here:
        group = GROUPS["resident"]
        alone = steady(here, SINGLE, group)
        revision = asyncio.run(_without_the_newest(here))
        changed = steady(here, SINGLE, group, upgrade=True)
    with installed(pinned=True, delays_ms=TRIPLE_MS) as here:
        three = steady(here, TRIPLE)
    print("| at a steady rate | answers | p50 ms | p95 ms | p99 ms | failed |")
    print("|---|---|---|---|---|---|")
    print(alone.told(f"one system of 5 ms, {SINGLE}/s"))
    print(changed.told(f"the same, while revision {revision} is put on"))
    print(three.told(f"three systems of 50, 80, 120 ms, {TRIPLE}/s"))
    p99, p95 = alone.percentile(99), three.percentile(95)
    times = changed.percentile(99) / p99
    well = [
        _met("R1", f"p99 {p99:.0f} ms (≤ {R1_P99_MS:.0f})", p99 <= R1_P99_MS and not alone.failed),
        _met(
            "R2",
            f"p95 {p95:.0f} ms (≤ {R2_P95_MS:.0f}), {p95 - TRIPLE_MS[-1]:.0f} over the slowest "
            f"(≤ {R2_OVER_MS:.0f})",
            p95 <= min(R2_P95_MS, TRIPLE_MS[-1] + R2_OVER_MS) and not three.failed,
        ),
        _met(
            "R18",
            f"{changed.failed} failed (0), p99 {times:.1f} times (≤ {R18_TIMES:.0f})",
            times <= R18_TIMES and not changed.failed,
        ),
    ]
    if not all(well):
        sys.exit(1)


def _met(goal: str, told: str, well: bool) -> bool:  # noqa: FBT001 - the one thing that is told
    print(f"{goal} {'met' if well else 'missed'}: {told}")
    return well


def steady(here: Installation, rate: int, group: str = "", *, upgrade: bool = False) -> Took:
    """Ask so many questions a second; with ``upgrade`` the schema changes in the middle."""
    count = (WARM_UP_S + SECONDS) * rate
    # Proofs are good for a minute before and after their time, so a part may not be longer.
    made = here.gateway.requests(
        count, here.gateway.port, receipt=False, tokens=count, ahead_s=AHEAD_S, group=group
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "plan"
        file.write_bytes(pickle.dumps([(n / rate, request) for n, request in enumerate(made)]))
        core = str(Cores().others)
        command = ["taskset", "-c", core, sys.executable, "-m", "benchmarks.online.flood"]
        with subprocess.Popen(
            [*command, str(file), str(here.gateway.port)], stdout=subprocess.PIPE, text=True
        ) as flood:
            assert flood.stdout is not None
            flood.stdout.readline()
            if upgrade:
                time.sleep(WARM_UP_S + SECONDS / 3)
                _upgrade(here)
            said = json.loads(flood.stdout.read())
    judged = [(took, status) for due, took, status, *_ in said if due >= WARM_UP_S]
    answered = [took * 1000 for took, status in judged if status == 200]
    return Took(answered, Counter(status for _, status in judged))


def _upgrade(here: Installation) -> None:
    environment = {**os.environ, "HITOTSU_DATABASE_URL": here.postgres.url(DATABASE)}
    command = [sys.executable, "-m", "gateway.cli", "db", "upgrade"]
    subprocess.run(command, env=environment, check=True, capture_output=True)


async def _without_the_newest(here: Installation) -> str:
    """Take the newest revision off the database, beneath the gateway; return its name."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    script = ScriptDirectory.from_config(config)
    newest = script.get_current_head()
    assert newest is not None
    before = script.get_revision(newest).down_revision
    assert isinstance(before, str)
    store = open_store(here.postgres.url(DATABASE))
    try:
        await downgrade(store, before)
    finally:
        await store.aclose()
    return newest


if __name__ == "__main__":
    main()
