"""How far a long command is, on a terminal alone: by group, how many records, how long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from gateway.cli.session import err


@contextmanager
def shown_progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Show a bar for each group; call with the group, how many, and of how many if known."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as progress:
        bars: dict[str, TaskID] = {}

        def show(group: str, done: int, total: int | None) -> None:
            if group not in bars:
                bars[group] = progress.add_task(group, total=total)
            progress.update(bars[group], completed=done)

        yield show
