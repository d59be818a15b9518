"""Files of an edition as rows that know their place, so that every refusal names it."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml

from standard_models.safe_yaml import safe_load

Choice = TypeVar("Choice", bound=StrEnum)


class EditionError(Exception):
    """A file of an edition is malformed; says where, and which rule it breaks."""

    def __init__(self, path: Path, row: int | None, column: str | None, rule: str) -> None:
        place = f"{path.parent.parent.name}/{path.parent.name}/{path.name}"
        place += f", row {row}" if row is not None else ""
        place += f", column {column}" if column is not None else ""
        super().__init__(f"{place}: {rule}")
        self.path = path
        self.row = row
        self.column = column
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CSV file that knows its place. The header is row 1."""

    path: Path
    number: int
    cells: Mapping[str, str | None]

    def __getitem__(self, column: str) -> str:
        if (cell := self.cells.get(column)) is None:
            self.refuse(column, "the column is missing")
        return cell.strip()

    def refuse(self, column: str, rule: str) -> NoReturn:
        """Say that a cell breaks a rule.

        Raises:
            EditionError: always.
        """
        raise EditionError(self.path, self.number, column, rule)

    def choice(self, column: str, choices: type[Choice]) -> Choice:
        """Return the member that the cell names.

        Raises:
            EditionError: the cell names none.
        """
        try:
            return choices(self[column])
        except ValueError:
            self.refuse(column, f"must be one of {', '.join(choices)}")

    def number_in(self, column: str) -> int | None:
        """Return the number in a cell, None if it is empty.

        Raises:
            EditionError: the cell holds something else.
        """
        cell = self[column]
        if cell and not (cell.isascii() and cell.isdecimal()):
            self.refuse(column, "must be a number")
        return int(cell) if cell else None

    def circle(self, column: str) -> bool:
        """Tell whether the cell is marked with ○.

        Raises:
            EditionError: the cell holds something else.
        """
        if self[column] not in {"", "○"}:
            self.refuse(column, "must be ○ or empty")
        return self[column] == "○"


def read_text(path: Path) -> str:
    """Return a UTF-8 file, with or without a byte order mark.

    Raises:
        EditionError: the file is missing or is not UTF-8.
    """
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise EditionError(path, None, None, "the file is missing") from None
    except UnicodeDecodeError as error:
        raise EditionError(path, None, None, f"byte {error.start} is not UTF-8") from None


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file.

    Raises:
        EditionError: the file is missing, is not UTF-8 or not YAML.
    """
    try:
        return safe_load(read_text(path))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        raise EditionError(path, row, None, "must be YAML") from None


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV file.

    Raises:
        EditionError: the file is missing, or is not UTF-8 or CSV.
    """
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    for number in itertools.count(2):
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise EditionError(path, number, None, f"must be CSV: {error}") from None
        if cells is None:
            return
        if None in cells:
            raise EditionError(path, number, None, "has more cells than the header")
        yield Row(path, number, cells)
