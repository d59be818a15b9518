"""``hitotsu my-number``. Numbers come from files or standard input and are never shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from adapters.errors import AdapterError
from gateway.audit import AuditLog
from gateway.cli.deliveries import reception_of, told_of
from gateway.cli.options import Municipality
from gateway.cli.rehearsals import enabled_adapter
from gateway.cli.session import (
    NOT_SET_UP,
    Session,
    SetUpError,
    err,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_numbers,
    read_settings,
    run,
    say,
)
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.connections.service import host_of
from gateway.deliveries import Use
from gateway.logs import open_log
from gateway.my_numbers import (
    GroupLoad,
    MyNumberOffice,
    MyNumberStore,
    NumberImport,
    NumberLoader,
    NumbersUnavailable,
    SealBroken,
    read_number_file,
)
from gateway.my_numbers.loading import Progress as ToldOfGroup
from gateway.my_numbers.reading import reasons
from gateway.my_numbers.service import Progress as Told
from gateway.snapshots import SnapshotStore
from gateway.snapshots.loading import OlderDeliveryError, refuse_older
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
def load(
    adapter: Annotated[str, typer.Argument(help="アダプターの ID / Id of the adapter.")],
    municipality: Municipality,
) -> None:
    """アダプターの抽出から個人番号を取り込む。止まっても続きからできる / Load an extract."""
    settings = read_settings()
    package, entry = enabled_adapter(settings, adapter, municipality)

    async def work(session: Session, store: MyNumberStore, audit: AuditLog) -> Sequence[GroupLoad]:
        dictionary = read_dictionary(settings)
        loader = NumberLoader(
            store,
            session.keys,
            session.subjects,
            dictionary,
            audit,
            clock=session.clock,
            actor=session.actor,
        )
        async with open_http_client(destinations=outgoing(settings)) as http:
            log = open_log(settings.log_level)
            reception = reception_of(session, entry, package.manifest, Use.LOAD_PIECES)
            host = host_of(entry, http, session.clock, log, dictionary)
            source = package.open(replace(host, around_source=reception.around), entry.settings)
            try:
                async with reception.received(wrong=(OlderDeliveryError,)):
                    snapshots = SnapshotStore(session.store)
                    await refuse_older(snapshots, municipality, adapter, reception.signed_at)
                    with _bars() as told:
                        return await loader.load(municipality, package.manifest, source, told)
            finally:
                await source.aclose()

    try:
        done = _with_rooms(work)
    except AdapterError as error:
        why = told_of(error)
        fail(
            f"止まりました（{why}）。取り込んだ分はそのままです。同じコマンドで続きからできます。",
            f"stopped ({why}); what was stored stays, and the same command goes on",
        )
    _show_loads(done)
    if quarantined := sum(one.counts.quarantined for one in done):
        say(
            f"{quarantined} 件は取り込めませんでした"
            "（理由は hitotsu my-number quarantine で見られます）。",
            f"{quarantined} records were set aside: see `hitotsu my-number quarantine`.",
        )


@app.command()
def quarantine(municipality: Municipality) -> None:
    """抽出から取り込めなかった記録と理由（番号は示さない） / Records set aside, and why."""

    async def work(office: MyNumberOffice) -> Table:
        table = new_table(
            "アダプター / Adapter", "グループ / Group", "場所 / Place", "宛名番号 / Number",
            "理由 / Reason",
        )  # fmt: skip
        for one in await office.quarantined(municipality):
            why = f"{reasons(one.codes, 0)} / {reasons(one.codes, 1)}"
            table.add_row(one.adapter, one.group, one.place or "―", one.number or "―", why)
        return table

    out().print(_with_office(work))


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


def _show_loads(done: Sequence[GroupLoad]) -> None:
    table = new_table(
        "グループ / Group", "読んだ記録 / Read", "新規・変更 / Stored", "同じ / Unchanged",
        "取り込めない / Set aside", "番号なし / Blank", "対象外 / Skipped", "続きから / Went on",
    )  # fmt: skip
    for one in done:
        c = one.counts
        figures = (c.read, c.stored, c.unchanged, c.quarantined, c.blank, c.skipped)
        table.add_row(one.group, *map(str, figures), "○" if one.resumed else "")
    out().print(table)


def _with_office(work: Callable[[MyNumberOffice], Awaitable[Result]]) -> Result:
    async def with_office(session: Session, store: MyNumberStore, audit: AuditLog) -> Result:
        office = MyNumberOffice(
            store,
            session.keys,
            session.subjects,
            audit,
            clock=session.clock,
            actor=session.actor,
        )
        return await work(office)

    return _with_rooms(with_office)


def _with_rooms(
    work: Callable[[Session, MyNumberStore, AuditLog], Awaitable[Result]],
) -> Result:
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
                return await work(session, MyNumberStore(store), audit)
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
    with _bars() as told:
        yield lambda done, total: told(title, done, total)


@contextmanager
def _bars() -> Iterator[ToldOfGroup]:
    """Show a bar for each title that is told of."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def told(title: str, done: int, total: int | None) -> None:
            if title not in bars:
                bars[title] = progress.add_task(title, total=total)
            progress.update(bars[title], completed=done, total=total)

        yield told
