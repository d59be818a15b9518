"""``hitotsu snapshot``: deliveries of systems that only give files."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from adapters.contract import Adapter, LostRecord
from adapters.errors import AdapterError
from gateway.cli.deliveries import reception_of, told_of
from gateway.cli.options import Municipality, moment_option
from gateway.cli.progress import shown_progress
from gateway.cli.rehearsals import enabled_adapter
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.clock import TOKYO
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.connections.service import host_of
from gateway.logs import open_log
from gateway.snapshots import Loader, LoadReport, Snapshots, SnapshotStore
from gateway.snapshots.loading import CountsDifferError, Findings, OlderDeliveryError, Told

app = typer.Typer(
    help="ファイルで受け取るシステムの取り込み / Deliveries of systems that only give files.",
    no_args_is_help=True,
)

AdapterId = Annotated[str, typer.Argument(help="アダプターの ID / Id of the adapter.")]


@app.command()
def load(
    adapter: AdapterId,
    municipality: Municipality,
    max_lost: Annotated[
        int, typer.Option(min=0, help="変換できない記録の上限 / Records that may be lost.")
    ] = 0,
    findings: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="変換できない記録の場所と理由を書くファイル（JSON 行） / Places and reasons.",
        ),
    ] = None,
    as_of: Annotated[
        dt.datetime | None,
        moment_option("データの基準時（接続先が述べないとき）", "Time of the data, if not stated."),
    ] = None,
) -> None:
    """届いたファイルを全部取り込み、取り込めたら切り替える / Load a delivery, whole or not."""
    settings = read_settings()
    package, entry = enabled_adapter(settings, adapter, municipality)
    if findings is not None:
        refuse_existing(findings)

    async def loaded(
        session: Session, source: Adapter, signed_at: dt.datetime | None
    ) -> LoadReport:
        loader = Loader(
            SnapshotStore(session.store),
            session.keys,
            read_dictionary(settings),
            clock=session.clock,
            actor=session.actor,
        )
        with shown_progress() as progress, _written(findings) as write:
            return await loader.load(
                municipality,
                package.manifest,
                source,
                max_lost=max_lost,
                as_of=as_of,
                signed_at=signed_at,
                told=Told(progress, write),
            )

    async def work() -> LoadReport:
        async with (
            opened(settings) as session,
            open_http_client(destinations=outgoing(settings)) as http,
        ):
            log = open_log(settings.log_level)
            dictionary = read_dictionary(settings)
            reception = reception_of(session, entry, package.manifest)
            host = host_of(entry, http, session.clock, log, dictionary)
            source = package.open(replace(host, around_source=reception.around), entry.settings)
            try:
                async with reception.received(wrong=(CountsDifferError, OlderDeliveryError)):
                    return await loaded(session, source, reception.signed_at)
            finally:
                await source.aclose()

    try:
        report = run(work())
    except AdapterError as error:
        fail(
            f"取り込めません。前の取り込みのまま答えます（{told_of(error)}）。",
            f"nothing was loaded, the last snapshot stays ({told_of(error)})",
        )
    _show(report)
    say("切り替えました。", "Questions are answered from it now.")


@app.command("list")
def list_(municipality: Municipality) -> None:
    """取り込みの一覧 / List the snapshots."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table(
            "アダプター / Adapter", "取り込み / Loaded", "基準時 / As of", "記録 / Records",
            "失われた / Lost", "状態 / State",
        )  # fmt: skip
        async with opened(settings) as session:
            for row in await _snapshots(session).all(municipality):
                counts = row.counts.values()
                state = "使用中 / in use" if row.current else "前回 / before"
                table.add_row(
                    row.adapter_id,
                    _moment(row.loaded_at) if row.loaded_at else "取り込み中 / under way",
                    _moment(row.as_of),
                    str(sum(c["records"] - c["replaced"] for c in counts)),
                    str(sum(c["lost"] for c in counts)),
                    state if row.loaded_at else "―",
                )
        return table

    out().print(run(work()))


@app.command()
def rollback(adapter: AdapterId, municipality: Municipality) -> None:
    """一つ前の取り込みに戻す（すぐに効く） / Answer from the snapshot before, at once."""
    settings = read_settings()

    async def work() -> str:
        async with opened(settings) as session:
            row = await _snapshots(session).roll_back(municipality, adapter)
            return _moment(row.loaded_at)

    loaded_at = run(work())
    say(f"{loaded_at} の取り込みに戻しました。", f"Back to what was loaded at {loaded_at}.")


@contextmanager
def _written(path: Path | None) -> Iterator[Findings]:
    """Write findings as lines of JSON: group, place, codes; never what a record held."""
    if path is None:
        yield lambda _group, _lost: None
        return
    with path.open("x", encoding="utf-8") as file:

        def write(group: str, lost: LostRecord) -> None:
            codes = [quality.code for quality in lost.quality]
            file.write(json.dumps({"group": group, "place": lost.place, "codes": codes}) + "\n")

        yield write


def _show(report: LoadReport) -> None:
    table = new_table(
        "グループ / Group", "読んだ / Read", "記録 / Records", "置き換え / Replaced",
        "失われた / Lost", "対象外 / Skipped",
    )  # fmt: skip
    for ref, c in report.counts.items():
        figures = (c.read, c.records, c.replaced, c.lost, c.skipped)
        table.add_row(ref, *(str(figure) for figure in figures))
    out().print(table)


def _moment(moment: dt.datetime | None) -> str:
    return "―" if moment is None else moment.astimezone(TOKYO).strftime("%Y-%m-%d %H:%M:%S")


def _snapshots(session: Session) -> Snapshots:
    return Snapshots(SnapshotStore(session.store), clock=session.clock, actor=session.actor)
