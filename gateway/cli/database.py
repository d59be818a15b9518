"""``hitotsu db``."""

from __future__ import annotations

import typer

from gateway.cli.session import REFUSED, fail, read_settings, run, say
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
