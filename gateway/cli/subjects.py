"""``hitotsu subject``. Numbers come from standard input, never as arguments."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.cli.options import Municipality, Numbering
from gateway.cli.session import (
    REFUSED,
    Session,
    err,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    run,
    say,
)
from gateway.subjects import ImportReport, Subject, read_link_file
from gateway.subjects.links import COLUMNS

app = typer.Typer(help="対象者と番号 / Persons and their numbers.", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="番号対照表（CSV） / CSV of the links."),
    ],
    municipality: Municipality,
    encoding: Annotated[str, typer.Option(help="文字コード / Code page.")] = "cp932",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="見出し=番号体系（繰り返し可、先頭が基準） / Heading=numbering, the anchor first."
        ),
    ] = None,
) -> None:
    """番号対照表を取り込む。誤りがあれば何も取り込まない / Import links, all or nothing."""
    settings = read_settings()
    columns = _columns(column) if column else None
    anchor = next(iter((columns or COLUMNS).values()))

    async def work() -> ImportReport:
        rows = read_link_file(_read(file), encoding=encoding, columns=columns)
        async with opened(settings) as session:
            with Progress(
                console=err(), transient=True, disable=not sys.stderr.isatty()
            ) as progress:
                bar = progress.add_task("取り込み中 / importing", total=None)
                return await session.subjects.import_links(
                    municipality,
                    rows,
                    anchor=anchor,
                    actor=session.actor,
                    progress=lambda done, total: progress.update(bar, completed=done, total=total),
                )

    report = run(work())
    say(
        f"{report.rows} 行：新しい対象者 {report.new_subjects}、新しい番号 {report.new_numbers}、"
        f"根拠を強めた番号 {report.strengthened}、変更なし {report.unchanged}",
        f"{report.rows} rows: {report.new_subjects} new persons, {report.new_numbers} new numbers, "
        f"{report.strengthened} with a stronger ground, {report.unchanged} unchanged",
    )


@app.command()
def handle(
    municipality: Municipality,
    client: Annotated[str, typer.Option(help="連携先の ID / Id of the consumer.")],
    numbering: Numbering = "resident",
) -> None:
    """標準入力の番号のハンドルを一行ずつ出す / Print a handle for each number on standard input."""
    settings, numbers = read_settings(), read_numbers()

    async def work() -> list[str | None]:
        async with opened(settings) as session:
            await session.registry.show_client(client)
            found = await _find(session, municipality, numbering, numbers)
            handles = [
                session.subjects.handle_for(municipality, client, s.subject_id) if s else None
                for s in found
            ]
            await _record(session, municipality, found, "subject-handle", client)
            return handles

    handles = run(work())
    for issued in handles:
        typer.echo(issued or "-")
    if None in handles:
        missing = handles.count(None)
        fail(f"見つからない番号：{missing} 件", f"numbers not found: {missing}", REFUSED)


@app.command()
def show(municipality: Municipality, numbering: Numbering = "resident") -> None:
    """標準入力の番号の人が持つ番号を表示する / Show the numbers of a person."""
    settings, numbers = read_settings(), read_numbers()

    async def work() -> Sequence[Subject | None]:
        async with opened(settings) as session:
            found = await _find(session, municipality, numbering, numbers)
            await _record(session, municipality, found, "subject-show", None)
            return found

    found = run(work())
    table = new_table("番号体系 / Numbering", "番号 / Numbers")
    for subject in found:
        for name, own in (subject.numbers if subject else {}).items():
            table.add_row(name, ", ".join(own))
        table.add_section()
    out().print(table)
    if None in found:
        missing = sum(subject is None for subject in found)
        fail(f"見つからない番号：{missing} 件", f"numbers not found: {missing}", REFUSED)


def _columns(pairs: Sequence[str]) -> dict[str, str]:
    columns = dict(pair.partition("=")[::2] for pair in pairs)
    if not all(heading and numbering for heading, numbering in columns.items()):
        raise typer.BadParameter("--column は 見出し=番号体系 の形です / heading=numbering")
    return columns


def _read(file: Path) -> bytes:
    return file.read_bytes()


async def _find(
    session: Session, municipality: str, numbering: str, numbers: Sequence[str]
) -> list[Subject | None]:
    return [
        await session.subjects.find_by_number(municipality, numbering, number) for number in numbers
    ]


async def _record(
    session: Session,
    municipality: str,
    found: Sequence[Subject | None],
    function: str,
    client_id: str | None,
) -> None:
    """Record one row for each person touched; whoever was not found has a row without a key."""

    def entry(log: AuditLog, subject: Subject | None) -> AuditEntry:
        return AuditEntry(
            municipality=municipality,
            at=session.clock.now(),
            kind=AuditKind.OPERATION,
            outcome="shown" if subject else "not-found",
            trace_id="",
            terminal=session.actor,
            client_id=client_id,
            subject_key=log.pseudonym(municipality, subject.subject_id) if subject else None,
            function=function,
        )

    async with session.audit_log() as log:
        await asyncio.gather(*(log.append(entry(log, subject)) for subject in found))
