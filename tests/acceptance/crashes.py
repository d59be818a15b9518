"""A gateway and its database that are killed in mid-load, and what they must have kept."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from examples.online_service.gateway_client import GatewayUnavailable
from examples.town.demo.places import choose_port
from gateway.audit.tree import TreeStore, read_heads, verify
from gateway.clock import SystemClock
from gateway.keys import FileKeyStore
from gateway.store.backup import restore_backup, write_backup
from gateway.store.engine import open_store
from gateway.store.migrate import upgrade
from gateway.store.tables import AuditRow
from tests.acceptance.nursery import Forked, Nursery
from tests.acceptance.town_under_test import EXAMINER, Examiner
from tools.throwaway_postgres import ThrowawayPostgres

ASKING = 6
PAUSE_S = 0.1
"""How long somebody who was not answered waits before asking again."""


class Killed(StrEnum):
    """What is ended with SIGKILL."""

    GATEWAY = "gateway"
    DATABASE = "database"
    BOTH = "both"


@dataclass
class Installation:
    """A gateway of the town, on files of its own; with a server of its own for its database."""

    folder: Path
    url: str
    process: Forked
    database_url: str
    server: ThrowawayPostgres | None = None
    outside: Path = field(default_factory=Path)

    async def kill(self, what: Killed) -> None:
        """End it as a power cut would; the database first, where both go."""
        if what is not Killed.GATEWAY:
            assert self.server is not None
            await asyncio.to_thread(self.server.kill)
        if what is not Killed.DATABASE:
            await self.process.kill()

    async def start(self) -> None:
        """Start what does not run."""
        if self.server is not None:
            await asyncio.to_thread(self.server.start)
        await self.process.start()

    async def recorded(self) -> set[str]:
        """Return the id of every audit record."""
        store = open_store(self.database_url)
        try:
            async with store.session() as session:
                return {str(i) for i in await session.scalars(select(AuditRow.audit_id))}
        finally:
            await store.aclose()

    def require_no_crash(self) -> None:
        """Whoever was not answered was refused: no error of ours was met on the way."""
        assert "request-crashed" not in self.process.log.read_text()

    async def require_whole(self, *, heads_at_least: int) -> None:
        """Every row, every head in the database and every head outside lie on one tree."""
        keys = FileKeyStore(self.folder / "keys").keys().heads
        heads, _cut_lines = read_heads(self.outside, keys)
        store = open_store(self.database_url)
        try:
            verdict = await verify(TreeStore(store), keys, heads)
        finally:
            await store.aclose()
        assert verdict.finding is None
        assert verdict.heads >= heads_at_least
        assert verdict.anchors == len(heads)


def install(
    nursery: Nursery, town_folder: Path, tmp_path: Path, database_url: str | None = None
) -> Installation:
    """Return a gateway on a copy of the town's files, not started yet.

    Its database is the copied file unless another one is given.
    """
    folder = tmp_path / "gateway"
    shutil.copytree(town_folder / "gateway", folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    port = choose_port(0)
    url = f"http://127.0.0.1:{port}"
    database_url = database_url or f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}"
    environment = {
        "HITOTSU_DATABASE_URL": database_url,
        "HITOTSU_PUBLIC_URL": url,
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
        "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
        "HITOTSU_AUDIT_HEAD_INTERVAL_S": "0.1",
        "HITOTSU_AUDIT_ANCHOR_DIR": str(outside),
        "HITOTSU_OUTBOX_POLL_S": "0.1",
        "HITOTSU_SUBJECT_QUOTA": "1000000",
    }
    process = Forked(nursery, environment, port, tmp_path / "gateway.log")
    return Installation(folder, url, process, database_url, outside=outside)


async def move(installation: Installation, file: Path) -> None:
    """Carry the registrations from the copied file over into the database of the installation."""
    source = open_store(f"sqlite+aiosqlite:///{installation.folder / 'hitotsu.db'}")
    target = open_store(installation.database_url)
    try:
        with file.open("wb") as archive:
            await write_backup(source, archive, now=SystemClock().now())
        await upgrade(target)
        await restore_backup(target, file)
    finally:
        await source.aclose()
        await target.aclose()


@dataclass
class Load:
    """Questions from several sides, and the ids of the answers that were received."""

    asker: Examiner
    number: str
    items: tuple[str, ...]
    received: set[str] = field(default_factory=set)
    refused: int = 0
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _asking: list[asyncio.Task[None]] = field(default_factory=list)

    def begin(self) -> None:
        """Ask from now on, again after every failure."""
        self._asking = [asyncio.create_task(self._ask()) for _ in range(ASKING)]

    async def more(self, count: int) -> None:
        """Wait until so many more answers have been received."""
        wanted = len(self.received) + count
        while len(self.received) < wanted:
            self._arrived.clear()
            await self._arrived.wait()

    async def end(self) -> None:
        """Ask no more."""
        for task in self._asking:
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        while True:
            try:
                answer = await self.asker.ask(self.number, self.items)
            except GatewayUnavailable:
                self.refused += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.received.add(answer["question_id"])
            self._arrived.set()


async def state_place(asker: Examiner, handle: str, place: str, key: str) -> dict[str, Any] | None:
    """State to where letters are to be sent; return the reply, None where it must be sent again.

    That is: no answer, one that says to come again, or one of a process that was just started and
    wants a nonce of its own.
    """
    body = {
        "subject": handle,
        "purpose": EXAMINER,
        "items": [{"item": "010.sofusakijoho.sofusaki_choaza", "value": place}],
        "consent": {"text": "v1", "given_at": "2026-10-01T09:59:00+09:00"},
    }
    try:
        reply = await asker.send("POST", "/v1/submissions", body, {"Idempotency-Key": key})
    except (httpx.HTTPError, GatewayUnavailable):
        return None
    if reply.status_code == httpx.codes.CREATED:
        made: dict[str, Any] = reply.json()
        return made
    assert reply.status_code in {401, 409, 503}, reply.text
    return None
