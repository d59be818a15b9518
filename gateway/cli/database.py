"""``hitotsu db``."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.session import REFUSED, err, fail, read_settings, refuse_existing, run, say
from gateway.cli.whole_files import whole_files
from gateway.clock import TOKYO, SystemClock
from gateway.store.backup import Backup, BackupError, restore_backup, write_backup
from gateway.store.backup import Progress as Told
from gateway.store.engine import open_store
from gateway.store.migrate import SchemaState, schema_state
from gateway.store.migrate import upgrade as upgrade_store

app = typer.Typer(
    help="データベースの準備と確認 / Prepare and check the database.", no_args_is_help=True
)


@app.command()
def upgrade() -> None:
    """データベースを最新にする。何度実行してもよい / Bring the database up to date."""
    before, after = run(_upgrade(read_settings().database_url))
    if before.up_to_date:
        say(f"すでに最新です（{after.current}）。", f"Up to date already ({after.current}).")
    else:
        say(f"最新にしました（{after.current}）。", f"Now up to date ({after.current}).")


@app.command()
def check() -> None:
    """データベースが最新か確かめる / Tell whether the database is up to date."""
    state = run(_state(read_settings().database_url))
    if not state.up_to_date:
        fail(
            f"最新ではありません（現在 {state.current}、必要 {state.needed}）。"
            "hitotsu db upgrade を実行してください。",
            f"not up to date (is {state.current}, needs {state.needed}): run `hitotsu db upgrade`",
            REFUSED,
        )
    say(f"最新です（{state.current}）。", f"Up to date ({state.current}).")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="書くファイル / File to write.")],
) -> None:
    """動かしたまま、全部を一つのファイルに写す / Copy everything into one file, while serving."""
    refuse_existing(file)
    made = _refusing(_backup(read_settings().database_url, file))
    say(f"{made.total:,} 行を {file} に書きました。", f"{made.total:,} rows were written.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="バックアップ / The backup.")],
) -> None:
    """空のデータベースに、バックアップから戻す / Fill an empty database from a backup."""
    made = _refusing(_restore(read_settings().database_url, file))
    at = made.made_at.astimezone(TOKYO).isoformat(timespec="minutes")
    say(
        f"{at} 時点の {made.total:,} 行を戻しました。それよりあとに protection set で登録した措置は"
        "入っていません。動かす前に登録し直してください。",
        f"{made.total:,} rows as of {at} were restored. Measures that officers set later are not "
        "among them: enter them again before you serve.",
    )


def _refusing(work: Coroutine[Any, Any, Backup]) -> Backup:
    try:
        return run(work)
    except BackupError as error:
        fail(error.detail_ja, error.detail_en)


async def _backup(url: str, path: Path) -> Backup:
    store = open_store(url)
    try:
        with whole_files(path) as (file,), _shown() as told:
            return await write_backup(store, file, now=SystemClock().now(), progress=told)
    finally:
        await store.aclose()


async def _restore(url: str, path: Path) -> Backup:
    store = open_store(url)
    try:
        with _shown() as told:
            return await restore_backup(store, path, progress=told)
    finally:
        await store.aclose()


@contextmanager
def _shown() -> Iterator[Told]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bar = progress.add_task("")
        yield lambda table, done, total: progress.update(
            bar, description=table, completed=done, total=total
        )


async def _upgrade(url: str) -> tuple[SchemaState, SchemaState]:
    store = open_store(url)
    try:
        before = await schema_state(store)
        await upgrade_store(store)
        return before, await schema_state(store)
    finally:
        await store.aclose()


async def _state(url: str) -> SchemaState:
    store = open_store(url)
    try:
        return await schema_state(store)
    finally:
        await store.aclose()
