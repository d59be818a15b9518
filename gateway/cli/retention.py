"""``hitotsu retention``: how long what is kept, what must go, and what is held back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, TypeVar

import typer
from rich.progress import Progress
from rich.table import Table

from gateway.cli.options import Municipality
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
from gateway.clock import TOKYO
from gateway.retention import (
    Counts,
    Hold,
    LegalHolds,
    Retention,
    RetentionRules,
    RetentionStore,
    Rule,
    retention_rules,
    rules_of,
)
from gateway.retention.rules import Counted
from gateway.store.tables import RetentionHoldRow

app = typer.Typer(
    help="保存期間：消す時期・保存命令・廃棄 / How long records are kept.", no_args_is_help=True
)
Result = TypeVar("Result")

_COUNTED: Final = {
    Counted.DAY_AFTER: "終わった翌日 / day after",
    Counted.NEXT_FISCAL_YEAR: "翌年度 4 月 1 日 / next fiscal year",
}
HEADING: Final = "kind,record,ended,since,state"

PastFloor = Annotated[
    bool,
    typer.Option(
        "--past-floor",
        help="上限の前でも、下限を過ぎた記録を含める / Also what may go, not only what must.",
    ),
]


@app.command("list")
def list_(municipality: Municipality) -> None:
    """保存期間の規則と、いま何件がどの段階かを示す / Show the rules, and how many stand where."""

    async def work(_: Session, retention: Retention) -> list[Table]:
        overview = await retention.overview(municipality)
        return [_erased(overview), _standing(retention.rules)]

    for table in _with_retention(municipality, work):
        out().print(table)
    say(
        f"規則を最後に確かめた日：{retention_rules().checked_on}。印は V 出典で確認、K 一般知識"
        "（文書担当が確かめる）、D 本製品の定め。",
        "Marks: V read in the source, K general knowledge to be confirmed, D decided here.",
    )


@app.command()
def purge(
    municipality: Municipality,
    *,
    past_floor: PastFloor = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="消さずに一覧だけを出す / Only list what would go.")
    ] = False,
) -> None:
    """上限を過ぎた記録を消す。下限の前・保存命令のあるものは消えない / Erase what must go."""
    if dry_run:
        count = _with_retention(
            municipality,
            lambda session, retention: _list_expired(
                session, retention, municipality, past_floor=past_floor
            ),
        )
        err().print(
            f"消える記録：{count} 件。何も消していません。 / {count} records; nothing was erased.",
            markup=False,
        )
        return

    async def work(session: Session, retention: Retention) -> int:
        overview = await retention.overview(municipality)
        total = sum(c.must_go + (c.may_go if past_floor else 0) for _, c in overview)
        if not total:
            await session.record("retention-purge", "nothing-expired", municipality=municipality)
        with Progress(console=err(), transient=True) as progress:
            task = progress.add_task("purge", total=total)
            return await retention.purge(
                municipality,
                past_floor=past_floor,
                progress=lambda done: progress.update(task, completed=done),
            )

    erased = _with_retention(municipality, work)
    say(f"{erased} 件の記録を消しました。", f"{erased} records were erased.")


@app.command()
def hold(
    municipality: Municipality,
    reason: Annotated[
        str, typer.Option(help="事件番号など。氏名は書かない / File number; never a name.")
    ],
    kind: Annotated[
        str | None,
        typer.Option(help="種類（既定：すべて。retention list） / Kind; all by default."),
    ] = None,
    record: Annotated[
        str | None,
        typer.Option(help="記録一件の ID（purge --dry-run） / Id of one record of the kind."),
    ] = None,
    numbering: Annotated[
        str | None,
        typer.Option(
            "--of",
            help="一人だけのとき：標準入力の番号の番号体系 / For one person: numbering of the "
            "number piped in.",
        ),
    ] = None,
    pseudonym: Annotated[
        str | None,
        typer.Option(
            help="番号の代わりに、監査記録の仮名。--of の番号のある人から探す / Instead of a "
            "number the pseudonym of the audit record, of somebody with a number of --of."
        ),
    ] = None,
) -> None:
    """保存命令を登録する。すぐに効き、廃棄されなくなる / Hold records back from every purge."""
    if pseudonym is not None and numbering is None:
        fail("--pseudonym には --of も指定してください。", "--pseudonym needs --of as well", 2)
    number = None if numbering is None or pseudonym is not None else _one_number()

    async def work(session: Session, holds: LegalHolds) -> RetentionHoldRow:
        person = None
        if numbering is not None:
            person = await _person(session, municipality, numbering, number, pseudonym)
        terms = Hold(reason=reason, kind=kind, record=record, person=person)
        return await holds.set(municipality, terms)

    row = _with_holds(work)
    say(f"保存命令 {row.hold_id} を登録しました。", f"Hold {row.hold_id} is in force.")


@app.command()
def release(
    hold_id: Annotated[str, typer.Argument(help="保存命令の ID / Id of the hold.")],
    municipality: Municipality,
) -> None:
    """保存命令の解除を申し出る。別の職員が実行すると解ける / Two officers release a hold."""
    if _with_holds(lambda _, holds: holds.release(municipality, hold_id)):
        say("保存命令を解きました。", "The hold is released.")
    else:
        say(
            "解除を申し出ました。別の職員が同じコマンドを実行するまで、保存は続きます。",
            "Proposed; it holds until another officer gives the same command.",
        )


@app.command()
def holds(municipality: Municipality) -> None:
    """解かれていない保存命令を古い順に示す / List the holds that were not released."""

    async def work(session: Session, holds: LegalHolds) -> Table:
        rows = await holds.all(municipality)
        keys = {row.subject_key for row in rows} or {None}
        await session.record(
            "retention-holds", "shown", municipality=municipality, subject_keys=list(keys)
        )
        table = new_table("ID", "種類 / Kind", "対象 / Over", "理由 / Reason", "登録 / By", "状態")
        for row in rows:
            table.add_row(
                row.hold_id,
                row.kind or "すべて / all",
                row.record or row.subject_key or "すべて / all",
                row.reason,
                f"{row.set_by} {row.set_at.astimezone(TOKYO).date()}",
                f"{row.release_proposed_by} が解除を申し出た / release proposed"
                if row.release_proposed_by
                else "有効 / in force",
            )
        return table

    out().print(_with_holds(work))


async def _list_expired(
    session: Session, retention: Retention, municipality: str, *, past_floor: bool
) -> int:
    """Print what a purge would erase, a line each; nothing of persons stands in it."""
    await session.record("retention-purge", "listed", municipality=municipality)
    typer.echo(HEADING)
    count = 0
    async for one in retention.iter_expired(municipality, past_floor=past_floor):
        state = "must-go" if one.must_go else "may-go"
        typer.echo(f"{one.kind},{one.record},{one.ended},{one.since},{state}")
        count += 1
    return count


def _one_number() -> str:
    number, *others = read_numbers()
    if others:
        fail("一度に一人ずつです。", "A hold is over one person.", 2)
    return number


async def _person(
    session: Session, municipality: str, numbering: str, number: str | None, pseudonym: str | None
) -> tuple[str, str]:
    """Return subject id and pseudonym of the person who is meant."""
    log = session.audit_log()
    if number is not None:
        subject = await session.subjects.find_by_number(municipality, numbering, number)
        ids = [] if subject is None else [subject.subject_id]
    else:
        listed = await session.subjects.numbers_in(municipality, numbering)
        ids = [who for who, _ in listed if log.pseudonym(municipality, who) == pseudonym]
    if not ids:
        fail("この人は登録されていません。", "nobody is known by that")
    return ids[0], log.pseudonym(municipality, ids[0])


def _erased(overview: Sequence[tuple[Rule, Counts]]) -> Table:
    table = new_table(
        "種類 / Kind",
        "内容 / What",
        "下限 / Floor",
        "上限 / Ceiling",
        "起算 / From",
        "印 / Mark",
        "出典 / Source",
        "保存中 / Kept",
        "消せる / May go",
        "消す / Must go",
        "保存命令 / Held",
    )
    for rule, counts in overview:
        table.add_row(
            rule.kind,
            f"{rule.name_ja} / {rule.name_en}",
            f"{rule.floor_years} 年",
            f"{rule.ceiling_years} 年",
            _COUNTED[rule.counted],
            rule.mark.value,
            rule.source,
            *map(str, (counts.kept, counts.may_go, counts.must_go, counts.held)),
        )
    return table


def _standing(rules: RetentionRules) -> Table:
    table = new_table(
        "廃棄の対象でないもの / Left alone",
        "内容 / What",
        "下限 / Floor",
        "いつまで / Until",
        "印 / Mark",
        "出典 / Source",
    )
    for rule in rules.standing.values():
        table.add_row(
            rule.kind,
            f"{rule.name_ja} / {rule.name_en}",
            f"{rule.years} 年" if rule.years else "",
            f"{rule.until_ja} / {rule.until_en}",
            rule.mark.value,
            rule.source,
        )
    for other in rules.elsewhere.values():
        table.add_row(
            other.kind,
            f"{other.name_ja} / {other.name_en}",
            f"{other.years} 年（{other.valid_from} から）",
            "元のシステムにあるあいだ。写しは持たない / while its system has them; no copy is kept",
            other.mark.value,
            other.source,
        )
    return table


def _with_retention(
    municipality: str, work: Callable[[Session, Retention], Awaitable[Result]]
) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            retention = Retention(
                RetentionStore(session.store),
                clock=session.clock,
                actor=session.actor,
                rules=rules_of(municipality, settings.retention_file),
            )
            return await work(session, retention)

    return run_command(opened_work())


def _with_holds(work: Callable[[Session, LegalHolds], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        async with opened(settings) as session:
            store = RetentionStore(session.store)
            return await work(session, LegalHolds(store, clock=session.clock, actor=session.actor))

    return run_command(opened_work())
