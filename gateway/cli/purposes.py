"""``hitotsu purpose``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.cli.options import Municipality
from gateway.cli.session import new_table, opened, out, read_settings, run, say

app = typer.Typer(help="利用目的（事務）の登録 / Purposes of asking.", no_args_is_help=True)


@app.command()
def add(
    purpose_id: Annotated[str, typer.Argument(help="利用目的の ID / Id of the purpose.")],
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="事務の名称（日本語） / Name in Japanese.")],
    name_en: Annotated[str, typer.Option(help="事務の名称（英語） / Name in English.")],
    legal_basis: Annotated[str, typer.Option(help="根拠法令（条まで） / Legal basis.")],
    organ: Annotated[str, typer.Option(help="担当課 / Organ that asks.")],
) -> None:
    """利用目的を登録する / Register a purpose."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await session.registry.add_purpose(
                municipality,
                purpose_id,
                name_ja=name,
                name_en=name_en,
                legal_basis=legal_basis,
                organ=organ,
            )

    run(work())
    say(f"利用目的 {purpose_id} を登録しました。", f"Purpose {purpose_id} registered.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """利用目的の一覧 / List the purposes."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("ID", "名称 / Name", "根拠 / Basis", "担当 / Organ")
        async with opened(settings) as session:
            for row in await session.registry.list_purposes(municipality):
                table.add_row(row.purpose_id, row.name_ja, row.legal_basis, row.organ)
        return table

    out().print(run(work()))
