"""Searches, proofs and verification of an audit record of 10 million rows, on both databases.

Prints seconds. Targets: each search of a month and the list of whom a consumer's whole window
concerns 10 s (PL-10), a proof of inclusion 50 ms, a million rows verified in 60 s (R12). The rows
are made by SQL: a year of them, four consumers, 400,000 persons; fewer with ``HITOTSU_BENCH_ROWS``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import text

from gateway.audit import AuditEntry, AuditKind, AuditStore, to_record
from gateway.audit.searches import Bucket, SearchStore, Window, read_calendar
from gateway.audit.tree import AuditTree, TreeStore, verify
from gateway.clock import TOKYO, SystemClock
from gateway.keys import FileKeyStore
from gateway.logs import open_log
from gateway.store.engine import Store, open_store
from gateway.store.migrate import upgrade
from gateway.store.tables import AuditRow
from tools.throwaway_postgres import throwaway_postgres

ROWS = int(os.environ.get("HITOTSU_BENCH_ROWS", "10000000"))
VERIFIED = min(ROWS, 1_000_000)
YEAR = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MUNICIPALITY = "999997"
PADDING = 500
"""Bytes of an entry beyond what is searched; a real one has some 600 in all."""

_COLUMNS = (
    "sequence, audit_id, municipality, at, kind, client_id, subject_key, purpose_id, outcome, "
    "my_number, terminal, function, entry, leaf_hash"
)
_SQLITE = f"""
WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)
INSERT INTO audit ({_COLUMNS})
SELECT i, printf('%032x', i), '{MUNICIPALITY}',
  strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', '+' || (i * 31536000.0 / {ROWS}) || ' seconds'),
  'operation', 'client-' || (i % 4), printf('%064x', (i * 7919) % 400000), 'jidoteate', 'complete',
  0, '192.0.2.' || (i % 4), 'question', printf('%.{PADDING}c', 'x'), randomblob(32)
FROM n
"""
_POSTGRES = f"""
INSERT INTO audit ({_COLUMNS})
SELECT i, lpad(to_hex(i), 32, '0'), '{MUNICIPALITY}',
  timestamptz '2026-01-01 00:00:00+00' + i * (31536000.0 / {ROWS}) * interval '1 second',
  'operation', 'client-' || (i % 4), lpad(to_hex((i::bigint * 7919) % 400000), 64, '0'),
  'jidoteate', 'complete', false, '192.0.2.' || (i % 4), 'question',
  md5(i::text) || md5((i + 1)::text) || repeat('x', {PADDING} - 64), sha256(i::text::bytea)
FROM generate_series(CAST(:first AS integer), CAST(:last AS integer)) AS i
"""


def main() -> None:
    """Measure both databases."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure("SQLite", f"sqlite:///{folder}/bench.db", Path(folder)))
    with tempfile.TemporaryDirectory() as folder, throwaway_postgres() as postgres:
        asyncio.run(measure("PostgreSQL", postgres.url(), Path(folder)))


async def measure(name: str, url: str, folder: Path) -> None:
    """Fill the record, then search it, prove from it and verify a part of it."""
    store = open_store(url)
    await upgrade(store)
    keys = FileKeyStore(folder / "keys")
    keys.create()
    await timed(name, f"verify {VERIFIED:,} rows", lambda: verify_some(store, keys))
    await timed(name, f"fill {ROWS:,} rows", lambda: fill(store))
    tree = tree_over(store, keys)
    await timed(name, "take them into the tree", tree.seal)
    audit_id = f"{ROWS // 3:032x}"
    await timed(name, "proof of inclusion", lambda: tree.prove(audit_id))
    await timed(name, "proof of inclusion, again", lambda: tree.prove(audit_id))
    await search(name, SearchStore(store))
    await store.aclose()


async def search(name: str, searches: SearchStore) -> None:
    """Make every search over a month, and the list of a consumer over the whole year."""
    year = Window(MUNICIPALITY, YEAR, YEAR + dt.timedelta(days=365))
    month = Window(MUNICIPALITY, YEAR + dt.timedelta(days=90), YEAR + dt.timedelta(days=121))
    spans = read_calendar().closed_spans(month.since, month.until)
    person = [f"{7919:064x}"]

    async def concerned() -> int:
        return len([1 async for _ in searches.iter_concerned(year, "client-1")])

    works: dict[str, Callable[[], Awaitable[object]]] = {
        "whom a consumer's year concerns": concerned,
        "who saw this person, year": lambda: searches.of_person(
            year, person, client=None, terminal=None
        ),
        "nights and holidays, month": lambda: searches.within(month, spans),
        "log-ins, month": lambda: searches.logins(month, failed_at_least=1),
        "mass look-ups, month": lambda: searches.masses(month, Bucket.HOUR, 1_000),
        "repeated look-ups, month": lambda: searches.repeated(month, at_least=10),
        "repeated on several days, month": lambda: searches.repeated(month, at_least=5, days=3),
    }
    for what, work in works.items():
        await timed(name, what, work)


async def timed(name: str, what: str, work: Callable[[], Awaitable[object]]) -> None:
    """Print how long ``work`` took."""
    began = time.perf_counter()
    await work()
    print(f"{name}: {what}: {time.perf_counter() - began:.3f} s", flush=True)


async def fill(store: Store) -> None:
    """Write the rows by SQL, a part at a time, and make the indexes afterwards."""
    statement = text(_SQLITE if store.dialect == "sqlite" else _POSTGRES)
    indexes = list(AuditRow.metadata.tables["audit"].indexes)
    async with store.connection() as connection:
        for index in indexes:
            await connection.run_sync(index.drop)
        await connection.commit()
        for first in range(1, ROWS + 1, 500_000):
            last = min(first + 499_999, ROWS)
            await connection.execute(statement, {"first": first, "last": last})
            await connection.commit()
        for index in indexes:
            await connection.run_sync(index.create)
        await connection.commit()
    await tidy(store)


async def tidy(store: Store) -> None:
    """Do what the database does by itself in the nights: statistics, and which pages are whole."""
    statement = "ANALYZE" if store.dialect == "sqlite" else "VACUUM ANALYZE audit"
    engine = store.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))


async def verify_some(store: Store, keys: FileKeyStore) -> None:
    """Write real records, verify them, and take them away again; print the verification alone.

    The tree is one of its own: it remembers its head, and that the rows went is no accident here.
    """
    rows = AuditStore(store)
    entry = AuditEntry(
        municipality=MUNICIPALITY,
        at=dt.datetime(2026, 10, 1, 10, tzinfo=TOKYO),
        kind=AuditKind.OPERATION,
        outcome="complete",
        trace_id="0af7651916cd43dd8448eb211c80319c",
        client_id="online-service",
        subject_key="ab" * 32,
        purpose="jidoteate-ninteiseikyu",
        items_asked=tuple(f"001P{n:04d}" for n in range(10)),
        items_delivered=tuple(f"001P{n:04d}" for n in range(10)),
        part_statuses={"001.juminkihonjoho": "ok"},
    )
    async with store.connection() as connection:
        for _ in range(0, VERIFIED, 5_000):
            await rows.append(connection, [to_record(entry) for _ in range(5_000)])
    await tree_over(store, keys).seal()
    began = time.perf_counter()
    verdict = await verify(TreeStore(store), keys.keys().heads)
    seconds = time.perf_counter() - began
    print(f"  verified {verdict.rows:,} rows in {seconds:.1f} s, {verdict.finding}", flush=True)
    async with store.transaction() as session:
        for table in ("audit", "audit_tile", "audit_head"):
            await session.execute(text(f"DELETE FROM {table}"))


def tree_over(store: Store, keys: FileKeyStore) -> AuditTree:
    """Return a tree over the record."""
    return AuditTree(
        TreeStore(store),
        keys,
        clock=SystemClock(),
        issuer="https://hitotsu.example",
        log=open_log("error"),
    )


if __name__ == "__main__":
    sys.exit(main())
