"""Killed in mid-load, the gateway has the audit record of every answer that anybody received.

The tree over the record, which grows all the while, verifies afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from examples.online_service.gateway_client import GatewayUnavailable
from examples.town.demo.places import choose_port
from examples.town.demo.processes import Process
from gateway.audit.tree import TreeStore, read_heads, verify
from gateway.keys import FileKeyStore
from gateway.store.engine import open_store
from gateway.store.tables import AuditRow
from tests.acceptance.town_under_test import Examiner, Town, examiner
from tests.size import size_of

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=480, nightly=3600))]

KILLS = size_of(ordinary=5, nightly=200)
ASKING = 6


async def test_every_received_answer_has_its_audit_record_after_every_kill(
    town: Town, tmp_path: Path
) -> None:
    """Again and again: load from six sides, kill -9 after some answers, start again."""
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    port = choose_port(0)
    url = f"http://127.0.0.1:{port}"
    gateway = Process(
        "gateway",
        ("-m", "gateway.cli", "serve", "--host", "127.0.0.1", "--port", str(port)),
        log=tmp_path / "gateway.log",
        environment={
            "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
            "HITOTSU_PUBLIC_URL": url,
            "HITOTSU_KEYS_DIR": str(folder / "keys"),
            "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
            "HITOTSU_AUDIT_HEAD_INTERVAL_S": "0.1",
            "HITOTSU_AUDIT_ANCHOR_DIR": str(outside),
        },
        ready_url=f"{url}/health",
    )
    number = town.people()["two_children"]["resident"]
    received: set[str] = set()
    async with examiner(folder, url, [number]) as asker:
        for kill in range(KILLS):
            await gateway.start()
            received |= await _killed_under_load(gateway, asker, number, after=1 + 2 * (kill % 20))
    assert len(received) >= KILLS
    assert received <= await _recorded(folder)
    await _require_whole(folder, outside)


async def _killed_under_load(
    gateway: Process, asker: Examiner, number: str, *, after: int
) -> set[str]:
    """Return the ids of the answers received until the gateway was killed."""
    received: set[str] = set()
    enough = asyncio.Event()

    async def ask_until_killed() -> None:
        with contextlib.suppress(GatewayUnavailable):
            while True:
                answer = await asker.ask(number)
                received.add(answer["question_id"])
                if len(received) >= after:
                    enough.set()

    asking = [asyncio.create_task(ask_until_killed()) for _ in range(ASKING)]
    await enough.wait()
    await gateway.kill()
    await asyncio.gather(*asking)
    return received


async def _require_whole(folder: Path, outside: Path) -> None:
    """Every row, every head in the database and every head outside lie on one tree."""
    keys = FileKeyStore(folder / "keys").keys().heads
    heads, _cut_lines = read_heads(outside, keys)
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        verdict = await verify(TreeStore(store), keys, heads)
    finally:
        await store.aclose()
    assert verdict.finding is None
    assert verdict.heads >= KILLS
    assert verdict.anchors == len(heads)


async def _recorded(folder: Path) -> set[str]:
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with store.session() as session:
            return {str(i) for i in await session.scalars(select(AuditRow.audit_id))}
    finally:
        await store.aclose()
