"""``hitotsu audit``. Looking at records is recorded."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from gateway.audit import AuditKind, AuditQuery, AuditStore, leaf_hash
from gateway.cli import audit_disclosure, audit_search, audit_tree, audit_watch
from gateway.cli.options import Municipality, moment_option, require_order
from gateway.cli.session import (
    REFUSED,
    Session,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    run,
)
from gateway.clock import TOKYO
from gateway.store.tables import AuditRow

app = typer.Typer(help="監査記録 / The audit record.", no_args_is_help=True)
app.command("disclose")(audit_disclosure.disclose)
app.command("verify")(audit_tree.verify_)
app.command("export")(audit_tree.export)
app.command("verifier")(audit_tree.verifier)
app.command("prove")(audit_tree.prove)
app.add_typer(audit_tree.head_app, name="head")
app.add_typer(audit_search.app, name="search")
app.add_typer(audit_watch.app, name="watch")


@app.command("list")
def list_(
    municipality: Municipality,
    since: Annotated[dt.datetime | None, moment_option("この日時から", "From this time.")] = None,
    until: Annotated[dt.datetime | None, moment_option("この日時の前まで", "Before it.")] = None,
    client: Annotated[str | None, typer.Option(help="連携先の ID / Consumer.")] = None,
    numbering: Annotated[
        str | None,
        typer.Option(
            "--of",
            help="標準入力の番号（この番号体系）の人の記録だけ / Only of the person whose number, "
            "in this numbering, is on standard input.",
        ),
    ] = None,
    kind: Annotated[
        AuditKind | None,
        typer.Option(help="この種類だけ（警報は event） / Of this kind only; alarms are event."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="件数 / How many.")] = 100,
) -> None:
    """監査記録を新しい順に表示する / List records, newest first."""
    settings = read_settings()
    require_order(since, until)
    number = _one_number() if numbering else None

    async def work() -> Table:
        async with opened(settings) as session:
            key = await _subject_key(session, municipality, numbering or "", number)
            query = AuditQuery(municipality, since, until, client, key, kind, limit)
            rows = await AuditStore(session.store).list(query)
            await session.record(
                "audit-list", "shown", municipality=municipality, subject_keys=[key]
            )
            return _table(rows)

    out().print(run(work()))


@app.command()
def show(
    audit_id: Annotated[str, typer.Argument(help="記録の ID / Id of the record.")],
    municipality: Municipality,
) -> None:
    """監査記録を一件表示し、ハッシュを確かめる / Show one record and check its hash."""
    settings = read_settings()

    async def work() -> AuditRow | None:
        async with opened(settings) as session:
            row = await AuditStore(session.store).find(audit_id)
            if row is None or row.municipality != municipality:
                return None
            await session.record(
                "audit-show", "shown", municipality=municipality, subject_keys=[row.subject_key]
            )
            return row

    row = run(work())
    if row is None:
        fail("この記録はありません。", "there is no such record", REFUSED)
    out().print(json.dumps(json.loads(row.entry), ensure_ascii=False, indent=2), markup=False)
    if leaf_hash(row.entry) != row.leaf_hash:
        fail("記録とハッシュが一致しません。", "the record does not match its hash", REFUSED)


def _one_number() -> str:
    numbers = read_numbers()
    if len(numbers) > 1:
        fail("番号は一つだけ渡してください。", "one number only", 2)
    return numbers[0]


async def _subject_key(
    session: Session, municipality: str, numbering: str, number: str | None
) -> str | None:
    if number is None:
        return None
    subject = await session.subjects.find_by_number(municipality, numbering, number)
    if subject is None:
        fail(
            f"番号体系 {numbering} に、この番号の人は登録されていません。",
            f"nobody has this number in {numbering}",
            REFUSED,
        )
    return session.audit_log().pseudonym(municipality, subject.subject_id)


def _table(rows: Sequence[AuditRow]) -> Table:
    table = new_table("日時 / Time", "種類 / Kind", "連携先・端末 / Who", "結果 / Outcome", "ID")
    for row in rows:
        at = row.at.astimezone(TOKYO).isoformat(timespec="seconds")
        entry = json.loads(row.entry)
        who = row.client_id or entry["terminal"]
        often = f"×{row.occurrences}" if row.occurrences > 1 else ""
        said = (entry["function"], row.outcome, entry["problem"], often, _alarm(entry))
        outcome = " ".join(filter(None, said))
        table.add_row(at, row.kind, who, outcome, row.audit_id)
    return table


def _alarm(entry: dict[str, Any]) -> str:
    alarm = entry.get("alarm")
    return f"{alarm['adapter']} {alarm['kind']} ×{alarm['count']}" if alarm else ""
