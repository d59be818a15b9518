"""``hitotsu protection exempt | lift | approve | close | openings``: who may have an address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias, TypeVar

import typer
from rich.table import Table

from gateway.cli.options import ClientId, Municipality, moment_option
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_numbers,
    read_settings,
    say,
)
from gateway.cli.session import run as run_command
from gateway.clock import TOKYO
from gateway.protection.openings import Openings, OpeningTerms
from gateway.protection.store import OpeningStore
from gateway.store.tables import ProtectionOpeningRow

app = typer.Typer()
Result = TypeVar("Result")

Purpose: TypeAlias = Annotated[str, typer.Option(help="利用目的の ID / Id of the purpose.")]
Items: TypeAlias = Annotated[
    list[str], typer.Option("--item", help="住所類の項目（複数可） / Item of the address class.")
]
Basis: TypeAlias = Annotated[
    str, typer.Option(help="根拠。氏名は書かない / Legal basis or reason; never a name.")
]
OpeningId: TypeAlias = Annotated[
    str, typer.Argument(help="例外・一時解除の ID / Id of the exemption or lift.")
]


@app.command()
def exempt(
    client_id: ClientId,
    municipality: Municipality,
    purpose: Purpose,
    item: Items,
    basis: Basis,
    until: Annotated[dt.datetime, moment_option("この時まで", "Holds until before this time.")],
    since: Annotated[
        dt.datetime | None, moment_option("この時から（既定：いま）", "Holds from here on; now.")
    ] = None,
) -> None:
    """例外を申し出る。別の職員の承認で効く / Propose an exemption from protection."""
    terms = OpeningTerms(client_id=client_id, purpose_id=purpose, items=item, legal_basis=basis)
    row = _with_openings(
        lambda session, openings: openings.propose_exemption(
            municipality, terms, since or session.clock.now(), until
        )
    )
    _say_proposed(row)


@app.command()
def lift(
    client_id: ClientId,
    municipality: Municipality,
    purpose: Purpose,
    item: Items,
    basis: Basis,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the number piped in."),
    ],
    minutes: Annotated[
        int, typer.Option(help="承認からの分数（24 時間まで） / Minutes from the approval on.")
    ] = 10,
) -> None:
    """一人の一時解除を申し出る。番号は標準入力から / Propose a lift for one person."""
    number, *others = read_numbers()
    if others:
        fail("一時解除は一人ずつです。", "A lift is for one person.")
    terms = OpeningTerms(client_id=client_id, purpose_id=purpose, items=item, legal_basis=basis)

    async def work(session: Session, openings: Openings) -> ProtectionOpeningRow:
        subject = await session.subjects.find_by_number(municipality, numbering, number)
        log = session.audit_log()
        key = log.pseudonym(municipality, subject.subject_id) if subject else None
        lasts = dt.timedelta(minutes=minutes)
        person = (numbering, number)
        return await openings.propose_lift(municipality, terms, person, lasts, subject_key=key)

    _say_proposed(_with_openings(work))


@app.command()
def approve(opening_id: OpeningId, municipality: Municipality) -> None:
    """別の職員として承認する。すぐに効く / Approve as another officer than who proposed."""
    row = _with_openings(lambda _, openings: openings.approve(municipality, opening_id))
    end = _moment(row.closes_at)
    say(f"承認しました。{end} に自動で戻ります。", f"Approved; it returns by itself at {end}.")


@app.command()
def close(opening_id: OpeningId, municipality: Municipality) -> None:
    """例外・一時解除を取りやめる。一人でできる / Take back at once; one officer is enough."""
    _with_openings(lambda _, openings: openings.end(municipality, opening_id))
    say("取りやめました。", "Taken back.")


@app.command("openings")
def openings_(municipality: Municipality) -> None:
    """申し出と有効な例外・一時解除を示す。番号は出ない / List them, without numbers."""

    async def work(session: Session, openings: Openings) -> Table:
        await session.record("protection-openings", "shown", municipality=municipality)
        table = new_table(
            "ID", "連携先 / Client", "利用目的 / Purpose", "期間 / Time", "状態 / State"
        )
        for row in await openings.all(municipality):
            kind = "例外 / exemption" if row.number is None else "一時解除 / lift"
            agreed = f"{row.proposed_by} → {row.approved_by or '承認待ち / waits'}"
            time = f"{_moment(row.opens_at)} – {_moment(row.closes_at)}"
            table.add_row(
                row.opening_id, row.client_id, row.purpose_id, time, f"{kind}（{agreed}）"
            )
        return table

    out().print(_with_openings(work))


def _say_proposed(row: ProtectionOpeningRow) -> None:
    say(
        f"申し出ました：{row.opening_id}。別の職員が approve を実行するまで何も変わりません。",
        f"Proposed: {row.opening_id}; nothing changes until another officer approves.",
    )


def _moment(moment: dt.datetime | None) -> str:
    return "―" if moment is None else moment.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M")


def _with_openings(work: Callable[[Session, Openings], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            openings = Openings(
                OpeningStore(session.store),
                read_dictionary(settings),
                clock=session.clock,
                actor=session.actor,
            )
            return await work(session, openings)

    return run_command(opened_work())
