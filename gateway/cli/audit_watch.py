"""``hitotsu audit watch``: whom officers must not look up without a reason."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.audit.alerts import AlertStore, Watches, WatchKind
from gateway.audit.alerts.watches import ANYBODY
from gateway.cli.options import Municipality
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_numbers,
    read_settings,
    run,
    say,
)
from gateway.clock import TOKYO

app = typer.Typer(
    help="理由なく見てはならない人の一覧 / Whom officers must not look up.", no_args_is_help=True
)


@app.command()
def add(
    municipality: Municipality,
    kind: Annotated[
        WatchKind,
        typer.Option(
            help="family（家族）、acquaintance（知人）、notable（著名人）、"
            "household（一世帯） / Why a look would be one of curiosity."
        ),
    ],
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the numbers piped in."),
    ],
    operator: Annotated[
        str,
        typer.Option(help="見てはならない職員（cli:yamada など） / Who must not look at them."),
    ] = ANYBODY,
) -> None:
    """一覧に加える。番号は標準入力から、仮名だけが残る / Add people; only pseudonyms are kept."""
    settings, numbers = read_settings(), read_numbers()

    async def work() -> tuple[str, int]:
        async with opened(settings) as session:
            keys = []
            for number in numbers:
                subject = await session.subjects.find_by_number(municipality, numbering, number)
                if subject is None:
                    fail("登録されていない番号があります。", "a number is not known")
                keys.append(session.audit_log().pseudonym(municipality, subject.subject_id))
            watch_id = await _watches(session).add(municipality, kind, operator, keys)
            return watch_id, len(set(keys))

    watch_id, count = run(work())
    say(f"{watch_id}：{count} 人を加えました。", f"{count} people are on the list {watch_id}.")


@app.command()
def own(
    operator: Annotated[
        str, typer.Argument(help="職員（staff:yamada など） / Account, without its terminal.")
    ],
    municipality: Municipality,
    numbering: Annotated[
        str,
        typer.Option("--of", help="標準入力の番号の番号体系 / Numbering of the number piped in."),
    ],
    *,
    surname: Annotated[
        bool,
        typer.Option(help="同姓の人も（多い名字なら --no-surname） / Also people of the surname."),
    ] = True,
) -> None:
    """職員がどの住民かを届け出る。同姓・同住所の人を見たら知らせる / Which resident they are."""
    settings, numbers = read_settings(), read_numbers()
    if len(set(numbers)) != 1:
        fail("職員本人の番号を一つだけ渡してください。", "pass the one number of the operator", 2)

    async def work() -> None:
        async with opened(settings) as session:
            subject = await session.subjects.find_by_number(municipality, numbering, numbers[0])
            if subject is None:
                fail("登録されていない番号です。", "the number is not known")
            key = session.audit_log().pseudonym(municipality, subject.subject_id)
            person = (subject.subject_id, key)
            await _watches(session).own(municipality, operator, person, surname=surname)

    run(work())
    say(
        f"{operator}：届け出ました（一分以内に効きます）。",
        f"{operator} is compared from now on, within a minute.",
    )


@app.command("end-own")
def end_own(
    operator: Annotated[str, typer.Argument(help="職員（staff:yamada など） / Account.")],
    municipality: Municipality,
) -> None:
    """どの住民かの届けを消す / Forget which resident an operator is."""
    settings = read_settings()

    async def work() -> bool:
        async with opened(settings) as session:
            return await _watches(session).end_own(municipality, operator)

    if not run(work()):
        fail("この職員の届けはありません。", "nothing is known of this operator")
    say("消しました。", "Forgotten.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """一覧を示す（誰かは出ない） / Show the lists, not who is on them."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table(
            "ID", "種類 / Kind", "職員 / Operator", "人数 / People", "加えた日 / Since"
        )
        async with opened(settings) as session:
            await session.record("audit-watch-list", "shown", municipality=municipality)
            counted: dict[tuple[str, str, str, str], int] = {}
            for row in await _watches(session).all(municipality):
                day = row.added_at.astimezone(TOKYO).date().isoformat()
                key = (row.watch_id, row.kind, row.operator, day)
                counted[key] = counted.get(key, 0) + 1
            for (watch_id, kind, operator, day), count in counted.items():
                table.add_row(watch_id, kind, operator, str(count), day)
            for own in await _watches(session).operators(municipality):
                day = own.added_at.astimezone(TOKYO).date().isoformat()
                kind = "own（同姓・同住所）" if own.surname else "own（同住所）"
                table.add_row("―", kind, own.operator, "1", day)
        return table

    out().print(run(work()))


@app.command()
def end(
    watch_id: Annotated[str, typer.Argument(help="一覧の ID / Id of the list.")],
    municipality: Municipality,
) -> None:
    """一覧を終える / End a list."""
    settings = read_settings()

    async def work() -> bool:
        async with opened(settings) as session:
            return await _watches(session).end(municipality, watch_id)

    if not run(work()):
        fail("この一覧はありません。", "there is no such list")
    say("終えました。", "Ended.")


def _watches(session: Session) -> Watches:
    return Watches(AlertStore(session.store), session.clock, session.actor)
