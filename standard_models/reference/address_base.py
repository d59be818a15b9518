"""Tables of the Address Base Registry (アドレス・ベース・レジストリ): layouts, reader, town blocks.

Source: デジタル庁, アドレス・ベース・レジストリ; columns by ``address_base_layouts.csv`` (types and
lengths as third parties list them).
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Final

_OF_PREFECTURE = re.compile(r"_pref\d\d$")
_KINDS: Final[Mapping[str, tuple[re.Pattern[str], str]]] = {
    "digits": (re.compile(r"\d*", re.A), "half-width digits"),
    "half": (re.compile(r"[\x20-\x7eĀāĪīŪūĒēŌō]*"), "half-width characters"),
    "kana": (re.compile(r"[^\x00-\x7f｡-ﾟ]*"), "full-width characters"),
    "date": (re.compile(r"(?:\d{4}-\d\d-\d\d)?", re.A), "a day as 2026-04-01"),
    "text": (re.compile(r".*"), "text"),
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

    ``read`` is the number of data rows: ``len(rows) + rejected``.
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
        ValueError: no such table, not UTF-8, or a column is missing, unknown or there twice.
    """
    table = table or _OF_PREFECTURE.sub("_pref", path.stem)
    columns = layouts().get(table)
    if columns is None:
        raise ValueError(f"{path.name}: the registry has no table {table}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: byte {error.start} is not UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    _check_header(path.name, header, columns)
    rows: list[Mapping[str, str]] = []
    problems: list[TableProblem] = []
    read = 0
    by_name = {column.column: column for column in columns}
    seen: set[tuple[str, ...]] = set()
    for cells in reader:
        if not cells:
            continue
        read += 1
        found = list(_row_problems(reader.line_num, header, cells, by_name))
        row = dict(zip(header, cells, strict=False))
        key = _key(table, row)
        if not found and key in seen:
            found = [TableProblem(reader.line_num, "machiaza_id", "the key stands twice")]
        problems += found
        if not found:
            seen.add(key)
            rows.append(row)
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
    names = ["lg_code", "machiaza_id", "blk_id", "rsdt_id", "rsdt2_id", "rsdt_addr_flg"]
    if table.startswith("mt_town_"):
        names += ["efct_date", "oaza_cho_aka_flg", "koaza_aka_code"]
    return tuple(row.get(name, "") for name in names)


@dataclass(frozen=True, slots=True)
class Town:
    """A town block (町字) of a municipality, in force from and until inclusive days.

    ``chome_number`` is the figure of 丁目 (``2``), empty without. ``until`` is the last day on
    which it was in force, None while it is.
    """

    municipality_code: str
    town_id: str
    large: str
    chome: str
    chome_number: str
    small: str
    residence_numbering: bool
    since: dt.date | None
    until: dt.date | None

    @property
    def name(self) -> str:
        """Return the name as the registry writes it: ``霞が関二丁目``."""
        return f"{self.large}{self.chome}{self.small}"

    def holds(self, day: dt.date) -> bool:
        """Tell whether the block was in force on ``day``."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day <= self.until
        )


@dataclass(frozen=True, slots=True)
class TownTable:
    """The town blocks of one or more municipalities."""

    towns: tuple[Town, ...]
    _by_municipality: dict[str, list[Town]] = field(init=False, default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Index the blocks."""
        for town in self.towns:
            self._by_municipality.setdefault(town.municipality_code, []).append(town)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> TownTable:
        """Return the blocks of rows of ``mt_town_all`` or ``mt_town_fullset_all``.

        Rows that are only another name of a block (通称) are left out: the registry's own name is
        what codes belong to.
        """
        return cls(tuple(_town(row) for row in rows if not _is_alias(row)))

    def covers(self, municipality_code: str) -> bool:
        """Tell whether the table holds blocks of the municipality."""
        return municipality_code in self._by_municipality

    def of_municipality(self, code: str, day: dt.date | None = None) -> tuple[Town, ...]:
        """Return the blocks of a municipality, all of them or those in force on ``day``."""
        found = self._by_municipality.get(code, ())
        return tuple(town for town in found if day is None or town.holds(day))

    def find(self, code: str, town_id: str, day: dt.date | None = None) -> Town | None:
        """Return the block of 団体コード and 町字ID; None without one, or if ``day`` is needed."""
        found = [t for t in self.of_municipality(code, day) if t.town_id == town_id]
        return found[0] if len(found) == 1 else None


def _is_alias(row: Mapping[str, str]) -> bool:
    return row["oaza_cho_aka_flg"] == "1" or row["koaza_aka_code"] in {"1", "2", "3"}


def _town(row: Mapping[str, str]) -> Town:
    since, abolished = row["efct_date"], row["ablt_date"]
    until = dt.date.fromisoformat(abolished) - dt.timedelta(days=1) if abolished else None
    return Town(
        row["lg_code"],
        row["machiaza_id"],
        row["oaza_cho"],
        row["chome"],
        row["chome_number"],
        row["koaza"],
        row["rsdt_addr_flg"] == "1",
        dt.date.fromisoformat(since) if since else None,
        until,
    )
