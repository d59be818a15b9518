"""``hitotsu protection compare | counts``: is our copy the source's list; what left, what not."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from gateway.audit import AuditKind
from gateway.cli.options import Municipality, day_option
from gateway.cli.protection_releases import protection_of
from gateway.cli.session import fail, new_table, opened, out, read_settings, run
from gateway.clock import TOKYO
from gateway.protection.service import Comparison
from gateway.protection.store import CountStore

app = typer.Typer()


@app.command()
def compare(municipality: Municipality) -> None:
    """旗の写しを、システムの一覧と一件ずつ突き合わせる。違えば住所類を止める / Compare the flags.

    To be run before and after a switch or a migration: 1 where they differ, and nobody's address
    leaves until they are equal.
    """
    settings = read_settings()

    async def work() -> list[Comparison]:
        async with opened(settings) as session, protection_of(session, settings) as protection:
            found = await protection.compare(municipality)
            equal = bool(found) and all(one.equal for one in found)
            await session.record(
                "protection-compare",
                "equal" if equal else "not-equal",
                municipality=municipality,
                kind=AuditKind.EVENT,
            )
            return found

    found = run(work())
    table = new_table(
        "アダプター / Adapter",
        "件数 / Flags",
        "一覧だけ / Source only",
        "写しだけ / Copy only",
        "写しの変更 / Altered",
    )
    for one in found:
        figures = [str(n) for n in (one.flags, one.only_source, one.only_copy)]
        figures.append("あり / yes" if one.altered else "-")
        table.add_row(one.adapter_id, *(figures if one.readable else ["?"] * 4))
    out().print(table)
    if not found or not all(one.equal for one in found):
        fail(
            "等しいと確かめられません。等しくなるまで住所類は出ません。",
            "The flags are not known to be equal; no address leaves until they are.",
        )


@app.command()
def counts(
    municipality: Municipality,
    day: Annotated[dt.date | None, day_option("日（既定：今日）", "The day; today.")] = None,
) -> None:
    """一日に出さなかった項目と、例外・一時解除で出た項目の数を示す / Count items of a day."""
    settings = read_settings()

    async def work() -> tuple[dt.date, int, int]:
        async with opened(settings) as session:
            shown = day or session.clock.now().astimezone(TOKYO).date()
            return shown, *await CountStore(session.store).of_day(municipality, shown)

    shown, withheld, revealed = run(work())
    table = new_table("日 / Day", "出さなかった / Withheld", "出た / Revealed")
    table.add_row(shown.isoformat(), str(withheld), str(revealed))
    out().print(table)
