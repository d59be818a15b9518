"""Reconciliation of 400,000 residents with 60 items each, 25 differences planted (R16).

What is held is a snapshot, sealed in SQLite and in PostgreSQL; the other side is handed over anew.
Prints seconds, memory, and whether exactly what was planted was found. Targets: 10 minutes, 25.
``HITOTSU_BENCH_ROWS`` makes the town smaller.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.reconcile.planted import (
    GROUP,
    Handing,
    Planted,
    Town,
    enlarged,
    manifest_of,
    told,
)
from gateway.clock import SystemClock
from gateway.comparison import Kind
from gateway.editions import open_dictionary
from gateway.keys import FileKeyStore
from gateway.reconciliation import (
    Reconciler,
    ReconciliationStore,
    Sides,
    SourceSide,
    Told,
    held_side,
)
from gateway.settings import Settings
from gateway.snapshots import Loader, SnapshotStore
from gateway.store.engine import open_store
from gateway.store.migrate import upgrade
from tools.throwaway_postgres import throwaway_postgres

ROWS = int(os.environ.get("HITOTSU_BENCH_ROWS", "400000"))
DIFFERENCES = 25
MUNICIPALITY = "999997"
SEED = 20_261_001


def main() -> None:
    """Measure on both databases."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder)))
    with tempfile.TemporaryDirectory() as folder, throwaway_postgres() as postgres:
        asyncio.run(measure("PostgreSQL", postgres.url(), Path(folder)))


async def measure(name: str, url: str, folder: Path) -> None:
    """Load a town, plant, reconcile."""
    store = open_store(url)
    await upgrade(store)
    keys = FileKeyStore(folder / "keys")
    keys.create()
    dictionary = enlarged(open_dictionary(Settings()))
    clock, manifest = SystemClock(), manifest_of("made-town")
    town = Town(dictionary.groups[GROUP], ROWS)
    began = time.perf_counter()
    loader = Loader(SnapshotStore(store), keys, dictionary, clock=clock, actor="cli:bench")
    await loader.load(MUNICIPALITY, manifest, Handing(town))
    print(f"{name}: load {ROWS:,} records: {time.perf_counter() - began:.1f} s", flush=True)
    gc.collect()
    _forget_peak()
    began = time.perf_counter()
    made = sum(1 for _ in town)
    print(f"{name}: make them alone: {time.perf_counter() - began:.1f} s", flush=True)
    places = random.Random(SEED).sample(range(0, made - 1, 2), DIFFERENCES)
    kinds = list(Planted)
    planted = {place: kinds[n % len(kinds)] for n, place in enumerate(places)}
    after = Town(town.group, ROWS, planted)
    held = await held_side(SnapshotStore(store), keys, MUNICIPALITY, manifest.id, GROUP)
    found = set()
    reconciler = Reconciler(ReconciliationStore(store), dictionary, clock=clock, actor="cli:bench")
    began, worked = time.perf_counter(), time.process_time()
    report = await reconciler.reconcile(
        MUNICIPALITY,
        [manifest.id],
        [Sides(held, SourceSide(manifest.id, Handing(after), GROUP))],
        told=Told(rows=lambda _group, columns, one: found.add(told(columns, one))),
    )
    seconds, cpu = time.perf_counter() - began, time.process_time() - worked
    (group,) = report.groups
    swapped = group.rows[Kind.SWAPPED]
    print(
        f"{name}: reconcile: {seconds:.1f} s ({cpu:.1f} s CPU), peak {_peak_mb()} MB, "
        f"{group.ranges} ranges of 1024 looked into; "
        f"{sum(group.rows.values()) - swapped // 2} of {DIFFERENCES} differences, "
        f"exactly those planted: {found == after.expected()}",
        flush=True,
    )
    await store.aclose()


def _forget_peak() -> None:
    """Have the kernel count the peak of memory from now on, where it can."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5")


def _peak_mb() -> int:
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
