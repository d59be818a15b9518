"""``hitotsu protection``. Numbers come by standard input and are never shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from gateway.cli import (
    protection_checks,
    protection_openings,
    protection_recalls,
    protection_releases,
)
from gateway.cli.options import Municipality, day_option
from gateway.cli.session import (
    Session,
    err,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    say,
)
from gateway.cli.session import run as run_command
from gateway.protection.measures import (
    HoldCause,
    MeasureKind,
    MeasureRefusedError,
    Measures,
)
from gateway.protection.store import MeasureStore
from gateway.protection.terms import MeasureState

app = typer.Typer(help="支援措置 / Protective measures.", no_args_is_help=True)
app.add_typer(protection_openings.app)
app.add_typer(protection_recalls.app)
app.add_typer(protection_releases.app)
app.add_typer(protection_checks.app)
Result = TypeVar("Result")

_STATES = {
    MeasureState.IN_FORCE: "有効 / in force",
    MeasureState.ENDS_SOON: "期限が近い / ends soon",
    MeasureState.PROVISIONAL: "一覧から外れた・転出（保護は続く） / left the list, still protects",
    MeasureState.ENDED_REVIEW: "期限切れ・要確認（保護は続く） / to be reviewed, still protects",
}


@app.command("set")
def set_(
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers piped in."),
    ],
    kind: Annotated[
        MeasureKind,
        typer.Option(
            help="full（決定） / provisional（仮） / accompanying（併せて支援を求める者）"
        ),
    ],
    since: Annotated[dt.date | None, day_option("開始日（既定：今日）", "First day.")] = None,
    until: Annotated[
        dt.date | None, day_option("期限（既定：一年）", "Last day of the term; one year.")
    ] = None,
    party_numbering: Annotated[
        str | None,
        typer.Option(
            "--other-party-of",
            help="相手方の番号の番号体系。標準入力は「番号,相手方の番号,…」になる / "
            "Numbering of the other parties, whose numbers then follow on each line.",
        ),
    ] = None,
) -> None:
    """措置を登録する。すぐに効く。番号は標準入力から一行に一つ / Protect people, at once."""
    made = _set(municipality, numbering, kind, since, until, party_numbering)
    say(f"登録しました：{'、'.join(made)}", f"protected: {', '.join(made)}")


@app.command()
def hold(
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers piped in."),
    ],
    cause: Annotated[
        HoldCause,
        typer.Option(
            help="returned-mail（返戻）/ identity-doubt（本人確認）/ data-quality。連携先には"
            "伝わらない / No consumer learns it."
        ),
    ],
    until: Annotated[
        dt.date | None, day_option("見直す日（既定：一年後）", "Day of review; in a year.")
    ] = None,
) -> None:
    """住所類を保留する。連携先には支援措置と区別がつかない / Hold addresses back, for any cause."""
    made = _set(municipality, numbering, cause, None, until)
    say(f"保留しました：{'、'.join(made)}", f"held: {', '.join(made)}")


def _set(
    municipality: str,
    numbering: str,
    kind: MeasureKind | HoldCause,
    since: dt.date | None,
    until: dt.date | None,
    party_numbering: str | None = None,
) -> list[str]:
    """Set a measure or hold for everybody whose number is piped in; return the ids."""
    lines = [_cells(line, named=party_numbering is not None) for line in read_numbers()]
    nobody: list[int] = []

    async def work(session: Session, measures: Measures) -> list[str]:
        made = []
        parties = [
            await _party_ids(session, municipality, (numbering, number), party_numbering, others)
            for number, *others in lines
        ]
        for line, ((number, *_), others) in enumerate(zip(lines, parties, strict=True), 1):
            subject = await session.subjects.find_by_number(municipality, numbering, number)
            log = session.audit_log()
            key = log.pseudonym(municipality, subject.subject_id) if subject else None
            if subject is None:
                nobody.append(line)
            row = await measures.set(
                municipality,
                numbering,
                number,
                kind,
                since=since,
                until=until,
                subject_key=key,
                other_parties=others,
            )
            made.append(row.measure_id)
        return made

    made = _with_measures(work)
    if nobody:
        _warn_of_nobody(nobody)
    return made


def _warn_of_nobody(lines: list[int]) -> None:
    """Say that these lines protect nobody whom the gateway knows; a slip would look the same."""
    listed = "、".join(map(str, lines))
    err().print(
        f"注意：{listed} 行目の番号では、だれも登録されていません。登録はしましたが、"
        "番号（先頭の 0）と番号体系（--of）が正しいか、すぐに確かめてください。"
        "違っていれば、守られていません。 / "
        f"Warning: nobody is known by the number of line {', '.join(map(str, lines))}. It was set, "
        "but protects nobody unless number and numbering are right: check at once.",
        markup=False,
        soft_wrap=True,
    )


@app.command()
def extend(
    measure_id: Annotated[str, typer.Argument(help="措置の ID / Id of the measure.")],
    municipality: Municipality,
    until: Annotated[dt.date, day_option("新しい期限", "The new last day.")],
) -> None:
    """期限を延ばす / Set a later last day."""
    _with_measures(lambda _, measures: measures.extend(municipality, measure_id, until))
    say("延ばしました。", "Extended.")


@app.command()
def end(
    measure_id: Annotated[str, typer.Argument(help="措置の ID / Id of the measure.")],
    municipality: Municipality,
) -> None:
    """終了を申し出る。別の職員が実行すると終わる。保留は一人で / Two officers end a measure."""
    if _with_measures(lambda _, measures: measures.end(municipality, measure_id)):
        say("措置を終えました。", "The measure has ended.")
    else:
        say(
            "終了を申し出ました。別の職員が同じコマンドを実行するまで、保護は続きます。",
            "Proposed; the measure protects until another officer gives the same command.",
        )


@app.command("list")
def list_(municipality: Municipality) -> None:
    """終わっていない措置を期限の順に示す。番号は出ない / List the measures, without numbers."""

    async def work(session: Session, measures: Measures) -> Table:
        table = new_table("ID", "種類 / Kind", "期間 / Term", "状態 / State", "登録 / By")
        await session.record("protection-list", "shown", municipality=municipality)
        for row, state in await measures.all(municipality):
            shown = _STATES[state]
            if row.end_proposed_by is not None:
                shown += f"（{row.end_proposed_by} が終了を申し出た / end proposed）"
            table.add_row(row.measure_id, row.kind, f"{row.since} – {row.until}", shown, row.set_by)
        return table

    out().print(_with_measures(work))


def _cells(line: str, *, named: bool) -> list[str]:
    """Return the number of a line and, where they are named, those of the other parties."""
    cells = [cell.strip() for cell in line.split(",")]
    if not all(cells) or (len(cells) > 1) is not named:
        fail(
            "行は番号一つです。--other-party-of を付けたときは「番号,相手方の番号,…」です。",
            "a line is one number; with --other-party-of, other parties follow it",
            2,
        )
    return cells


async def _party_ids(
    session: Session,
    municipality: str,
    person: tuple[str, str],
    numbering: str | None,
    numbers: list[str],
) -> list[str]:
    """Return the subject ids of the other parties; whoever is not known cannot be named."""
    found = []
    protected = await session.subjects.find_by_number(municipality, *person)
    for number in numbers:
        subject = await session.subjects.find_by_number(municipality, numbering or "", number)
        if subject is None:
            raise MeasureRefusedError(
                "相手方の番号に、登録されていないものがあります。何も登録していません。",
                "Nobody is known by a number of an other party; nothing was set.",
            )
        if protected is not None and protected.subject_id == subject.subject_id:
            # It would bar nobody else, and so open the person to whom it ought to name.
            raise MeasureRefusedError(
                "保護する本人の番号が相手方にあります。何も登録していません。",
                "The protected person is named as an other party; nothing was set.",
            )
        found.append(subject.subject_id)
    return found


def _with_measures(work: Callable[[Session, Measures], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            measures = Measures(
                MeasureStore(session.store), clock=session.clock, actor=session.actor
            )
            return await work(session, measures)

    return run_command(opened_work())
