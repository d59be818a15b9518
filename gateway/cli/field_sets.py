"""``hitotsu field-set``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.cli.options import Municipality
from gateway.cli.session import new_table, opened, out, read_settings, run, say
from gateway.store.tables import FieldSetRow

app = typer.Typer(help="項目セット / Named sets of items.", no_args_is_help=True)

SetId = Annotated[str, typer.Argument(help="項目セットの ID / Id of the set.")]


@app.command()
def add(
    set_id: SetId,
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="項目セットの名称 / Name.")],
    item: Annotated[
        list[str],
        typer.Option(
            help="項目またはグループの参照名（繰り返し可） / Reference of an item or a group."
        ),
    ],
) -> None:
    """項目セットを登録する。あとから変わらない / Register a set; it never changes."""
    settings = read_settings()

    async def work() -> FieldSetRow:
        async with opened(settings) as session:
            return await session.field_sets.add(municipality, set_id, name=name, items=item)

    row = run(work())
    say(
        f"項目セット {set_id} を登録しました（{len(row.items)} 項目）。",
        f"Field set {set_id} registered ({len(row.items)} items).",
    )


@app.command()
def retire(set_id: SetId, municipality: Municipality) -> None:
    """項目セットの使用を終える。今の許可は変わらない / Retire a set; grants stay as they are."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.field_sets.retire(municipality, set_id)

    run(work())
    say(f"項目セット {set_id} の使用を終えました。", f"Field set {set_id} retired.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """項目セットの一覧 / List the sets."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("ID", "名称 / Name", "項目 / Items")
        async with opened(settings) as session:
            for row in await session.field_sets.all(municipality):
                ended = "（終了 / retired）" if row.retired_at is not None else ""
                table.add_row(row.set_id + ended, row.name, "\n".join(row.items))
        return table

    out().print(run(work()))
