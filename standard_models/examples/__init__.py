"""Worked examples of values: what a source holds, what becomes of it, and by which rule."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

COLUMNS: Final = ("operation", "input", "expected", "quality", "source")
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Example:
    """One example. ``quality`` are codes with severity, in the order in which they are raised."""

    topic: str
    row: int
    operation: str
    input: str
    expected: str
    quality: tuple[str, ...]
    source: str


def examples() -> Mapping[str, tuple[Example, ...]]:
    """Return the examples by topic.

    Raises:
        ValueError: a file has other columns, or a row without operation or source.
    """
    folder = files("standard_models").joinpath("examples")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".csv")), key=lambda p: p.name)
    return {p.name[:-4]: _read(p.name[:-4], p.read_text("utf-8")) for p in paths}


def _read(topic: str, content: str) -> tuple[Example, ...]:
    reader = csv.DictReader(io.StringIO(content, newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"{topic}.csv: the columns must be {', '.join(COLUMNS)}")
    found = []
    for row, cells in enumerate(reader, start=2):
        if not cells["operation"] or not cells["source"]:
            raise ValueError(f"{topic}.csv, row {row}: operation and source must be given")
        found.append(
            Example(
                topic,
                row,
                cells["operation"],
                _unescaped(cells["input"]),
                _unescaped(cells["expected"]),
                tuple(code for code in cells["quality"].split("; ") if code),
                cells["source"],
            )
        )
    return tuple(found)


def _unescaped(cell: str) -> str:
    return _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), cell)
