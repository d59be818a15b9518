"""``hitotsu submission``: statements on their way to the systems. Values are never shown."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.audit import AuditEntry, AuditKind, AuditRecord, to_record
from gateway.cli.options import Municipality
from gateway.cli.session import Session, fail, new_table, opened, out, read_settings, run, say
from gateway.clock import TOKYO
from gateway.submissions import SubmissionStore

app = typer.Typer(help="本人の申告の受け渡し / Submissions on their way.", no_args_is_help=True)


@app.command()
def parked(municipality: Municipality) -> None:
    """渡せなかった申告の一覧 / List what could not be handed over."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table(
            "ID", "渡し先 / System", "グループ / Group", "理由 / Reason", "日時 / Since"
        )
        async with opened(settings) as session:
            await session.record("submission-parked", "shown", municipality=municipality)
            for row in await SubmissionStore(session.store).parked(municipality):
                since = row.parked_at.astimezone(TOKYO) if row.parked_at else None
                shown = since.isoformat(timespec="minutes") if since else ""
                table.add_row(
                    row.message_id, row.adapter_id, row.group_ref, row.reason or "", shown
                )
        return table

    out().print(run(work()))


@app.command()
def retry(
    message_id: Annotated[str, typer.Argument(help="parked の ID / Id shown by parked.")],
    municipality: Municipality,
) -> None:
    """渡せなかった申告をもう一度渡す / Hand a parked one over again."""
    settings = read_settings()

    async def work() -> bool:
        async with opened(settings) as session:
            return await SubmissionStore(session.store).requeue(
                municipality,
                message_id,
                session.clock.now(),
                _record(session, municipality, message_id),
            )

    if not run(work()):
        fail(
            "その ID の渡せなかった申告はないか、同じ人の後の申告がもう渡っています。",
            "no parked submission of this id, or a later one of the same person went before it",
        )
    say("もう一度渡します。", "It will be handed over again.")


def _record(session: Session, municipality: str, message_id: str) -> AuditRecord:
    return to_record(
        AuditEntry(
            municipality=municipality,
            at=session.clock.now(),
            kind=AuditKind.EVENT,
            outcome="requeued",
            trace_id=message_id,
            terminal=session.actor,
            function="submission-hand-over",
        )
    )
