"""Tables of the Address Base Registry (アドレス・ベース・レジストリ): layouts and reader.

Source: デジタル庁, アドレス・ベース・レジストリ; columns by ``address_base_layouts.csv`` (types and
lengths as third parties list them).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final

_OF_PREFECTURE = re.compile(r"_pref\d\d$")
_KINDS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "digits": (re.compile(r"\d*", re.A), "half-width digits"),
    "half": (re.compile(r"[\x20-\x7eĀāĪīŪūĒēŌō]*"), "half-width characters"),
    "kana": (re.compile(r"[^\x00-\x7f｡-ﾟ]*"), "full-width characters"),
    "date": (re.compile(r"(?:\d{4}-\d\d-\d\d)?", re.A), "a day as 2026-04-01"),
    "text": (re.compile(r".*"), "one line of text"),
}
_KEY_LENGTHS: Final = {"lg_code": 6, "machiaza_id": 7}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in the header row, Japanese name, kind, longest content (0 unknown)."""

    column: str
    name: str
    kind: str
    length: int


@dataclass(frozen=True, slots=True)
class TableProblem:
    """What is wrong, where and by which rule. ``row`` counts lines of the file, the header is 1."""

    row: int
    column: str
    rule: str


@dataclass(frozen=True, slots=True)
class TableReading:
    """The rows that are right, by column name, and every problem of the others.

    ``read`` is the number of data rows: ``len(rows) + rejected``. Blank lines are no rows.
    """

    table: str
    rows: tuple[Mapping[str, str], ...]
    problems: tuple[TableProblem, ...]
    read: int

    @property
    def rejected(self) -> int:
        """Return how many rows have a problem."""
        return self.read - len(self.rows)


@cache
def layouts() -> Mapping[str, tuple[Column, ...]]:
    """Return the columns of every table, by its name (``mt_town_all``)."""
    path = files("standard_models.reference").joinpath("address_base_layouts.csv")
    rows = csv.DictReader(path.read_text("utf-8").splitlines())
    return {
        table: tuple(
            Column(row["column"], row["name"], row["kind"], int(row["length"] or 0))
            for row in columns
        )
        for table, columns in groupby(rows, key=lambda row: row["table"])
    }


def read_table(path: Path, table: str | None = None) -> TableReading:
    """Read a table as it is published: CSV, UTF-8 with or without BOM, with its header row.

    ``table`` is taken from the file's name without it (``mt_town_pos_pref13.csv``). Columns may
    stand in any order. A row with a problem is left out whole and listed.

    Raises:
        ValueError: no such table, not UTF-8, a column is missing, unknown or there twice, or the
            quotes of a line are not closed: what follows could not be told apart.
    """
    table = table or _OF_PREFECTURE.sub("_pref", path.stem)
    columns = layouts().get(table)
    if columns is None:
        raise ValueError(f"{path.name}: the registry has no table {table}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: byte {error.start} is not UTF-8") from None
    lines = _lines(path.name, text)
    _, header = next(lines, (1, []))
    _check_header(path.name, header, columns)
    return _read_rows(table, header, columns, lines)


def _lines(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of a line, the last one of a row on several, and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    good = 0
    try:
        for cells in reader:
            good = reader.line_num
            yield good, cells
    except csv.Error as error:
        raise ValueError(f"{name}: no CSV from line {good + 1}: {error}") from None


def _read_rows(
    table: str,
    header: list[str],
    columns: tuple[Column, ...],
    lines: Iterator[tuple[int, list[str]]],
) -> TableReading:
    rows: list[Mapping[str, str]] = []
    problems: list[TableProblem] = []
    read = 0
    by_name = {column.column: column for column in columns}
    seen: set[tuple[str, ...]] = set()
    for line, cells in lines:
        if not cells:
            continue
        read += 1
        found = list(_row_problems(line, header, cells, by_name))
        row = dict(zip(header, cells, strict=False))
        key = _key(table, row)
        if not found and key in seen:
            found = [TableProblem(line, "machiaza_id", "the key stands twice")]
        problems += found
        if not found:
            seen.add(key)
            rows.append(MappingProxyType(row))
    return TableReading(table, tuple(rows), tuple(problems), read)


def _check_header(name: str, header: list[str], columns: tuple[Column, ...]) -> None:
    expected = {column.column for column in columns}
    for what, found in (
        ("is missing", expected - set(header)),
        ("is unknown", set(header) - expected),
        ("stands twice", {c for c in header if header.count(c) > 1}),
    ):
        if found:
            raise ValueError(f"{name}: the column {min(found)} {what}")


def _row_problems(
    line: int, header: list[str], cells: list[str], columns: Mapping[str, Column]
) -> Iterator[TableProblem]:
    if len(cells) != len(header):
        yield TableProblem(line, "", f"has {len(cells)} cells, the header {len(header)}")
        return
    for name, cell in zip(header, cells, strict=True):
        column = columns[name]
        pattern, rule = _KINDS[column.kind]
        if not pattern.fullmatch(cell):
            yield TableProblem(line, name, f"must be {rule}")
        elif column.length and len(cell) > column.length:
            yield TableProblem(line, name, f"holds at most {column.length} characters")
        elif name in _KEY_LENGTHS and len(cell) != _KEY_LENGTHS[name]:
            yield TableProblem(line, name, f"must have {_KEY_LENGTHS[name]} digits")
        elif column.kind == "date" and cell and not _is_day(cell):
            yield TableProblem(line, name, "is no day of the calendar")


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _key(table: str, row: Mapping[str, str]) -> tuple[str, ...]:
    """Return what no two rows share.

    The registry lists a block twice where parts of it have residence numbers and others have not.
    """
    names = ["lg_code", "machiaza_id", "blk_id", "rsdt_id", "rsdt2_id", "rsdt_addr_flg"]
    if table.startswith("mt_town_"):
        names += ["efct_date", "oaza_cho_aka_flg", "koaza_aka_code"]
    return tuple(row.get(name, "") for name in names)
