"""``hitotsu adapter``."""

from __future__ import annotations

import datetime as dt
from typing import Final

import typer
from rich.table import Table

from adapters.registry import InstalledAdapter, discover
from gateway.cli import conformance
from gateway.cli.session import (
    NOT_SET_UP,
    REFUSED,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_settings,
    run,
    say,
)
from gateway.clock import SystemClock
from gateway.connections import Connections, Proof, Proofs, SourceState
from gateway.connections.config import AdaptersFile, AdaptersFileError, read_adapters_file
from gateway.connections.destinations import outgoing
from gateway.connections.http import open_http_client
from gateway.connections.proofs import REHEARSED
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.routes import BROKEN, Finding, Forgotten, RouteService, RouteStore, forgotten
from gateway.settings import Settings

app = typer.Typer(help="アダプター / Adapters.", no_args_is_help=True)
conformance.register(app)


@app.command("list")
def list_() -> None:
    """インストール済みのアダプターと有効な団体 / Installed adapters, and where they are on."""
    settings = read_settings()
    enabled = _enabled(settings)
    proofs = Proofs.read(settings.certificates_dir, settings.required_adapter_level)
    today = SystemClock().now().date()
    table = new_table(
        "ID", "版 / Version", "製品 / Product", "状態 / State", "証明書 / Certificate",
        "有効な団体 / Enabled",
    )  # fmt: skip
    for package in discover():
        towns = [e.municipality for e in enabled.adapters if e.adapter == package.id]
        where = ", ".join(towns)
        if isinstance(package, InstalledAdapter):
            product = package.manifest.product.name_ja
            proof = _certificate(proofs.of(package, today))
            where = ", ".join(_rehearsed(proofs, package, town, today) for town in towns)
            version = package.manifest.version
            table.add_row(package.id, version, product, "可 / ready", proof, where)
        else:
            state = f"隔離 / quarantined: {package.reason_ja}"
            table.add_row(package.id, "", "", state, "", where)
    out().print(table)
    for problem in proofs.problems:
        say(f"証明書が読めません：{problem}", f"a certificate cannot be read: {problem}")


def _rehearsed(proofs: Proofs, package: InstalledAdapter, town: str, today: dt.date) -> str:
    level = proofs.of(package, today, town).level
    return f"{town}（水準 / level {level}）" if level == REHEARSED else town


def _certificate(proof: Proof) -> str:
    if proof.level is None:
        return f"なし / none（{proof.reason_ja}）"
    return f"水準 / level {proof.level}（{proof.expires} まで）"


@app.command()
def ping() -> None:
    """有効なアダプターの接続先を確かめる / Look at the sources of the enabled adapters."""
    settings = read_settings()
    table, faults = run(_ping(settings, _enabled(settings)))
    out().print(table)
    if faults:
        fail(f"使えないアダプター：{faults} 件", f"adapters that cannot be used: {faults}", REFUSED)


_FORGOTTEN: Final = {
    Forgotten.NOT_SWITCHED_ON: ("どの団体でも有効でない", "on in no municipality"),
    Forgotten.WITHOUT_ROUTE: ("有効だが、使う経路がない", "on, but no route uses it"),
    Forgotten.GOING_AWAY: ("提供元がやめる・止めている", "deprecated or suspended by its vendor"),
    Forgotten.NOT_INSTALLED: ("有効だが、使える形で入っていない", "on, but not usably installed"),
    Forgotten.ROUTE_TO_NOWHERE: ("経路の先が有効でない", "a route leads to it, but it is not on"),
    Forgotten.NOT_SUPPLIED: ("経路のグループを提供しない", "a route's group is not supplied by it"),
}


@app.command("forgotten")
def forgotten_() -> None:
    """使われていないアダプターと、先のない経路 / Adapters without use, routes to nowhere."""
    settings = read_settings()
    enabled = _enabled(settings).adapters

    async def work() -> list[Finding]:
        async with opened(settings) as session:
            routes = RouteService(RouteStore(session.store), session.clock)
            return forgotten(discover(), enabled, await routes.everywhere())

    found = run(work())
    if not found:
        say("忘れられたものはありません。", "Nothing was forgotten.")
        return
    table = new_table("団体", "アダプター / Adapter", "グループ / Group", "何が / What")
    for finding in found:
        what = " / ".join(_FORGOTTEN[finding.kind])
        table.add_row(finding.municipality, finding.adapter_id, finding.group, what)
    out().print(table)
    if broken := sum(finding.kind in BROKEN for finding in found):
        fail(f"答えられないもの：{broken} 件", f"what cannot answer: {broken}", REFUSED)


async def _ping(settings: Settings, enabled: AdaptersFile) -> tuple[Table, int]:
    table = new_table("団体", "ID", "状態 / State", "説明 / Message")
    async with open_http_client(destinations=outgoing(settings)) as http:
        connections = Connections.open(
            enabled,
            discover(),
            http=http,
            clock=SystemClock(),
            log=open_log(settings.log_level),
            metrics=Metrics(),
            dictionary=read_dictionary(settings),
            proofs=Proofs.read(settings.certificates_dir, settings.required_adapter_level),
        )
        try:
            await connections.check_all()
            for c in connections.all():
                table.add_row(c.municipality, c.adapter_id, c.health.state.value, c.health.message)
            for r in connections.refused:
                table.add_row(r.municipality, r.adapter_id, r.code, r.reason)
            usable = {SourceState.ONLINE, SourceState.CLOSED}
            down = [c for c in connections.all() if c.health.state not in usable]
            return table, len(down) + len(connections.refused)
        finally:
            await connections.aclose()


def _enabled(settings: Settings) -> AdaptersFile:
    try:
        return read_adapters_file(settings.adapters_file)
    except AdaptersFileError as error:
        wrong = "; ".join(error.problems)
        fail(f"アダプターの設定に誤りがあります（{wrong}）", f"adapters file: {wrong}", NOT_SET_UP)
