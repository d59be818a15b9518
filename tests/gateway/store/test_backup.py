"""BK-1: a backup holds all at one moment; a restored gateway tells no address before it may."""

from __future__ import annotations

import datetime as dt
import shutil
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from gateway.audit.tree import TreeStore, verify
from gateway.keys import FileKeyStore
from gateway.protection import FlagStore, ProtectionService, ProtectionStatus
from gateway.protection.measures import MeasureKind, Measures
from gateway.protection.store import MeasureStore
from gateway.store.backup import (
    NOT_KEPT,
    BackupError,
    read_manifest,
    restore_backup,
    write_backup,
)
from gateway.store.engine import Store, open_store
from gateway.store.tables import AuditRow, Base, FlagCopyRow
from tests.gateway.audit.grown import tree_over, write_rows
from tests.gateway.questions.conftest import BLOCK, TOWN, World, world

__all__ = ["world"]


@pytest.fixture
async def empty(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A new database of this version."""
    path = tmp_path / "restored.db"
    shutil.copy(sqlite_template, path)
    opened = open_store(f"sqlite+aiosqlite:///{path}")
    yield opened
    await opened.aclose()


async def backup_of(store: Store, path: Path, now: dt.datetime) -> Any:
    with path.open("wb") as file:
        return await write_backup(store, file, now=now)


async def contents(store: Store) -> dict[str, list[Any]]:
    async with store.session() as session:
        return {
            t.name: sorted(map(repr, await session.execute(select(t))))
            for t in Base.metadata.sorted_tables
            if t.name not in NOT_KEPT
        }


async def test_what_is_restored_is_what_was_there(
    world: World, store: Store, empty: Store, tmp_path: Path
) -> None:
    """Every row of every table but the age of the flags; counts reconcile."""
    await world.ask(BLOCK)
    path = tmp_path / "backup.zip"
    seen: list[tuple[int, int]] = []
    made = await backup_of(store, path, world.clock.now())
    again = await restore_backup(empty, path, progress=lambda _t, d, n: seen.append((d, n)))
    assert again == made
    assert seen[-1] == (made.total, made.total)
    assert await contents(empty) == await contents(store)
    assert made.rows["audit"] > 0


async def test_the_audit_record_is_whole_and_goes_on_behind_its_last_row(
    store: Store, empty: Store, keys: FileKeyStore, clock: Any, tmp_path: Path
) -> None:
    """The tree verifies after the restore, in a database of either kind."""
    await write_rows(store, 30)
    await tree_over(store, keys).seal()
    path = tmp_path / "backup.zip"
    await backup_of(store, path, clock.now())
    await restore_backup(empty, path)
    verdict = await verify(TreeStore(empty), keys.keys().heads, ())
    assert (verdict.finding, verdict.rows, verdict.sealed) == (None, 30, 30)


async def test_a_backup_of_sqlite_moves_to_the_database_of_production(
    empty: Store, store: Store, keys: FileKeyStore, clock: Any, tmp_path: Path
) -> None:
    """Numbers that the database gives out go on where they were."""
    await write_rows(empty, 5)
    path = tmp_path / "backup.zip"
    await backup_of(empty, path, clock.now())
    await restore_backup(store, path)
    await write_rows(store, 1)
    async with store.session() as session:
        last = (await session.scalars(select(func.max(AuditRow.sequence)))).one()
    assert last == 6
    assert (await verify(TreeStore(store), keys.keys().heads, ())).finding is None


async def test_after_a_restore_nobodys_protection_is_known_until_the_flags_are_read(
    world: World, store: Store, empty: Store, tmp_path: Path
) -> None:
    """Even a minute later: flags may have come since the backup was made."""
    path = tmp_path / "backup.zip"
    measures = Measures(MeasureStore(store), clock=world.clock, actor="officer")
    await measures.set(
        TOWN, "resident", "R1", MeasureKind.FULL, since=None, until=None, subject_key=None
    )
    await backup_of(store, path, world.clock.now())
    assert await world.protection.status(TOWN, {"resident": ["R3"]}) is ProtectionStatus.CLEAR
    await restore_backup(empty, path)
    async with empty.session() as session:
        assert (await session.scalars(select(FlagCopyRow))).all() == []
    protection = ProtectionService(
        FlagStore(empty),
        world.connections,
        clock=world.clock,
        log=world.log,
        flag_max_age=dt.timedelta(minutes=10),
    )
    for number in ("R1", "R2", "R3"):
        status = await protection.status(TOWN, {"resident": [number]})
        assert status is ProtectionStatus.UNKNOWN
    world.systems["resident"].flagged = ("R3",)
    await protection.pull()
    now = [await protection.status(TOWN, {"resident": [n]}) for n in ("R1", "R2", "R3", "R4")]
    assert now == [
        ProtectionStatus.PROTECTED,
        ProtectionStatus.PROTECTED,
        ProtectionStatus.PROTECTED,
        ProtectionStatus.CLEAR,
    ], "an officer's measure stays, so does whoever left the list, and the list is that of now"


async def test_a_database_with_anything_in_it_is_not_written_over(
    world: World, store: Store, tmp_path: Path
) -> None:
    """Not by its own backup either; it stays as it is."""
    path = tmp_path / "backup.zip"
    await backup_of(store, path, world.clock.now())
    before = await contents(store)
    with pytest.raises(BackupError, match="not empty"):
        await restore_backup(store, path)
    assert await contents(store) == before


async def test_a_restore_that_fails_leaves_an_empty_database(
    world: World, store: Store, empty: Store, tmp_path: Path
) -> None:
    """One transaction: what is killed or refused in the middle was never there."""
    path = tmp_path / "backup.zip"
    made = await backup_of(store, path, world.clock.now())

    def break_off(_table: str, done: int, _total: int) -> None:
        if done > made.total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await restore_backup(empty, path, progress=break_off)
    assert not any((await contents(empty)).values())
    await restore_backup(empty, path)


@pytest.mark.parametrize("harm", ["cut", "byte", "table", "text", "revision", "other words"])
async def test_a_damaged_backup_is_refused_before_anything_is_written(
    world: World, store: Store, empty: Store, tmp_path: Path, harm: str
) -> None:
    """Half a file, a flipped byte, a table without a row, no backup at all, another version."""
    path, harmed = tmp_path / "backup.zip", tmp_path / "harmed.zip"
    await backup_of(store, path, world.clock.now())
    content = path.read_bytes()
    if harm == "cut":
        harmed.write_bytes(content[: len(content) // 2])
    elif harm == "text":
        harmed.write_text("no archive")
    elif harm == "byte":
        place = content.index(b"source_number.jsonl") + 60
        harmed.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    else:
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(harmed, "w") as other:
            for name in whole.namelist():
                data = whole.read(name)
                if harm == "table" and name == "source_number.jsonl":
                    data = b"\n".join(data.splitlines()[1:]) + b"\n"
                if harm == "revision" and name == "manifest.json":
                    data = data.replace(b'"revision": "', b'"revision": "9')
                if harm == "other words" and name == "manifest.json":
                    data = b"[]"
                other.writestr(name, data)
    with pytest.raises(BackupError):
        read_manifest(harmed)
    with pytest.raises(BackupError):
        await restore_backup(empty, harmed)
    assert not any((await contents(empty)).values())


def test_a_backup_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    """Not in those of the operating system."""
    with pytest.raises(BackupError) as refused:
        read_manifest(tmp_path / "nothing.zip")
    assert str(refused.value.detail_ja) == "このファイルはありません。"
