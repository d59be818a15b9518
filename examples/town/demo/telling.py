"""What the demonstration says on the terminal: Japanese first, then English."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table


class Telling:
    """Prints steps with their time, the addresses, and problems."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextlib.contextmanager
    def step(self, japanese: str, english: str) -> Iterator[None]:
        """Say that a step is done, and how long it took."""
        began = time.perf_counter()
        with self._console.status(f"{japanese}しています … / {english}"):
            yield
        seconds = time.perf_counter() - began
        self._console.print(f"[green]✓[/] {japanese}  [dim]{english} ({seconds:.1f} s)[/]")

    def skipped(self, japanese: str, english: str) -> None:
        """Say that a step was done before."""
        self._console.print(f"[green]✓[/] {japanese}  [dim]{english}[/]")

    def addresses(self, gateway_url: str, service_url: str) -> None:
        """Print the three addresses and how to stop."""
        table = Table.grid(padding=(0, 2))
        table.add_row("APIドキュメント\n[dim]API documentation[/]", f"{gateway_url}/docs")
        table.add_row("アダプターの稼働状況\n[dim]State of the adapters[/]", _state(gateway_url))
        table.add_row("町のオンライン申請\n[dim]Online service of the town[/]", service_url)
        self._console.print(Panel(table, title="ひとつ — Hitotsu", expand=False))
        self._console.print("止めるには Ctrl-C / Ctrl-C stops everything")

    def stopping(self) -> None:
        """Say that everything is being stopped."""
        self._console.print("停止しています … / stopping")

    def problem(self, japanese: str, english: str, log: Path | None = None) -> None:
        """Say what went wrong and where to look."""
        self._console.print(f"[red]✗[/] {japanese}\n  [dim]{english}[/]")
        if log is not None:
            self._console.print(f"  {log}", soft_wrap=True)

    def line(self, text: str) -> None:
        """Print one plain line."""
        self._console.print(text, highlight=False, soft_wrap=True)


def _state(gateway_url: str) -> str:
    return f"{gateway_url}/console/adapters"
