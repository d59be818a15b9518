"""``hitotsu expiries``: what ends soon."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from gateway.cli.session import new_table, opened, out, read_settings, run
from gateway.expiries import Expiries, ExpiryStore
from gateway.logs import open_log
from gateway.metrics import Metrics

_KINDS = {"certificate": "証明書 / certificate", "grant": "許可 / grant"}


def expiries(
    days: Annotated[
        int, typer.Option("--within", min=0, max=3_650, help="日数 / Days from today.")
    ] = 60,
) -> None:
    """まもなく終わる証明書と許可を、近い順に示す / List what ends soon, the soonest first."""
    settings = read_settings()

    async def work() -> Table:
        table = new_table(
            "種類 / Kind", "連携先 / Client", "最後の日 / Last day", "残り / Days", "ID"
        )
        async with opened(settings) as session:
            ends = Expiries(
                ExpiryStore(session.store),
                clock=session.clock,
                log=open_log(settings.log_level),
                metrics=Metrics(),
            )
            for expiry in await ends.within(days):
                day, left = expiry.last_day.isoformat(), str(expiry.days_left)
                table.add_row(_KINDS[expiry.kind], expiry.client_id, day, left, expiry.name)
        return table

    out().print(run(work()))
