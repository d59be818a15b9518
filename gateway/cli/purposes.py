"""``hitotsu purpose``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from gateway.access.limits import Bases, OrganKind
from gateway.accesses import AccessesStore, DisclosureHolds, HoldKind
from gateway.cli.options import Municipality, day_option
from gateway.cli.session import Session, new_table, opened, out, read_settings, run, say

Result = TypeVar("Result")

app = typer.Typer(help="利用目的（事務）の登録 / Purposes of asking.", no_args_is_help=True)


@app.command()
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    purpose_id: Annotated[str, typer.Argument(help="利用目的の ID / Id of the purpose.")],
    municipality: Municipality,
    name: Annotated[str, typer.Option(help="事務の名称（日本語） / Name in Japanese.")],
    name_en: Annotated[str, typer.Option(help="事務の名称（英語） / Name in English.")],
    legal_basis: Annotated[str, typer.Option(help="根拠法令（条まで） / Legal basis.")],
    organ: Annotated[str, typer.Option(help="担当課 / Organ that asks.")],
    organ_kind: Annotated[
        OrganKind,
        typer.Option(
            help="担当の種類：general 市長部局・tax 税務・welfare 福祉事務所・education "
            "教育委員会・other 他の執行機関 / Kind of the organ."
        ),
    ] = OrganKind.GENERAL,
    tax_basis: Annotated[
        str | None,
        typer.Option(help="税の情報を使える根拠規定（条まで） / Provision that opens tax facts."),
    ] = None,
    provision_basis: Annotated[
        str | None,
        typer.Option(help="他の執行機関への提供の根拠（条例など） / Basis of the provision."),
    ] = None,
    number_use: Annotated[
        str | None,
        typer.Option(
            help="個人番号を使う事務（番号法第9条。juminzei・jidoteate など） / Affair of the "
            "Number Act for which My Numbers are used."
        ),
    ] = None,
    number_ordinance: Annotated[
        str | None,
        typer.Option(
            help="個人番号の利用・提供を定める条例（条まで） / Ordinance on the use or provision."
        ),
    ] = None,
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
                organ_kind=organ_kind,
                bases=Bases(tax_basis, provision_basis, number_use, number_ordinance),
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


@app.command()
def hold(
    purpose_id: Annotated[str, typer.Argument(help="利用目的の ID / Id of the purpose.")],
    municipality: Municipality,
    kind: Annotated[
        HoldKind,
        typer.Option(help="sealed（本人に知らせない利用） / investigation（捜査・調査の間だけ）"),
    ],
    held_from: Annotated[
        dt.date, day_option("この日以降の利用を見せない", "Uses from this day on are not shown.")
    ],
    held_until: Annotated[
        dt.date | None, day_option("この日まで見せない（含む）", "Through this day.")
    ] = None,
) -> None:
    """本人の閲覧記録に、この目的の利用を見せない / Do not show residents uses for a purpose."""

    async def work(holds: DisclosureHolds) -> str:
        row = await holds.hold(
            municipality, purpose_id, kind, held_from=held_from, held_until=held_until
        )
        return row.hold_id

    hold_id = _with_holds(work)
    say(f"保留 {hold_id} を登録しました。", f"Hold {hold_id} registered.")


@app.command()
def lift(
    hold_id: Annotated[str, typer.Argument(help="保留の ID / Id of the hold.")],
    municipality: Municipality,
) -> None:
    """保留を終える。利用はすぐに見えるようになる / End a hold; the uses are shown at once."""
    _with_holds(lambda holds: holds.lift(municipality, hold_id))
    say(f"保留 {hold_id} を終えました。", f"Hold {hold_id} lifted.")


@app.command()
def holds(municipality: Municipality) -> None:
    """保留の一覧 / List the holds."""

    async def work(found: DisclosureHolds) -> Table:
        table = new_table("ID", "利用目的 / Purpose", "種類 / Kind", "期間 / Period", "登録 / By")
        for row in await found.all(municipality):
            period = f"{row.held_from} – {row.held_until or ''}".rstrip()
            if row.lifted_at is not None:
                period += "（終了 / lifted）"
            table.add_row(row.hold_id, row.purpose_id, row.kind, period, row.created_by)
        return table

    out().print(_with_holds(work))


def _with_holds(work: Callable[[DisclosureHolds], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            return await work(_holds(session))

    return run(opened_work())


def _holds(session: Session) -> DisclosureHolds:
    return DisclosureHolds(AccessesStore(session.store), clock=session.clock, actor=session.actor)
