"""A system that only gives files, over real HTTP: loaded, killed in mid-load, taken back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select, update

from examples.town.demo.places import choose_port
from gateway.store.engine import open_store
from gateway.store.tables import SnapshotRecordRow, SnapshotRow
from tests.acceptance.town_under_test import Examiner, Town, examiner, grant_right, served
from tests.adapters.pension_file import blocks, matsubi, sentou, shikaku

pytestmark = [pytest.mark.town, pytest.mark.timeout(240)]

KIND = "026.shikakujoho.hihokenshashubetsu"
MANY = 6_000
ADAPTER = ("reference-pension", "-m", "999997")


async def test_a_killed_load_changes_nothing_and_a_whole_one_is_answered_from(
    town: Town, tmp_path: Path
) -> None:
    """Complete or not at all; the one before is one command away."""
    folder = tmp_path / "gateway"
    shutil.copytree(town.folder / "gateway", folder)
    (tmp_path / "delivery").mkdir()
    _switch_on(folder, tmp_path / "delivery")
    url = f"http://127.0.0.1:{choose_port(0)}"
    number = town.people()["two_children"]["resident"]
    async with examiner(folder, url, [number]) as asker:
        await grant_right(folder, KIND)
        assert _hitotsu(folder, "route", "set", "026.shikakujoho", *ADAPTER).returncode == 0
        async with served(folder, url, tmp_path / "gateway.log"):
            assert (await _asked(asker, number))["status"] == "unavailable"
            _deliver(tmp_path / "delivery", number, "1", MANY)
            await _killed_in_mid_load(folder)
            assert (await _asked(asker, number))["status"] == "unavailable"
            assert _hitotsu(folder, "snapshot", "load", *ADAPTER).returncode == 1
            await _let_time_pass(folder)
            for kind in ("1", "3"):
                _deliver(tmp_path / "delivery", number, kind, 10)
                loaded = _hitotsu(folder, "snapshot", "load", *ADAPTER)
                assert loaded.returncode == 0, loaded.stderr
                part = await _asked(asker, number)
                assert _said(part) == kind
                assert part["provenance"]["method"] == "snapshot"
            assert _hitotsu(folder, "snapshot", "rollback", *ADAPTER).returncode == 0
            assert _said(await _asked(asker, number)) == "1"


def _switch_on(folder: Path, delivery: Path) -> None:
    path = folder / "adapters.yaml"
    enabled = yaml.safe_load(path.read_text("utf-8"))
    settings = {"delivery": str(delivery)}
    entry = {"adapter": ADAPTER[0], "municipality": ADAPTER[2], "settings": settings}
    enabled["adapters"].append({**entry, "hand_over": {"accept_unsigned": True}})
    path.write_text(yaml.safe_dump(enabled, allow_unicode=True), "utf-8")


def _deliver(folder: Path, number: str, kind: str, others: int) -> None:
    people = [shikaku(number, "0123456781", "架空花子", kind=kind)]
    people += [shikaku(f"9{n:011d}", f"{n:010d}", "見本次郎") for n in range(others)]
    content = blocks([sentou(), *people, matsubi(len(people), 0, 0)])
    (folder / "NENKIN.DAT").write_bytes(content)


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HITOTSU_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}",
        "HITOTSU_KEYS_DIR": str(folder / "keys"),
        "HITOTSU_ADAPTERS_FILE": str(folder / "adapters.yaml"),
    }


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", *words]


def _hitotsu(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(words), env=_environment(folder), capture_output=True, text=True, check=False
    )


async def _killed_in_mid_load(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *_command(("snapshot", "load", *ADAPTER)),
        env=_environment(folder),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with asyncio.timeout(60):
            written = 0
            while not written:
                assert process.returncode is None
                async with store.session() as session:
                    counted = select(func.count()).select_from(SnapshotRecordRow)
                    written = (await session.scalars(counted)).one()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    finally:
        await store.aclose()
    assert written < MANY


async def _let_time_pass(folder: Path) -> None:
    """Make the killed load an old one."""
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    try:
        async with store.transaction() as session:
            begun = (await session.scalars(select(SnapshotRow))).one()
            earlier = begun.touched_at.replace(year=begun.touched_at.year - 1)
            await session.execute(update(SnapshotRow).values(touched_at=earlier))
    finally:
        await store.aclose()


async def _asked(asker: Examiner, number: str) -> dict[str, Any]:
    answer = await asker.client.ask(asker.handles[number], [KIND])
    (part,) = answer["parts"]
    return dict(part)


def _said(part: dict[str, Any]) -> Any:
    return part["records"][0][KIND.rpartition(".")[2]]["value"]
