"""A core that nothing can connect to, and an edge that keeps nothing: over real sockets."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from examples.online_service.gateway_client import GatewayUnavailable
from examples.town.demo.places import choose_port
from gateway.relay.link import LinkFiles
from gateway.store.engine import open_store
from gateway.store.tables import AuditRow
from tests.acceptance.town_under_test import Examiner, Town, ended, examiner, served
from tests.gateway.relay.certificates import Authority
from tests.size import size_of

pytestmark = [pytest.mark.town, pytest.mark.timeout(size_of(ordinary=480, nightly=1800))]

DEADLINE_S = 8.0
ROUNDS = size_of(ordinary=1, nightly=30)
ASKING = 6


async def test_a_core_behind_closed_doors_answers_through_the_edge(
    town: Town, tmp_path: Path
) -> None:
    """NZ-1: the core listens on nothing; the edge leaves nothing on disk; killed, frozen or asked
    to end, each side leaves the other with problem documents in time and nothing done twice.
    """
    folder, place = tmp_path / "gateway", tmp_path / "edge"
    shutil.copytree(town.folder / "gateway", folder)
    place.mkdir()
    authority = Authority.new(tmp_path / "link")
    url, link = (f"http://127.0.0.1:{choose_port(0)}" for _ in range(2))
    number = town.people()["two_children"]["resident"]
    log = tmp_path / "core.log"
    asked_inside = {
        **_files(authority.issue("core")),
        "HITOTSU_EDGE_URLS": f'["{link.replace("http", "https")}"]',
    }
    received: set[str] = set()
    async with (
        examiner(folder, url, [number]) as asker,
        edge(place, url, link, authority) as outside,
    ):
        await _require_problem(url, 503, "core-unreachable", within_s=1)
        async with core(folder, url, log, asked_inside) as inside:
            assert _listening(inside.pid) == []
            assert _core_dumps(inside.pid) == _core_dumps(outside.pid) == ["0", "0"]
            received |= await _answers(asker, number)
            inside.send_signal(signal.SIGSTOP)
            await _require_problem(url, 504, "core-late", within_s=DEADLINE_S + 1)
            inside.send_signal(signal.SIGCONT)
            received |= await _answers(asker, number)
            for _ in range(ROUNDS):
                received |= await _killed_under_load(inside, asker, number)
                await _require_problem(url, 503, "core-unreachable", within_s=DEADLINE_S + 1)
        async with core(folder, url, log, asked_inside) as inside:
            received |= await _answers(asker, number)
            _require_nothing_on_disk(place, asker, number)
            outside.kill()
            await outside.wait()
            with pytest.raises(GatewayUnavailable, match="ConnectError"):
                await asker.ask(number)
            async with edge(place, url, link, authority) as again:
                await _until(f"{url}/ready", inside)
                received |= await _answers(asker, number)
                inside.send_signal(signal.SIGTERM)
                assert await ended(inside, within_s=30) == 0
                again.send_signal(signal.SIGTERM)
                assert await ended(again, within_s=30) == 0
    rows = await _recorded(folder)
    assert received <= set(rows)
    assert len(rows) == len(set(rows))
    _require_nothing_on_disk(place, asker, number)


def _files(files: LinkFiles) -> dict[str, str]:
    return {
        "HITOTSU_EDGE_CERTIFICATE": str(files.certificate),
        "HITOTSU_EDGE_KEY": str(files.key),
        "HITOTSU_EDGE_CA": str(files.authority),
    }


@asynccontextmanager
async def edge(
    place: Path, url: str, link: str, authority: Authority
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run an edge whose every file would come to lie in ``place``; yield it when it listens."""
    command = [sys.executable, "-m", "gateway.cli", "edge", "--port", url.rpartition(":")[2]]
    with (place / "log").open("ab") as out:
        process = await asyncio.create_subprocess_exec(
            *(*command, "--core-port", link.rpartition(":")[2]),
            cwd=place,
            stdout=out,
            stderr=out,
            env={
                **os.environ,
                **_files(authority.issue("edge")),
                "HITOTSU_PUBLIC_URL": url,
                "HITOTSU_EDGE_DEADLINE_S": str(DEADLINE_S),
                "HITOTSU_LOG_LEVEL": "debug",
                "TMPDIR": str(place),
                "HOME": str(place),
                "PYTHONPATH": str(Path.cwd()),
            },
        )
    try:
        await _until(f"{url}/health", process)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def core(
    folder: Path, url: str, log: Path, environment: dict[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a core that listens on nothing; yield it when the edge knows it."""
    async with served(folder, url, log, "--no-listen", **environment) as process:
        await _until(f"{url}/ready", process)
        yield process


async def _until(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False) as http:
        while process.returncode is None:
            try:
                if (await http.get(url)).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(process.returncode)


async def _answers(asker: Examiner, number: str) -> set[str]:
    async with asyncio.timeout(60):
        return set(await asyncio.gather(*(_answered(asker, number) for _ in range(ASKING))))


async def _answered(asker: Examiner, number: str) -> str:
    """Return the id of an answer; a read that was refused or late may be asked again."""
    while True:
        try:
            return str((await asker.ask(number))["question_id"])
        except GatewayUnavailable as busy:
            if busy.code not in {"status-503", "status-504"}:
                raise
            await asyncio.sleep(0.1)


async def _killed_under_load(
    inside: asyncio.subprocess.Process, asker: Examiner, number: str
) -> set[str]:
    """Kill the core in mid-load; return what was answered until then."""
    received: set[str] = set()
    enough = asyncio.Event()
    codes: list[str] = []

    async def ask_on() -> None:
        while not codes or inside.returncode is None:
            try:
                received.add((await asker.ask(number))["question_id"])
            except GatewayUnavailable as refused:
                codes.append(refused.code)
            if len(received) >= ASKING:
                enough.set()

    asking = [asyncio.create_task(ask_on()) for _ in range(ASKING)]
    await enough.wait()
    if inside.returncode is None:
        inside.kill()
        await inside.wait()
    async with asyncio.timeout(2 * DEADLINE_S + 2):
        await asyncio.gather(*asking)
    assert set(codes) <= {"status-503", "status-504"}
    return received


async def _require_problem(url: str, status: int, slug: str, *, within_s: float) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        begun = time.monotonic()
        answer = await http.post(f"{url}/v1/questions", json={})
        while status == 503 and answer.status_code == 504:
            # The core may have died just now: the edge knows after five seconds at most.
            begun = time.monotonic()
            answer = await http.post(f"{url}/v1/questions", json={})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"{url}/problems/{slug}"
    assert time.monotonic() - begun <= within_s


def _core_dumps(pid: int) -> list[str]:
    """Return how large a core dump of a process may be, softly and at most, as the kernel says."""
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = [line for line in limits if line.startswith("Max core file size")]
    return line.removeprefix("Max core file size").split()[:2]


def _listening(pid: int) -> list[str]:
    """Return the sockets on which a process listens, as the kernel knows them."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        target = str(link.readlink()) if link.is_symlink() else ""
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = "0A"
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == listening and fields[9] in inodes:
                found.append(fields[1])
    return found


def _require_nothing_on_disk(place: Path, asker: Examiner, number: str) -> None:
    """The log of the edge is all that there is, and it holds nothing of anybody."""
    files = [path for path in place.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["log"]
    text = files[0].read_text()
    assert "request" in text
    for secret in (asker.handles[number], number, "eyJ", "acceptance-test"):
        assert secret not in text


async def _recorded(folder: Path) -> list[str]:
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with store.session() as session:
            return [str(i) for i in await session.scalars(select(AuditRow.audit_id))]
    finally:
        await store.aclose()
