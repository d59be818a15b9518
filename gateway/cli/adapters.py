"""``hitotsu adapter``."""

from __future__ import annotations

import typer
from rich.table import Table

from adapters.registry import InstalledAdapter, discover
from gateway.cli.session import (
    NOT_SET_UP,
    REFUSED,
    fail,
    new_table,
    out,
    read_dictionary,
    read_settings,
    run,
)
from gateway.clock import SystemClock
from gateway.connections import Connections, SourceState
from gateway.connections.config import AdaptersFile, AdaptersFileError, read_adapters_file
from gateway.connections.http import open_http_client
from gateway.logs import open_log
from gateway.metrics import Metrics
from gateway.settings import Settings

app = typer.Typer(help="アダプター / Adapters.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """インストール済みのアダプターと有効な団体 / Installed adapters, and where they are on."""
    enabled = _enabled(read_settings())
    table = new_table(
        "ID", "版 / Version", "製品 / Product", "状態 / State", "有効な団体 / Enabled"
    )
    for package in discover():
        towns = ", ".join(e.municipality for e in enabled.adapters if e.adapter == package.id)
        if isinstance(package, InstalledAdapter):
            product = package.manifest.product.name_ja
            table.add_row(package.id, package.manifest.version, product, "可 / ready", towns)
        else:
            state = f"隔離 / quarantined: {package.reason_ja}"
            table.add_row(package.id, "", "", state, towns)
    out().print(table)


@app.command()
def check() -> None:
    """有効なアダプターの接続先を確かめる / Look at the sources of the enabled adapters."""
    settings = read_settings()
    table, faults = run(_check(settings, _enabled(settings)))
    out().print(table)
    if faults:
        fail(f"使えないアダプター：{faults} 件", f"adapters that cannot be used: {faults}", REFUSED)


async def _check(settings: Settings, enabled: AdaptersFile) -> tuple[Table, int]:
    table = new_table("団体", "ID", "状態 / State", "説明 / Message")
    async with open_http_client() as http:
        connections = Connections.open(
            enabled,
            discover(),
            http=http,
            clock=SystemClock(),
            log=open_log(settings.log_level),
            metrics=Metrics(),
            dictionary=read_dictionary(settings),
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
