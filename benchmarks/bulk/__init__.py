"""Bulk conversion against what one would use instead: ``python -m benchmarks bulk``.

1,000,000 records of 80 fields, one in a hundred in error. Every contender works on the same file in
one run, the rounds are interleaved, and what counts are ratios of medians. iconv only changes the
encoding; Polars and pydantic convert the same fields but write neither letters nor findings. Polars
is no part of the environment: where it cannot be imported, that is said. Contenders that would take
minutes get fewer records; their speed does not depend on it. The size: HITOTSU_BENCH_RECORDS.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.bulk.town import Town

ROUNDS = 5
BARS = (
    ("one core", "block1", "iconv", 1.0),
    ("two cores", "block2", "iconv", 1.6),
    ("two cores", "block2", "polars", 15.0),
    ("two cores", "block2", "pydantic", 45.0),
    ("one core", "block1", "rows", 25.0),
    ("JEF, one core", "jef", "block1", 0.5),
)


def main() -> None:
    """Print the medians, the ratios with their bars, and the memory at three sizes."""
    records = int(os.environ.get("HITOTSU_BENCH_RECORDS", "1000000"))
    folder = Path(tempfile.mkdtemp(prefix="bulk-"))
    try:
        _run(folder, records)
    finally:
        shutil.rmtree(folder)


def _run(folder: Path, records: int) -> None:
    files = {name: folder / f"{name}.dat" for name in ("cp932", "jef")}
    for name, path in files.items():
        length = Town(name).write(path, records)
        path.with_suffix(".records").write_text(str(records))
        print(f"{name}: {records:,} records of {length} bytes", flush=True)
    size = {"rows": records // 50, "pydantic": records // 50, "polars": records // 10}
    contenders = ["iconv", "block1", "block2", "rows", "pydantic", "polars", "jef"]
    speeds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name in contenders:
            path = files["jef" if name == "jef" else "cp932"]
            what = "block1" if name == "jef" else name
            done = _measure(what, path, folder / "out", size.get(name, records))
            if done is not None:
                speeds[name].append(done["records"] / done["seconds"])
    medians = {name: statistics.median(found) for name, found in speeds.items() if found}
    for name, speed in medians.items():
        spread = f"{min(speeds[name]):,.0f} – {max(speeds[name]):,.0f}"
        print(f"{name:10} {speed:12,.0f} records/s   ({spread})")
    for label, one, other, bar in BARS:
        if one in medians and other in medians:
            ratio = medians[one] / medians[other]
            met = "" if ratio >= bar else "   NOT MET"
            print(f"{label:14} {one} ÷ {other}: {ratio:.2f}   (bar {bar}){met}")
        else:
            print(f"{label:14} {one} ÷ {other}: left out, not installed")
    _memory(files["cp932"], records)


def _memory(path: Path, records: int) -> None:
    for share in (0.1, 1, 10):
        n = int(records * share)
        done = _measure("block2", path, Path(os.devnull), n)
        if done is not None:
            start = f"start of the process {done['start']:.1f} s"
            print(f"memory at {n:,} records: {done['memory']:.0f} MB ({start})", flush=True)


def _measure(name: str, path: Path, out: Path, records: int) -> dict[str, Any] | None:
    command = [sys.executable, "-m", "benchmarks.bulk.contenders", name]
    arguments = [str(path), str(out), str(records)]
    cores = 2 if name in {"block2", "polars"} else 1
    found = subprocess.run(
        [*_pinned(cores), *command, *arguments], capture_output=True, text=True, check=False
    )
    if found.returncode and "ModuleNotFoundError" in found.stderr:
        return None
    if found.returncode:
        raise SystemExit(found.stderr)
    done: dict[str, Any] = json.loads(found.stdout)
    return done


def _pinned(cores: int) -> list[str]:
    """Return the prefix of a command that may use so many cores."""
    own = sorted(os.sched_getaffinity(0))[-cores:]
    return ["taskset", "-c", ",".join(map(str, own))] if shutil.which("taskset") else []
