"""Group commit against one commit for each row, both fully durable, on both databases.

Prints rows per second and the ratio within one run: the median of paired rounds with 32 waiters.
Target: 10 times; the audit record is then cheaper than a commit that is not durable. R12: at a
steady rate of 200 a second 95 in 100 are durable within 5 ms.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from gateway.audit import AuditEntry, AuditKind, AuditLog, AuditStore, to_record
from gateway.clock import TOKYO
from gateway.keys import FileKeyStore
from gateway.logs import open_log
from gateway.store.engine import Store, open_store
from gateway.store.migrate import upgrade
from tools.throwaway_postgres import throwaway_postgres

WAITERS = 32
ROUNDS = 5
GROUP_ROWS = 3_200
SINGLE_ROWS = 320
RATE, RATE_ROWS, P95_MS = 200, 2_000, 5.0

ENTRY = AuditEntry(
    municipality="999997",
    at=dt.datetime(2026, 10, 1, 10, 0, tzinfo=TOKYO),
    kind=AuditKind.OPERATION,
    outcome="complete",
    trace_id="0af7651916cd43dd8448eb211c80319c",
    client_id="online-service",
    subject_key="ab" * 32,
    purpose="jidoteate-ninteiseikyu",
    items_asked=tuple(f"001P{n:04d}" for n in range(40)),
    items_delivered=tuple(f"001P{n:04d}" for n in range(38)),
    part_statuses={"001.juminkihonjoho": "ok", "010.kazeikihonjoho": "ok"},
)


def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory() as folder:
        run(measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder)))
        with throwaway_postgres(durable=True) as postgres:
            run(measure("PostgreSQL", postgres.url(), Path(folder)))


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run ``work`` on the event loop that the served gateway uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work)


async def measure(name: str, url: str, folder: Path) -> None:
    """Print the figures of one database."""
    store = open_store(url)
    keys = FileKeyStore(folder / name)
    keys.create()
    await upgrade(store)
    single: list[float] = []
    group: list[float] = []
    sizes: list[int] = []
    log = AuditLog(
        AuditStore(store), keys, log=open_log("error"), patience_s=60, on_batch=sizes.append
    )
    async with log:
        await rate(lambda: append_together(log, WAITERS), WAITERS)
        for _ in range(ROUNDS):
            single.append(await rate(lambda: append_singly(store, SINGLE_ROWS), SINGLE_ROWS))
            group.append(await rate(lambda: append_together(log, GROUP_ROWS), GROUP_ROWS))
        took = await append_steadily(log, RATE_ROWS)
    await store.aclose()
    ratio = statistics.median(g / s for g, s in zip(group, single, strict=True))
    print(
        f"{name:10}  commit per row {statistics.median(single):8,.0f} rows/s   "
        f"group commit, {WAITERS} waiters {statistics.median(group):8,.0f} rows/s   "
        f"ratio {ratio:5.1f}   mean batch {statistics.mean(sizes):.0f}   "
        f"p95 at {RATE}/s {statistics.quantiles(took, n=20)[18] * 1000:.1f} ms ({P95_MS:.0f})"
    )


async def rate(work: Callable[[], Awaitable[None]], rows: int) -> float:
    """Return rows per second of ``work``, which writes ``rows``."""
    start = time.perf_counter()
    await work()
    return rows / (time.perf_counter() - start)


async def append_together(log: AuditLog, rows: int) -> None:
    """Write ``rows`` entries from ``WAITERS`` tasks, each waiting for its own to be durable."""

    async def waiter() -> None:
        for _ in range(rows // WAITERS):
            await log.append(ENTRY)

    await asyncio.gather(*(waiter() for _ in range(WAITERS)))


async def append_steadily(log: AuditLog, rows: int) -> list[float]:
    """Write ``rows`` entries, each when it is due; return how long each took, in seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def append(due: float) -> float:
        await asyncio.sleep(due - loop.time())
        await log.append(ENTRY)
        return loop.time() - due

    return await asyncio.gather(*(append(began + n / RATE) for n in range(rows)))


async def append_singly(store: Store, rows: int) -> None:
    """Write ``rows`` entries one after the other, each in a transaction of its own."""
    audit = AuditStore(store)
    async with store.connection() as connection:
        for _ in range(rows):
            await audit.append(connection, [to_record(ENTRY)])


if __name__ == "__main__":
    main()
