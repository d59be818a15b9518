"""Dated tables of how far 頃 reaches and which months a season has.

The law gives no months for 春 and no width for 頃: a municipality decides, with a source and from a
day on. Without a row nothing is assumed: a season has no bounds, 頃 no margin.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standard_models.values.unknown_dates import BoundsPolicy, Season

COLUMNS: Final = ("parameter", "value", "valid_from", "valid_to", "source", "mark")
SEASONS: Final = "春夏秋冬"
MARGINS: Final = ("margin_days", "margin_months", "margin_years")
_MONTHS = re.compile(r"([1-9]|1[0-2])-([1-9]|1[0-2])", re.ASCII)
_MARGIN = re.compile(r"\d{1,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class BoundsParameter:
    """One row: ``parameter`` is a season or a margin, ``value`` its months (``12-2``) or number.

    ``valid_from`` and ``valid_to`` are inclusive days; None is open. ``mark`` says how sure the
    source is.
    """

    parameter: str
    value: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    source: str
    mark: str = ""

    def holds(self, day: dt.date) -> bool:
        """Tell whether the row is in force on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class BoundsPolicies:
    """Rows of several years side by side; a day picks the policy."""

    def __init__(self, parameters: Iterable[BoundsParameter]) -> None:
        """Keep the rows.

        Raises:
            ValueError: naming the row (from 1) that is malformed or overlaps an earlier one.
        """
        self.parameters = tuple(parameters)
        for number, row in enumerate(self.parameters, start=1):
            _check(number, row)
            for earlier in self.parameters[: number - 1]:
                if earlier.parameter == row.parameter and _overlap(earlier, row):
                    raise ValueError(f"row {number}: {row.parameter} overlaps an earlier row")

    @classmethod
    def read(cls, path: Path) -> BoundsPolicies:
        """Read a CSV file with the columns of ``COLUMNS``; empty days are open.

        Raises:
            ValueError: naming row and column of what is malformed.
        """
        reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: the columns must be {', '.join(COLUMNS)}")
        return cls(
            BoundsParameter(
                cells["parameter"] or "",
                cells["value"] or "",
                _day(number, "valid_from", cells["valid_from"]),
                _day(number, "valid_to", cells["valid_to"]),
                cells["source"] or "",
                cells["mark"] or "",
            )
            for number, cells in enumerate(reader, start=1)
        )

    def on(self, day: dt.date) -> BoundsPolicy:
        """Return the policy in force on ``day``; what no row decides is not assumed."""
        found = {row.parameter: row.value for row in self.parameters if row.holds(day)}
        margins = {name: int(found[name]) for name in MARGINS if name in found}
        seasons = {name: _season(found[name]) for name in SEASONS if name in found}
        return BoundsPolicy(**margins, seasons=seasons)


def _season(value: str) -> Season:
    first, last = map(int, value.split("-"))
    return first, last, int(last < first)


def _check(number: int, row: BoundsParameter) -> None:
    rules = {**dict.fromkeys(SEASONS, _MONTHS), **dict.fromkeys(MARGINS, _MARGIN)}
    if row.parameter not in rules:
        raise ValueError(f"row {number}, parameter: must be one of {', '.join(rules)}")
    if not rules[row.parameter].fullmatch(row.value):
        raise ValueError(f"row {number}, value: must be months (12-2) or a number of days, months")
    if not row.source.strip():
        raise ValueError(f"row {number}, source: must say who decided, and when")
    if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
        raise ValueError(f"row {number}, valid_to: lies before valid_from")


def _overlap(one: BoundsParameter, other: BoundsParameter) -> bool:
    return (one.valid_from or dt.date.min) <= (other.valid_to or dt.date.max) and (
        other.valid_from or dt.date.min
    ) <= (one.valid_to or dt.date.max)


def _day(number: int, column: str, text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"row {number}, {column}: must be a day as 2026-04-01") from None
