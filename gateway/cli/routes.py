"""``hitotsu route``. A change of a route is recorded before it is made."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from adapters.manifest import Capability
from adapters.registry import InstalledAdapter, QuarantinedAdapter, discover
from gateway.cli.options import Municipality
from gateway.cli.session import (
    Session,
    fail,
    new_table,
    opened,
    out,
    read_dictionary,
    read_settings,
    run,
    say,
)
from gateway.routes import Route, RouteMode, RouteService, RouteStore
from standard_models.dictionary import Dictionary

app = typer.Typer(
    help="どのグループをどのシステムが答えるか / Which system answers for a group.",
    no_args_is_help=True,
)


@app.command("set")
def set_(
    group: Annotated[
        str, typer.Argument(help="グループの参照名（001.juminkihonjoho など） / Group.")
    ],
    adapter: Annotated[str, typer.Argument(help="アダプターの ID / Id of the adapter.")],
    municipality: Municipality,
) -> None:
    """グループに答えるアダプターを決める（すぐに効く） / Let an adapter answer for a group."""
    settings = read_settings()
    _require_supplied(read_dictionary(settings), group, adapter)
    new = Route(group, RouteMode.LEGACY, adapter)

    async def work() -> Route | None:
        async with opened(settings) as session:
            return await _routes(session).set(
                municipality, group, adapter, changed_by=session.actor
            )

    before = run(work())
    if before == new:
        say(f"変更はありません（{group} → {adapter}）。", f"Nothing to change ({group}).")
        return
    was_ja, was_en = (before.adapter_id,) * 2 if before else ("なし", "none")
    say(
        f"{group} には {adapter} が答えます（変更前：{was_ja}）。",
        f"{adapter} answers for {group} (before: {was_en}).",
    )


@app.command("list")
def list_(municipality: Municipality) -> None:
    """グループごとの答えるシステムの一覧 / List the routes."""
    settings = read_settings()
    groups = read_dictionary(settings).groups

    async def work() -> Table:
        table = new_table("グループ / Group", "名称 / Name", "方式 / Mode", "アダプター / Adapter")
        async with opened(settings) as session:
            for route in await _routes(session).all(municipality):
                group = groups.get(route.group)
                name = group.name if group else ""
                table.add_row(route.group, name, route.mode.value, route.adapter_id)
        return table

    out().print(run(work()))


def _routes(session: Session) -> RouteService:
    return RouteService(RouteStore(session.store), session.clock)


def _require_supplied(dictionary: Dictionary, group: str, adapter: str) -> None:
    """End the command unless an installed adapter of this id supplies the group."""
    if dictionary.find_group(group) is None:
        fail(f"グループ「{group}」はありません。", f"there is no group {group!r}")
    found: dict[str, InstalledAdapter | QuarantinedAdapter] = {a.id: a for a in discover()}
    package = found.get(adapter)
    if package is None:
        fail(
            f"アダプター「{adapter}」はインストールされていません。",
            f"there is no installed adapter {adapter!r}",
        )
    if isinstance(package, QuarantinedAdapter):
        fail(f"アダプターは隔離されています：{package.reason_ja}", package.reason_en)
    if group not in package.manifest.groups:
        supplied = ", ".join(package.manifest.groups)
        fail(
            f"アダプター「{adapter}」は {group} を提供しません（提供：{supplied}）。",
            f"{adapter} does not supply {group}; it supplies {supplied}",
        )
    gives_files = package.manifest.freshness.every_s is not None
    if Capability.FETCH not in package.manifest.capabilities and not gives_files:
        can = ", ".join(sorted(package.manifest.capabilities))
        fail(
            f"アダプター「{adapter}」は一人ずつの照会に答えません（能力：{can}）。",
            f"{adapter} answers no question about one person; it can {can}",
        )
