"""``hitotsu linkage``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.audit import settings_entry
from gateway.cli.options import Municipality, Numbering
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_settings,
    run,
    say,
)
from gateway.linkage import LinkageRegistry, LinkageStore, NewSystem
from gateway.numbers import NumberStore
from gateway.numbers.service import open_series
from gateway.store.tables import NumberSeriesRow
from standard_models.reference.check_digits import RemainderOne

app = typer.Typer(help="庁内データ連携 / National linkage face.", no_args_is_help=True)
system = typer.Typer(help="連携システム / Systems that call the face.", no_args_is_help=True)
app.add_typer(system, name="system")


def _registry(session: Session) -> LinkageRegistry:
    return LinkageRegistry(
        LinkageStore(session.store),
        session.keys,
        read_dictionary(session.settings),
        clock=session.clock,
        actor=session.actor,
    )


@system.command()
def add(
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="システムの名称 / Name.")],
    business: Annotated[
        str, typer.Option(help="業務ID・独自施策システム等ID（3 文字） / Id of the business.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            help="スコープ「業務ID:APIコール名:Create か Read」（繰り返し可） / "
            "Scope; may be repeated."
        ),
    ],
    purpose: Annotated[str, typer.Option(help="利用目的の ID / Id of the purpose.")],
    numbering: Numbering,
) -> None:
    """連携システムを登録し、秘密を一度だけ示す / Register a system; its secret is shown once."""
    settings = read_settings()

    async def work() -> NewSystem:
        async with opened(settings) as session:
            return await _registry(session).add(
                municipality,
                name=name,
                business=business,
                scopes=scope,
                purpose=purpose,
                numbering=numbering,
            )

    made = run(work())
    say(f"連携システム {made.client_id} を登録しました。", "System registered.")
    out().print(f"client_id: {made.client_id}", markup=False, soft_wrap=True)
    out().print(f"client_secret: {made.client_secret}", markup=False, soft_wrap=True)


@system.command("list")
def list_(municipality: Municipality) -> None:
    """連携システムの一覧 / List the systems."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("ID", "名称 / Name", "業務ID", "スコープ / Scopes", "状態 / State")
        async with opened(settings) as session:
            for row, name in await LinkageStore(session.store).systems(municipality):
                state = "停止 / revoked" if row.revoked_at else "有効 / in use"
                table.add_row(row.client_id, name, row.business, "\n".join(row.scopes), state)
        return table

    out().print(run(work()))


@system.command()
def revoke(
    client_id: Annotated[str, typer.Argument(help="連携システムの ID / Id of the system.")],
    municipality: Municipality,
) -> None:
    """連携システムを停止する（すぐに効く） / Refuse a system and its tokens, at once."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            await _registry(session).revoke(municipality, client_id)

    run(work())
    say(f"連携システム {client_id} を停止しました。", f"System {client_id} revoked.")


@app.command("series")
def series(
    municipality: Municipality,
    first: Annotated[int, typer.Option(min=0, help="最初の連番 / First serial.")],
    last: Annotated[int, typer.Option(min=0, help="最後の連番 / Last serial.")],
    numbering: Numbering,
    width: Annotated[
        int, typer.Option(min=2, max=15, help="検査数字を含む桁数 / Digits with the check digit.")
    ] = 10,
    remainder_one: Annotated[
        RemainderOne,
        typer.Option(help="余り 1 の番号：0 とする・発番しない / What a remainder of 1 means."),
    ] = RemainderOne.NOT_ISSUED,
) -> None:
    """住登外者宛名番号の連番の範囲を決める / Set from which serials numbers are made."""
    settings = read_settings()

    async def work() -> None:
        async with opened(settings) as session:
            row = NumberSeriesRow(
                municipality=municipality,
                next_serial=first,
                last_serial=last,
                width=width,
                remainder_one=remainder_one.value,
                numbering=numbering,
            )
            entry = settings_entry(
                municipality,
                session.clock.now(),
                session.actor,
                "number-series",
            )
            await open_series(NumberStore(session.store), row, entry)

    try:
        run(work())
    except ValueError as error:
        fail("連番が桁数に入らないか、使用中の連番より前です。", str(error))
    say("連番の範囲を決めました。", "The serials are set.")
