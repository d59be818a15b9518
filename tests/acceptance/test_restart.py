"""Asked to end under load, the gateway answers what was begun and sends the rest elsewhere."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from examples.online_service.gateway_client import GatewayUnavailable
from examples.town.demo.places import choose_port
from gateway.store.engine import open_store
from gateway.store.tables import AuditRow
from tests.acceptance.starts import cpu_s, cpu_s_of_an_import
from tests.acceptance.town_under_test import Examiner, Town, ended, examiner, served
from tests.size import size_of

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=240, nightly=1800))]

LOG = logging.getLogger(__name__)
RESTARTS = size_of(ordinary=3, nightly=50)
IMPORTS_OF_A_START = 2.5
"""What a start may cost: five seconds where an import of what is served takes two."""
YARDSTICK_EVERY = 10
ASKING = 6
ANSWERED = "answered"
SENT_ELSEWHERE = {"status-503", "ConnectError"}
"""A connection that is refused after the notice is a request that was never begun."""


async def test_a_restart_under_load_loses_no_request_that_was_begun(
    town: Town, tmp_path: Path
) -> None:
    """UP-1, R19: answered, or sent elsewhere; status 0 within 30 s; every answer has its row.

    No start costs more than it may.
    """
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    port = choose_port(0)
    url = f"http://127.0.0.1:{port}"
    number = town.people()["two_children"]["resident"]
    received: set[str] = set()
    async with examiner(folder, url, [number]) as asker:
        for restart in range(RESTARTS):
            if restart % YARDSTICK_EVERY == 0:
                yardstick = await cpu_s_of_an_import()
            async with served(folder, url, tmp_path / "gateway.log") as process:
                started = cpu_s([process.pid]) / yardstick
                assert started <= IMPORTS_OF_A_START
                LOG.info("a start costs %.2f imports", started)
                asked_to_end = asyncio.Event()
                asking = [
                    asyncio.create_task(_ask_until(asked_to_end, asker, number, received))
                    for _ in range(ASKING)
                ]
                before = len(received)
                while len(received) < before + ASKING:
                    await asyncio.wait(asking, timeout=0.05)
                asked_to_end.set()
                process.send_signal(signal.SIGTERM)
                asked_at = time.monotonic()
                assert set(await asyncio.gather(*asking)) <= {ANSWERED, *SENT_ELSEWHERE}
                assert await ended(process, within_s=30) == 0
                LOG.info("it ends within %.1f s", time.monotonic() - asked_at)
    assert len(received) >= RESTARTS * ASKING
    assert received <= await _recorded(folder)


async def _ask_until(
    asked_to_end: asyncio.Event, asker: Examiner, number: str, received: set[str]
) -> str:
    """Return what became of the last question."""
    try:
        while not asked_to_end.is_set():
            received.add((await asker.ask(number))["question_id"])
    except GatewayUnavailable as sent_away:
        return sent_away.code
    return ANSWERED


async def _recorded(folder: Path) -> set[str]:
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with store.session() as session:
            return {str(i) for i in await session.scalars(select(AuditRow.audit_id))}
    finally:
        await store.aclose()
