"""Several processes on one port: killed, renewed and asked to end, they answer as one gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from examples.online_service.gateway_client import GatewayUnavailable
from examples.town.demo.places import choose_port
from gateway.audit.refusals import ROWS
from gateway.store.engine import open_store
from gateway.store.tables import AuditRow
from tests.acceptance.starts import cpu_s, cpu_s_of_an_import
from tests.acceptance.town_under_test import EXAMINER, Examiner, Town, ended, examiner, served
from tests.size import size_of

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=240, nightly=3600))]

KILLS = size_of(ordinary=2, nightly=100)
RESTARTS = size_of(ordinary=1, nightly=50)
ASKING = 6
ALLOWED = 2
"""Questions about one person in a minute; of two quotas twice as many would be answered."""
FLOOD = 2 * ROWS + 60
"""Forged tokens: more than both workers record one by one."""
SENDS = 12
"""Each over a connection of its own: that one worker meets all is a chance of 1 in 2,048."""
IMPORTS_OF_A_START = 3.5
"""What the start of two may cost; an import is two seconds of CPU, on two cores."""


async def test_two_workers_answer_as_one_gateway(town: Town, tmp_path: Path) -> None:
    """AU-2, AT-3, R19: kill -9 under load loses no record, a proof works once, figures are joined.

    Renewed one after the other (SIGHUP), they refuse nothing; asked to end, they end with 0.
    """
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    url = f"http://127.0.0.1:{choose_port(0)}"
    number = town.people()["two_children"]["resident"]
    log = tmp_path / "gateway.log"
    received: set[str] = set()
    async with examiner(folder, url, [number]) as asker:
        async with served(folder, url, log, "--workers", "2") as supervisor:
            for _ in range(KILLS):
                received |= await _one_killed_under_load(supervisor.pid, asker, number)
            await _require_once(asker, number)
            received |= await _renewed_under_load(supervisor, asker, number)
            assert "shutting-down" not in log.read_text()
            await _require_joined_figures(url, len(received))
            supervisor.send_signal(signal.SIGTERM)
            assert await ended(supervisor, within_s=30) == 0
        for _ in range(RESTARTS):
            yardstick = await cpu_s_of_an_import()
            async with served(folder, url, log, "--workers", "2") as supervisor:
                assert cpu_s([supervisor.pid]) <= IMPORTS_OF_A_START * yardstick
                supervisor.send_signal(signal.SIGTERM)
                assert await ended(supervisor, within_s=30) == 0
    assert len(received) >= KILLS * ASKING
    assert received <= await _recorded(folder)


async def test_two_workers_share_one_quota(town: Town, tmp_path: Path) -> None:
    """API4: of many calls about one person as many are answered as one worker alone would answer.

    Forged tokens stand in the record to the last one when both workers have ended.
    """
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    url = f"http://127.0.0.1:{choose_port(0)}"
    number = town.people()["two_children"]["resident"]
    before = await _refused(folder)
    async with (
        examiner(folder, url, [number]) as asker,
        served(
            folder, url, tmp_path / "log", "--workers", "2", HITOTSU_SUBJECT_QUOTA=f"{ALLOWED}"
        ) as supervisor,
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
    ):
        async with asyncio.timeout(30):
            while len(_workers(supervisor.pid)) < 2:  # noqa: ASYNC110 - the supervisor's to start
                await asyncio.sleep(0.05)
        body = {"subject": asker.handles[number], "purpose": EXAMINER, "items": asker.items}
        began = asyncio.get_running_loop().time()
        answers = [await asker.response("POST", "/v1/questions", body) for _ in range(SENDS)]
        took_s = asyncio.get_running_loop().time() - began
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses.keys() == {200, 429}
        assert ALLOWED <= statuses[200] <= ALLOWED + took_s * ALLOWED / 60
        headers = {"Authorization": "DPoP forged", "Connection": "close"}
        for _ in range(FLOOD):
            answer = await http.post(f"{url}/v1/questions", json=body, headers=headers)
            assert answer.status_code == 401
        supervisor.send_signal(signal.SIGTERM)
        assert await ended(supervisor, within_s=30) == 0
    rows, refused = await _refused(folder)
    assert refused - before[1] == FLOOD + statuses[429]
    assert rows - before[0] < FLOOD


async def _refused(folder: Path) -> tuple[int, int]:
    """Return in how many rows how many refusals of the two kinds stand."""
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    query = select(func.count(), func.coalesce(func.sum(AuditRow.occurrences), 0)).where(
        AuditRow.outcome == "refused", AuditRow.function.in_(["token", "quota"])
    )
    try:
        async with store.session() as session:
            rows, refused = (await session.execute(query)).one()
            return rows, refused
    finally:
        await store.aclose()


async def _one_killed_under_load(supervisor: int, asker: Examiner, number: str) -> set[str]:
    """Kill one of the two in mid-load; return the ids of the answers before and after."""
    received: set[str] = set()
    enough, killed, again = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ask_on() -> None:
        while not again.is_set():
            with contextlib.suppress(GatewayUnavailable):
                received.add((await asker.ask(number))["question_id"])
                if len(received) >= ASKING:
                    enough.set()
                if killed.is_set() and len(received) >= before + ASKING:
                    again.set()

    before = 0
    asking = [asyncio.create_task(ask_on()) for _ in range(ASKING)]
    await enough.wait()
    victim, *_ = _workers(supervisor)
    os.kill(victim, signal.SIGKILL)
    before = len(received)
    killed.set()
    # The port answers on while one is dead, and there are two again.
    await asyncio.gather(*asking)
    async with asyncio.timeout(30):
        while victim in (alive := _workers(supervisor)) or len(alive) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return received


async def _renewed_under_load(
    supervisor: asyncio.subprocess.Process, asker: Examiner, number: str
) -> set[str]:
    """Have both replaced; return the ids of the answers. No connection is lost meanwhile.

    A busy machine may have no time for the audit record, which is a 503 of another kind.
    """
    received: set[str] = set()
    done = asyncio.Event()

    async def ask_on() -> None:
        while not done.is_set():
            try:
                received.add((await asker.ask(number))["question_id"])
            except GatewayUnavailable as busy:
                if busy.code != "status-503":
                    raise

    before = set(_workers(supervisor.pid))
    asking = [asyncio.create_task(ask_on()) for _ in range(ASKING)]
    supervisor.send_signal(signal.SIGHUP)
    while before & (now := set(_workers(supervisor.pid))) or len(now) != 2:
        await asyncio.wait(asking, timeout=0.05)
        assert not any(task.done() for task in asking)
    done.set()
    await asyncio.gather(*asking)
    return received


async def _require_once(asker: Examiner, number: str) -> None:
    """One proof, sent again and again over new connections: one answer, whoever is met."""
    await asker.ask(number)
    client = asker.client
    token = await client._current_token()
    body = {"subject": asker.handles[number], "purpose": "acceptance-test", "items": asker.items}
    proof = client._proof("/v1/questions", token)
    headers = {"Authorization": f"DPoP {token}", "DPoP": proof}

    async def send() -> int:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.post(f"{asker.url}/v1/questions", json=body, headers=headers)
        return answer.status_code

    assert Counter(await asyncio.gather(*(send() for _ in range(SENDS)))) == {200: 1, 401: 11}


async def _require_joined_figures(url: str, answered: int) -> None:
    """Whichever worker is asked tells the figures of both, those of the dead ones among them."""
    route = 'hitotsu_http_requests_total{method="POST",route="/v1/questions",status="200"}'
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(4):
            text = (await http.get(f"{url}/metrics", headers={"Connection": "close"})).text
            figures = dict(
                line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")
            )
            assert float(figures[route]) >= answered
            assert float(figures["hitotsu_http_requests_in_flight"]) == 1


def _workers(supervisor: int) -> list[int]:
    """Return the pids of the processes that the supervisor has now."""
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    return [int(pid) for pid in children if _state(int(pid)) not in {"Z", "X", ""}]


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return ""


async def _recorded(folder: Path) -> set[str]:
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with store.session() as session:
            return {str(i) for i in await session.scalars(select(AuditRow.audit_id))}
    finally:
        await store.aclose()
