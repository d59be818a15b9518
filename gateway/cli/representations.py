"""``hitotsu representation``: who may act for whom. Persons come from standard input alone."""

from __future__ import annotations

import csv
import datetime as dt
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from gateway.cli.options import Municipality, day_option
from gateway.cli.session import (
    Session,
    err,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_settings,
    say,
)
from gateway.cli.session import run as run_command
from gateway.clock import TOKYO
from gateway.representations import (
    RepresentationRefusedError,
    RepresentationRegistry,
    RepresentationStore,
    RepresentationTerms,
)
from gateway.representations.kinds import representing
from gateway.store.tables import RepresentationRow

app = typer.Typer(
    help="代理：親権者・後見人・任意代理人 / Who may act for whom.", no_args_is_help=True
)
Result = TypeVar("Result")

RepresentationId = Annotated[str, typer.Argument(help="代理の ID / Id of the representation.")]


@app.command()
def add(  # noqa: PLR0913, PLR0917 - each is an option of the command
    municipality: Municipality,
    kind: Annotated[
        str,
        typer.Option(
            help="parent（親権者）・guardian-of-minor（未成年後見人）・guardian-of-adult（成年後見人）・"
            "curator（保佐人）・assistant（補助人）・mandate（任意代理人） / Kind."
        ),
    ],
    document: Annotated[
        str,
        typer.Option(
            help="確かめた書類の番号など。氏名は書かない / Document that was seen; never a name."
        ),
    ],
    numbering: Annotated[
        str,
        typer.Option("--of", help="代わられる人の番号の番号体系 / Numbering of the represented."),
    ] = "resident",
    representative_numbering: Annotated[
        str | None,
        typer.Option(
            "--representative-of",
            help="代理人の番号の番号体系（既定：同じ） / Numbering of the representative.",
        ),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(help="限られた利用目的（繰り返し可） / Purpose that it is limited to."),
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(help="限られた項目（繰り返し可） / Item that it is limited to."),
    ] = None,
    since: Annotated[dt.date | None, day_option("開始日（既定：今日）", "First day.")] = None,
    until: Annotated[dt.date | None, day_option("最後の日（含む）", "Last day, included.")] = None,
) -> None:
    """代理を登録する。標準入力は「代わられる人,代理人」の番号。未成年者は「,生年月日」も / Propose.

    One line of standard input: the number of whoever is represented, a comma, that of whoever
    acts; of a minor also a comma and the day of birth (2018-02-17). Another officer approves.
    """
    represented, representative, *birth = _read_pair()
    terms = RepresentationTerms(
        kind=kind,
        document=document,
        purposes=purpose or (),
        items=item or (),
        valid_from=since,
        valid_to=until,
        birth=_day(birth[0]) if birth else None,
    )
    pairs = ((numbering, represented), (representative_numbering or numbering, representative))

    async def work(session: Session, registry: RepresentationRegistry) -> RepresentationRow:
        ids = [await _subject_id(session, municipality, *pair) for pair in pairs]
        return await registry.propose(municipality, ids[0], ids[1], terms)

    row = _with_registry(work)
    say(
        f"代理 {row.representation_id} を登録しました。別の職員が representation approve で"
        "承認すると有効になります。",
        f"Proposed: {row.representation_id}; nothing changes until another officer approves.",
    )


@app.command()
def approve(representation_id: RepresentationId, municipality: Municipality) -> None:
    """別の職員として書類を確かめ、承認する / Approve as another officer, with the document."""
    row = _with_registry(lambda _, registry: registry.approve(municipality, representation_id))
    say(
        f"{row.proposed_by} さんが登録した代理 {representation_id} を承認しました。",
        f"Representation {representation_id} of {row.proposed_by} is in force.",
    )


@app.command()
def end(representation_id: RepresentationId, municipality: Municipality) -> None:
    """代理を終える。すぐに効き、一人でできる / End it at once; one officer is enough."""
    _with_registry(lambda _, registry: registry.end(municipality, representation_id))
    say("代理を終えました。", "The representation has ended.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """終えていない代理を示す。番号は出ない / List the representations, without numbers."""
    kinds = representing().kinds

    async def work(session: Session, registry: RepresentationRegistry) -> Table:
        table = new_table("ID", "種類 / Kind", "範囲 / Scope", "期間 / Term", "状態 / State")
        await session.record("representation-list", "shown", municipality=municipality)
        today = session.clock.now().astimezone(TOKYO).date()
        for row in await registry.all(municipality):
            last = "成年まで" if kinds[row.kind].until_majority else row.valid_to or ""
            scope = "\n".join([*(row.purposes or ["すべて / all"]), *(row.items or [])])
            table.add_row(
                row.representation_id,
                f"{kinds[row.kind].name_ja} / {kinds[row.kind].name_en}",
                scope,
                f"{row.valid_from} – {last}".rstrip(),
                _state(row, today),
            )
        return table

    out().print(_with_registry(work))


def _state(row: RepresentationRow, today: dt.date) -> str:
    agreed = f"{row.proposed_by} → {row.approved_by or '承認待ち / waits'}"
    if row.valid_to is not None and row.valid_to < today:
        return f"期間が終わった / over（{agreed}）"
    return agreed


async def _subject_id(session: Session, municipality: str, numbering: str, number: str) -> str:
    subject = await session.subjects.find_by_number(municipality, numbering, number)
    if subject is None:
        raise RepresentationRefusedError(
            f"{numbering} の番号に、登録されていないものがあります。",
            f"Nobody is known by one of the numbers of {numbering}.",
        )
    return subject.subject_id


def _read_pair() -> list[str]:
    """Return the cells of the one line on standard input: they would stay in a shell's history."""
    if sys.stdin.isatty():
        err().print("代わられる人の番号,代理人の番号[,生年月日]（Ctrl-D で終わり） / one line")
    rows = [[cell.strip() for cell in row] for row in csv.reader(sys.stdin) if row]
    if len(rows) != 1 or not 2 <= len(rows[0]) <= 3 or not all(rows[0]):
        fail(
            "標準入力には「代わられる人の番号,代理人の番号[,生年月日]」を一行だけ渡してください。",
            "standard input takes one line: represented, representative, birth date of a minor",
            2,
        )
    return rows[0]


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        fail("生年月日は 2018-02-17 の形です。", "a birth date looks like 2018-02-17", 2)


def _with_registry(
    work: Callable[[Session, RepresentationRegistry], Awaitable[Result]],
) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            registry = RepresentationRegistry(
                RepresentationStore(session.store),
                read_dictionary(settings),
                clock=session.clock,
                actor=session.actor,
            )
            return await work(session, registry)

    return run_command(opened_work())
