"""``hitotsu reconcile``: is what we hold what the source holds, and does it look as it should."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import httpx
import typer

from adapters.contract import Extract
from adapters.errors import AdapterError
from adapters.manifest import Capability, Manifest
from adapters.registry import InstalledAdapter
from gateway.cli.deliveries import reception_of, told_of
from gateway.cli.options import Municipality
from gateway.cli.progress import shown_progress
from gateway.cli.reconciled import show, written
from gateway.cli.rehearsals import enabled_adapter
from gateway.cli.session import (
    Session,
    fail,
    opened,
    read_dictionary,
    read_settings,
    refuse_existing,
    run,
    say,
)
from gateway.connections.config import EnabledAdapter
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.connections.service import host_of
from gateway.deliveries import Use
from gateway.logs import open_log
from gateway.reconciliation import (
    Reconciler,
    ReconciliationStore,
    Report,
    Side,
    Sides,
    SourceSide,
    Told,
    held_side,
)
from gateway.snapshots import SnapshotStore
from standard_models.dictionary import Dictionary

Package = tuple[InstalledAdapter, EnabledAdapter]


def reconcile(
    adapter: Annotated[str, typer.Argument(help="アダプターの ID / Id of the adapter.")],
    municipality: Municipality,
    with_: Annotated[
        str | None,
        typer.Option("--with", help="同じグループに答える別のアダプター（新） / The new system."),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="グループ（既定：すべて） / Only this group.")
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="違う記録の番号と項目を書くファイル（CSV、本人だけが読める） / Which rows differ.",
        ),
    ] = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="今日の数値を正しいものとする / Today is right.")
    ] = False,
) -> None:
    """写しと接続先、または新旧のシステムを突き合わせ、前日の数値と比べる / Compare two extracts.

    Left is what was loaded (or the system), right what the source hands over now (or the new
    system). A system that is asked live is compared with its figures of the day before and with
    what it states itself. 1 where anything differs or is not as before.
    """
    settings = read_settings()
    old = enabled_adapter(settings, adapter, municipality)
    new = None if with_ is None else enabled_adapter(settings, with_, municipality)
    groups = _groups(old[0].manifest, new[0].manifest if new else None, group or [])
    if rows is not None:
        refuse_existing(rows)
    dictionary = read_dictionary(settings)

    async def work() -> Report:
        async with (
            opened(settings) as session,
            _sides(session, municipality, old, new, groups, dictionary) as sides,
        ):
            reconciler = Reconciler(
                ReconciliationStore(session.store),
                dictionary,
                clock=session.clock,
                actor=session.actor,
            )
            with written(rows, dictionary) as (write, write_findings), shown_progress() as bar:
                report = await reconciler.reconcile(
                    municipality,
                    [package[0].id for package in (old, new) if package],
                    sides,
                    accept=accept,
                    told=Told(bar, write),
                )
                write_findings(report)
                return report

    try:
        report = run(work())
    except AdapterError as error:
        fail(
            f"突き合わせられません（{told_of(error)}）。",
            f"nothing was compared ({told_of(error)})",
        )
    show(report, dictionary)
    if not report.equal:
        fail("違いがあります。上の表を見てください。", "they differ; see the table")
    say("違いはありません。", "Nothing differs.")


def _groups(old: Manifest, new: Manifest | None, wanted: Sequence[str]) -> list[str]:
    """Return the groups to compare, or end the command and say why there are none."""
    manifests = [old] if new is None else [old, new]
    if new is not None and old.id == new.id:
        fail("同じアダプターです。", "it is the same adapter", 2)
    for manifest in manifests:
        if Capability.EXTRACT not in manifest.capabilities:
            fail(
                f"{manifest.id} は一括で渡せません（extract がない）。",
                f"{manifest.id} does not extract",
            )
    if new is not None and old.numbering.id != new.numbering.id:
        fail(
            "番号体系が違うので、同じ人の記録を突き合わせられません。",
            "they number people differently: their records cannot be compared",
        )
    common = [g for g in old.groups if all(g in manifest.groups for manifest in manifests)]
    found = [g for g in common if not wanted or g in wanted]
    if not found or set(wanted) - set(found):
        fail("突き合わせるグループがありません。", "there is no such group to compare")
    return found


@asynccontextmanager
async def _sides(
    session: Session,
    municipality: str,
    old: Package,
    new: Package | None,
    groups: Sequence[str],
    dictionary: Dictionary,
) -> AsyncIterator[list[Sides]]:
    """Open the systems; return the sides of each group."""
    settings = session.settings
    async with open_http_client(destinations=outgoing(settings)) as http, AsyncExitStack() as all_:
        sources = [
            (package[0].id, await _open(session, package, http, dictionary, all_))
            for package in (old, new)
            if package is not None
        ]
        sides = []
        for ref in groups:
            left: Side | None = None
            if new is not None:
                left = SourceSide(*sources[0], ref)
            elif old[0].manifest.freshness.every_s is not None:
                store = SnapshotStore(session.store)
                left = await held_side(store, session.keys, municipality, old[0].id, ref)
            sides.append(Sides(left, SourceSide(*sources[-1], ref), repeats=new is not None))
        yield sides


async def _open(
    session: Session,
    package: Package,
    http: httpx.AsyncClient,
    dictionary: Dictionary,
    opened_ones: AsyncExitStack,
) -> Extract:
    """Open a system, unless it is closed now (NW-2)."""
    found, entry = package
    opens_at = found.manifest.hours.opens_at(session.clock.now())
    if opens_at is not None:
        fail(
            f"{found.id} は {opens_at:%m-%d %H:%M} まで閉じています。",
            f"{found.id} is closed until {opens_at:%m-%d %H:%M}",
        )
    log = open_log(session.settings.log_level)
    reception = reception_of(session, entry, found.manifest, Use.COMPARE)
    host = host_of(entry, http, session.clock, log, dictionary)
    adapter = found.open(replace(host, around_source=reception.around), entry.settings)
    opened_ones.push_async_callback(adapter.aclose)
    if not isinstance(adapter, Extract):
        fail(f"{found.id} は一括で渡せません。", f"{found.id} does not extract")
    await opened_ones.enter_async_context(reception.received())
    return adapter
