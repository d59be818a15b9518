"""``hitotsu protection recall | recalls``: addresses that consumers must erase."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.table import Table

from gateway.audit import AuditKind
from gateway.cli.options import Municipality
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_numbers,
    read_settings,
    run,
    say,
)
from gateway.clock import TOKYO
from gateway.recalls import Recalls, RecallStore, WatchRooms
from gateway.recalls.watch import RecallReason
from gateway.settings import Settings

app = typer.Typer()


@app.command()
def recall(
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers piped in."),
    ],
    reason: Annotated[
        RecallReason,
        typer.Option(
            help="correction（訂正）/ returned-mail（返戻）/ protection。連携先には伝えない / "
            "Stands in the audit record alone."
        ),
    ],
) -> None:
    """住所類を渡した連携先に消去を知らせる。番号は標準入力から / Recall addresses of people."""
    settings, numbers = read_settings(), read_numbers()

    async def work() -> int:
        async with opened(settings) as session:
            found = [
                await session.subjects.find_by_number(municipality, numbering, number)
                for number in numbers
            ]
            people = [subject.subject_id for subject in found if subject is not None]
            if unknown := len(numbers) - len(people):
                await session.record(
                    "recall", "refused", municipality=municipality, kind=AuditKind.EVENT
                )
                fail(
                    f"登録されていない番号が {unknown} 件あります。何もしていません。",
                    f"{unknown} numbers are not known; nothing was done.",
                )
            recalls = _recalls(session, settings)
            return sum(
                [
                    await recalls.recall(municipality, who, reason, actor=session.actor)
                    for who in people
                ]
            )

    made = run(work())
    say(f"お知らせを {made} 件作りました。", f"{made} events were made.")


@app.command()
def recalls(municipality: Municipality) -> None:
    """まだ応答のないお知らせを連携先ごとに示す / List what consumers have not acknowledged."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table("連携先 / Client", "件数 / Open", "最も古いもの / Since")
        async with opened(settings) as session:
            for waiting in await RecallStore(session.store).open(municipality):
                since = waiting.oldest.astimezone(TOKYO).isoformat(timespec="minutes")
                table.add_row(waiting.client_id, str(waiting.count), since)
        return table

    out().print(run(work()))


def _recalls(session: Session, settings: Settings) -> Recalls:
    rooms = WatchRooms(
        RecallStore(session.store), session.audit_log(), read_dictionary(settings), session.clock
    )
    return Recalls(rooms, window=dt.timedelta(days=settings.recall_days))
