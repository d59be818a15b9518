"""``hitotsu protection release``: a list as it may leave now."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import re
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.registry import discover
from gateway.audit import AuditEntry, AuditKind
from gateway.cli.options import Municipality
from gateway.cli.session import (
    Session,
    err,
    fail,
    opened,
    plain_number,
    read_dictionary,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.cli.whole_files import whole_files
from gateway.connections import Connections
from gateway.connections.config import AdaptersFileError, read_adapters_file
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.protection import FlagStore, ProtectionService
from gateway.protection.releases import (
    Numbers,
    ReleaseCheck,
    check_release,
)
from gateway.settings import Settings
from gateway.spreadsheets import is_workbook, workbook_of
from standard_models.answers import AbsenceReason

_FORMULA: Final = re.compile("[=+\\-@\\t\\r＝＋－＠]")
_PLAIN: Final = re.compile(r"[+-]?[0-9][0-9 ,.()-]*|[-－]+")

UNKNOWN_NUMBER: Final = "unknown-number"

app = typer.Typer()


@app.command()
def release(
    list_file: Annotated[
        Path, typer.Argument(dir_okay=False, help="出す前の一覧（CSV、見出しつき） / The list.")
    ],
    target: Annotated[
        Path,
        typer.Argument(
            dir_okay=False, help="出してよい行を書くファイル（.csv か .xlsx） / What may leave."
        ),
    ],
    municipality: Municipality,
    numbering: Annotated[
        str, typer.Option("--of", help="番号の番号体系 / Numbering of the numbers.")
    ],
    column: Annotated[str, typer.Option(help="番号の列の見出し / Heading of the numbers.")],
    withheld: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, help="外した行の番号と理由を書くファイル / Lines left out, and why."
        ),
    ] = None,
    encoding: Annotated[str, typer.Option(help="文字コード / Encoding.")] = "cp932",
) -> None:
    """出す直前に旗を読み直し、支援措置のある人の行を外す / Leave out who is protected now."""
    paths = [target] if withheld is None else [target, withheld]
    for path in paths:
        refuse_existing(path)
    settings = read_settings()
    header, rows = _read(list_file, encoding, column)
    numbers = [plain_number(row[header.index(column)]) for row in rows]

    async def work(told: BinaryIO) -> ReleaseCheck:
        async with opened(settings) as session:
            people = [await _person(session, municipality, numbering, n) for n in numbers]
            check = await _check(session, settings, municipality, people)
            kept = [row for place, row in enumerate(rows) if place not in check.withheld]
            content = (
                workbook_of(header, kept, "一覧")
                if is_workbook(target)
                else _written([header, *kept], encoding)
            )
            told.write(content)
            await _record(session, municipality, check, content)
            return check

    with whole_files(*paths) as files:
        check = run(work(files[0]))
        lines = [f"{place + 2},{_why(place, check)}" for place in sorted(check.withheld)]
        for file in files[1:]:
            file.write("".join(f"{line}\n" for line in ["line,reason", *lines]).encode())
    left_out = len(check.withheld)
    say(
        f"{check.released} 行を書き、{left_out} 行を外しました。外した人は窓口で確かめてください。",
        f"{check.released} rows may leave; {left_out} were left out: ask at the counter.",
    )
    if check.unknown:
        err().print(
            f"外した行のうち {len(check.unknown)} 行は、番号がだれのものか分かりません。"
            "番号の桁と先頭の 0、番号体系（--of）を確かめてください。 / "
            f"{len(check.unknown)} of them have a number that nobody is known by: look at its "
            "leading zeros and at --of.",
            markup=False,
            soft_wrap=True,
        )


def _why(place: int, check: ReleaseCheck) -> str:
    return UNKNOWN_NUMBER if place in check.unknown else AbsenceReason.ASK_OFFICE.value


def _read(path: Path, encoding: str, column: str) -> tuple[list[str], list[list[str]]]:
    try:
        text = path.read_bytes().decode(encoding)
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except OSError:
        fail(f"{path} を読めません。", f"{path} cannot be read")
    except (LookupError, ValueError, csv.Error):
        fail(
            f"一覧を {encoding} の CSV として読めません。文字コードは --encoding で指定します。",
            f"the list is no CSV in {encoding}: name its encoding with --encoding",
        )
    if column not in header:
        fail(
            f"見出し「{column}」がありません（文字コード --encoding は {encoding}）。",
            f"there is no column {column!r}, or the encoding is not {encoding}",
        )
    if header.count(column) > 1:
        fail(f"見出し「{column}」がいくつもあります。", f"there are several columns {column!r}")
    if uneven := [n for n, row in enumerate(rows, 2) if len(row) != len(header)]:
        fail(
            f"{uneven[0]} 行目の列の数が見出しと違います。",
            f"line {uneven[0]}: the number of cells differs from the header",
        )
    return header, rows


def _written(rows: Sequence[Sequence[str]], encoding: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().encode(encoding)


def harmless(cell: str) -> str:
    """Return a cell as no spreadsheet takes it for a formula; numbers and dashes stay as they are.

    Source: OWASP, CSV Injection (an apostrophe before what begins like a formula; the full-width
    forms count as well).
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _PLAIN.fullmatch(cell) else cell


async def _person(
    session: Session, municipality: str, numbering: str, number: str
) -> Numbers | None:
    """Return every number of the person, None where nobody is known by the one that is there.

    What protects somebody in another system could not be known of them (DV-2).
    """
    subject = await session.subjects.find_by_number(municipality, numbering, number)
    return subject.numbers if subject is not None else None


async def _check(
    session: Session, settings: Settings, municipality: str, people: Sequence[Numbers | None]
) -> ReleaseCheck:
    async with protection_of(session, settings) as protection:
        await protection.pull()
        with _shown() as progress:
            bar = progress.add_task("確かめています / checking", total=len(people))
            return await check_release(
                protection,
                municipality,
                people,
                lambda done, _total: progress.update(bar, completed=done),
            )


@asynccontextmanager
async def protection_of(session: Session, settings: Settings) -> AsyncIterator[ProtectionService]:
    """Open the adapters and yield who is protected, as the gateway itself would know."""
    log = open_log(settings.log_level)
    try:
        enabled = read_adapters_file(settings.adapters_file)
    except AdaptersFileError as error:
        wrong = "; ".join(error.problems)
        fail(f"アダプターの設定に誤りがあります（{wrong}）", f"adapters file: {wrong}")
    async with open_http_client(destinations=outgoing(settings)) as http:
        connections = Connections.open(
            enabled,
            discover(),
            http=http,
            clock=session.clock,
            log=log,
            metrics=Metrics(),
            dictionary=read_dictionary(settings),
        )
        try:
            yield ProtectionService(
                FlagStore(session.store),
                connections,
                clock=session.clock,
                log=log,
                flag_max_age=dt.timedelta(seconds=settings.flag_max_age_s),
            )
        finally:
            await connections.aclose()


@contextmanager
def _shown() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=err(), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        yield progress


async def _record(session: Session, municipality: str, check: ReleaseCheck, content: bytes) -> None:
    """Make durable what leaves, before the file has a name."""
    async with session.audit_log() as log:
        await log.append(
            AuditEntry(
                municipality=municipality,
                at=session.clock.now(),
                kind=AuditKind.PRINT,
                outcome="released",
                trace_id="",
                terminal=session.actor,
                function="protection-release",
                after={
                    "rows": check.released,
                    "withheld": len(check.withheld),
                    "sha256": hashlib.sha256(content).hexdigest(),
                },
            )
        )
