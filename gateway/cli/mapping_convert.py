"""``hitotsu mapping convert``: a file of a system into one of the standard, whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.bulk.conversion import Conversion, Outcome
from adapters.bulk.row_path import ConversionError
from adapters.files.csv_files import CsvShapeError
from adapters.files.records import FileShapeError
from adapters.mapping.rows import ShapeError
from gateway.cli.session import err, fail, new_table, out, refuse_existing
from gateway.cli.whole_files import whole_files

_COUNTS = (
    ("read", "読んだ / read"),
    ("converted", "変換した / converted"),
    ("quarantined", "隔離した / quarantined"),
    ("left_out", "対象外 / left out"),
    ("control", "見出し・末尾 / headers and trailers"),
    ("lines", "書いた行 / lines written"),
    ("findings", "所見のある件 / with findings"),
)


def convert_file(conversion: Conversion, data: Path, target: Path, findings: Path) -> None:
    """Convert ``data`` and show what became of it; a failed run leaves neither file behind."""
    for path in (target, findings):
        refuse_existing(path)
    try:
        with data.open("rb") as source, whole_files(target, findings) as (lines, told):
            outcome = _run(conversion, source, lines, told, data.stat().st_size)
    except (ConversionError, CsvShapeError, FileShapeError, ShapeError) as error:
        fail(f"変換できません：{error}", f"the file cannot be converted: {error}")
    except OSError as error:
        fail(f"ファイルを扱えません：{error.strerror}", f"{error.filename}: {error.strerror}")
    _show(outcome, "" if conversion.by_rows else outcome.by_rows)


def _run(
    conversion: Conversion, source: BinaryIO, lines: BinaryIO, told: BinaryIO, size: int
) -> Outcome:
    columns = (
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )  # fmt: skip
    shown = Progress(*columns, console=err(), transient=True, disable=not sys.stderr.isatty())
    with shown as progress:
        bar = progress.add_task("変換しています / converting", total=size or None)
        return conversion.run(source, lines, told, lambda done: progress.update(bar, advance=done))


def _show(outcome: Outcome, slow_because: str) -> None:
    table = new_table("", "件 / records")
    for name, label in _COUNTS:
        table.add_row(label, f"{getattr(outcome.counts, name):,}")
    out().print(table)
    if slow_because:
        err().print(
            f"まとめて変換できず、一件ずつ変換しました（{slow_because}）。"
            f" / row by row, because {slow_because}",
            markup=False,
        )
