"""``hitotsu my-number``. Numbers come from files or standard input and are never shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gateway.cli.options import Municipality
from gateway.cli.session import (
    NOT_SET_UP,
    SetUpError,
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
from gateway.my_numbers import (
    MyNumberOffice,
    MyNumberStore,
    NumberImport,
    NumbersUnavailable,
    SealBroken,
    read_number_file,
)
from gateway.my_numbers.service import Progress as Told
from gateway.store.engine import open_store
from gateway.store.migrate import schema_state
from gateway.store.my_number_tables import MY_NUMBER_SCHEMA

Result = TypeVar("Result")

app = typer.Typer(
    help="個人番号だけの保管庫 / The store of My Numbers, of its own.", no_args_is_help=True
)

Numbering = Annotated[
    str,
    typer.Option(help="宛名番号の番号体系（resident など） / Numbering of the 宛名番号."),
]


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="CSV（見出しは 宛名番号,個人番号 だけ） / CSV of 宛名番号 and 個人番号 alone.",
        ),
    ],
    municipality: Municipality,
    numbering: Numbering = "resident",
    encoding: Annotated[str, typer.Option(help="文字コード / Encoding.")] = "cp932",
) -> None:
    """宛名番号と個人番号のファイルを全部取り込む。誤りがあれば何も変えない / All or nothing."""

    async def work(office: MyNumberOffice) -> NumberImport:
        read = read_number_file(file.read_bytes(), encoding=encoding)
        with _shown("個人番号 / My Numbers") as told:
            return await office.import_file(municipality, numbering, read, told)

    report = _with_office(work)
    table = new_table(
        "読んだ行 / Read", "新規 / New", "変更 / Replaced", "同じ / Unchanged",
        "重複 / Repeated", "番号なし / Blank", "登録のない宛名番号 / Unknown",
    )  # fmt: skip
    table.add_row(
        *map(
            str,
            (
                report.read,
                report.new,
                report.replaced,
                report.unchanged,
                report.repeated,
                report.blank,
                report.unknown,
            ),
        )
    )
    out().print(table)
    say("取り込みました。元のファイルを消してください。", "Imported; now erase the file.")


@app.command()
def count(municipality: Municipality) -> None:
    """番号体系と鍵の版ごとの件数 / How many numbers, by numbering and version of the key."""

    async def work(office: MyNumberOffice) -> Table:
        table = new_table("番号体系 / Numbering", "鍵の版 / Key", "件数 / Numbers")
        for numbering, version, numbers in await office.counts(municipality):
            table.add_row(numbering, str(version), str(numbers))
        return table

    out().print(_with_office(work))


@app.command()
def candidates(municipality: Municipality) -> None:
    """同じ個人番号が付いた別の人（宛名番号）。結び付けは職員が決める / One number, two persons."""

    async def work(office: MyNumberOffice) -> Table:
        table = new_table("番号体系 / Numbering", "宛名番号 / Number")
        for places in await office.candidates(municipality):
            for place in places:
                table.add_row(place.numbering, place.number)
            table.add_section()
        return table

    out().print(_with_office(work))


@app.command()
def erase(
    municipality: Municipality,
    numbering: Numbering,
    *,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="この番号体系の全員 / Everybody in the numbering.")
    ] = False,
) -> None:
    """個人番号を消す（宛名番号は標準入力） / Erase those of the people typed in."""
    numbers = None if everybody else read_numbers()

    async def work(office: MyNumberOffice) -> int:
        return await office.erase(municipality, numbering, numbers)

    erased = _with_office(work)
    say(f"{erased} 件を消しました。", f"{erased} numbers erased.")


@app.command()
def reseal() -> None:
    """以前の鍵の個人番号を新しい鍵で封をし直す / Seal anew what an earlier key has sealed."""

    async def work(office: MyNumberOffice) -> int:
        with _shown("封をし直す / Resealing") as told:
            return await office.reseal(told)

    done = _with_office(work)
    say(f"{done} 件を新しい鍵にしました。", f"{done} numbers are sealed with the newest key.")


def _with_office(work: Callable[[MyNumberOffice], Awaitable[Result]]) -> Result:
    settings = read_settings()

    async def opened_work() -> Result:
        store = open_store(settings.my_numbers_url, schema=MY_NUMBER_SCHEMA)
        try:
            if not (await schema_state(store)).up_to_date:
                raise SetUpError(
                    "個人番号のデータベースが最新ではありません。"
                    "hitotsu db upgrade を実行してください。",
                    "the database of My Numbers is not up to date: run `hitotsu db upgrade`",
                )
            async with opened(settings) as session, session.audit_log() as audit:
                office = MyNumberOffice(
                    MyNumberStore(store),
                    session.keys,
                    session.subjects,
                    audit,
                    clock=session.clock,
                    actor=session.actor,
                )
                return await work(office)
        finally:
            await store.aclose()

    try:
        return run(opened_work())
    except SealBroken:
        fail(
            "改ざんされた行があります。そこで止めました。",
            "a number was altered; it was left as it is, and so was what follows",
        )
    except NumbersUnavailable:
        fail(
            "個人番号のデータベースを使えません。何も変えていません。",
            "the database of My Numbers cannot be used; nothing was changed",
            NOT_SET_UP,
        )


@contextmanager
def _shown(title: str) -> Iterator[Told]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bar = progress.add_task(title)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
