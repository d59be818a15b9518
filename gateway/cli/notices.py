"""``hitotsu notice``: 本人通知. Numbers come by standard input; files alone hold them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from gateway.audit import AuditEntry, AuditKind
from gateway.cli.options import Municipality, day_option
from gateway.cli.protection_releases import protection_of
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.cli.whole_files import whole_files
from gateway.notices.hand_over import HEADINGS, Sorted, lines_of, sort_out
from gateway.notices.service import Registrations
from gateway.notices.store import NoticeStore
from gateway.spreadsheets import is_workbook, workbook_of
from gateway.store.tables import NoticeRow

app = typer.Typer(help="本人通知 / Notices to people.", no_args_is_help=True)
Result = TypeVar("Result")
Numbers = dict[str, dict[str, tuple[str, ...]]]


@app.command()
def register(
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers piped in."),
    ],
    until: Annotated[
        dt.date | None, day_option("期限（既定：なし）", "Last day; none by default.")
    ] = None,
) -> None:
    """本人通知に登録する。番号は標準入力から一行に一つ / Register people for notices."""
    numbers = read_numbers()

    async def work(session: Session, registrations: Registrations) -> list[str]:
        found = [
            await session.subjects.find_by_number(municipality, numbering, number)
            for number in numbers
        ]
        known = [subject.subject_id for subject in found if subject is not None]
        if unknown := len(numbers) - len(known):
            fail(
                f"登録されていない番号が {unknown} 件あります。何もしていません。",
                f"{unknown} numbers are not known; nothing was done.",
            )
        log = session.audit_log()
        made = [
            await registrations.register(municipality, who, log.pseudonym(municipality, who), until)
            for who in known
        ]
        return [row.registration_id for row in made]

    made = _with_registrations(work)
    say(f"登録しました：{'、'.join(made)}", f"registered: {', '.join(made)}")


@app.command()
def end(
    registration_id: Annotated[str, typer.Argument(help="登録の ID / Id of the registration.")],
    municipality: Municipality,
) -> None:
    """登録を終える / End a registration."""
    _with_registrations(lambda _, registrations: registrations.end(municipality, registration_id))
    say("登録を終えました。", "The registration has ended.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """登録と、まだ渡していない通知の数を示す。番号は出ない / List them, without numbers."""

    async def work(session: Session, registrations: Registrations) -> tuple[Table, int]:
        table = new_table("ID", "期間 / Term", "登録 / By")
        await session.record("notice-list", "shown", municipality=municipality)
        for row in await registrations.all(municipality):
            table.add_row(
                row.registration_id, f"{row.since} – {row.until or ''}", row.registered_by
            )
        return table, len(await NoticeStore(session.store).waiting(municipality))

    table, waiting = _with_registrations(work)
    out().print(table)
    say(f"渡していない通知：{waiting} 件", f"notices that wait: {waiting}")


@app.command()
def hand_over(
    post: Annotated[
        Path,
        typer.Argument(
            dir_okay=False, help="郵送する通知を書くファイル（.csv か .xlsx） / What goes by post."
        ),
    ],
    municipality: Municipality,
    numbering: Annotated[
        str, typer.Option("--of", help="ファイルに書く番号の番号体系 / Numbering in the file.")
    ],
    office: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="窓口だけで渡す通知を書くファイル。なければ待たせる / For the office alone.",
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="文字コード / Encoding.")] = "cp932",
) -> None:
    """通知を渡す。直前に旗を読み直し、支援措置のある人は窓口に回す / Hand notices over."""
    paths = [post] if office is None else [post, office]
    for path in paths:
        refuse_existing(path)
    settings = read_settings()

    async def work() -> Sorted:
        async with opened(settings) as session:
            store = NoticeStore(session.store)
            waiting = await store.waiting(municipality)
            numbers = await _numbers(session, municipality, waiting)
            async with protection_of(session, settings) as protection:
                await protection.pull()
                sorted_out = await sort_out(protection, municipality, waiting, numbers)
            batches = [sorted_out.by_post, sorted_out.by_office][: len(paths)]
            with whole_files(*paths) as files:
                for file, path, batch in zip(files, paths, batches, strict=True):
                    rows = lines_of(batch, numbers, numbering)
                    file.write(_written(path, rows, encoding))
                    await _record(session, municipality, batch)
                await session.record(
                    "notice-hand-over",
                    "written",
                    municipality=municipality,
                    kind=AuditKind.PRINT,
                    after={"notices": [len(batch) for batch in batches]},
                )
            ids = [notice.notice_id for batch in batches for notice in batch]
            await store.handed_over(municipality, ids, session.clock.now())
            return sorted_out

    done = run(work())
    where = "書きました" if office is not None else "待たせています（--office で書けます）"
    say(
        f"郵送 {len(done.by_post)} 件を書き、窓口で渡す {len(done.by_office)} 件を{where}。",
        f"{len(done.by_post)} may go by post; {len(done.by_office)} are for the office alone.",
    )


async def _numbers(session: Session, municipality: str, notices: Sequence[NoticeRow]) -> Numbers:
    numbers: Numbers = {}
    for subject_id in {notice.subject_id for notice in notices}:
        subject = await session.subjects.find(municipality, subject_id)
        if subject is not None:
            numbers[subject_id] = dict(subject.numbers)
    return numbers


def _written(path: Path, rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    if is_workbook(path):
        return workbook_of(HEADINGS, rows, "通知")
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADINGS, *rows])
    return text.getvalue().encode(encoding)


async def _record(session: Session, municipality: str, notices: Sequence[NoticeRow]) -> None:
    """Make durable of whom a notice leaves, before the file has a name."""
    async with session.audit_log() as log:
        for notice in notices:
            await log.append(
                AuditEntry(
                    municipality=municipality,
                    at=session.clock.now(),
                    kind=AuditKind.PRINT,
                    outcome="handed-over",
                    trace_id="",
                    terminal=session.actor,
                    subject_key=log.pseudonym(municipality, notice.subject_id),
                    function="notice-hand-over",
                    before=None,
                    after={"notice": notice.notice_id},
                )
            )


def _with_registrations(work: Callable[[Session, Registrations], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            store = NoticeStore(session.store)
            registrations = Registrations(store, clock=session.clock, actor=session.actor)
            return await work(session, registrations)

    return run(opened_work())
