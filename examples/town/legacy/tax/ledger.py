"""Reads the tax product's data file."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import orjson

from examples.town.writers.tax import FILE_NAME

PAGE_ROWS = 20
CURRENT_YEAR = 2026


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person: the number, the 宛名番号 (may be empty), the document as JSON."""

    number: str
    linked: str
    document: bytes


class Ledger:
    """Read-only access to the file; every lookup goes through a key."""

    def __init__(self, directory: Path) -> None:
        path = (directory / FILE_NAME).resolve()
        self._database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)

    def find_person(self, number: str) -> PersonRow | None:
        """Return a person, None if there is none with this number."""
        found = self._database.execute(
            "SELECT kojin_no, atena_no, naiyo FROM kojin WHERE kojin_no = ?", (number,)
        ).fetchone()
        return PersonRow(*found) if found else None

    def somebody_else(self, number: str) -> PersonRow | None:
        """Return the next person after this number, or the first."""
        found = self._database.execute(
            "SELECT kojin_no, atena_no, naiyo FROM kojin WHERE kojin_no > ?1"
            " UNION ALL SELECT * FROM (SELECT kojin_no, atena_no, naiyo FROM kojin"
            " WHERE kojin_no < ?1 LIMIT 1) LIMIT 1",
            (number,),
        ).fetchone()
        return PersonRow(*found) if found else None

    def assessments(
        self, number: str, *, year: int | None, newest_only: bool, after: tuple[int, int]
    ) -> tuple[list[orjson.Fragment], tuple[int, int] | None]:
        """Return a page of rows after a position, and the position to go on from."""
        newest = (
            " AND rireki_no = (SELECT max(b.rireki_no) FROM kazei b"
            " WHERE b.kojin_no = a.kojin_no AND b.nendo = a.nendo)"
            if newest_only
            else ""
        )
        rows = self._database.execute(
            "SELECT nendo, rireki_no, gyo FROM kazei a WHERE kojin_no = ?"
            " AND (nendo, rireki_no) > (?, ?) AND (? IS NULL OR nendo = ?)"
            f"{newest} ORDER BY nendo, rireki_no LIMIT ?",
            (number, *after, year, year, PAGE_ROWS + 1),
        ).fetchall()
        page = rows[:PAGE_ROWS]
        more = (page[-1][0], page[-1][1]) if len(rows) > PAGE_ROWS else None
        return [orjson.Fragment(row[2]) for row in page], more

    def dependants(self, number: str, year: int | None) -> list[orjson.Fragment]:
        """Return whom a person supports in a year, or in any, in the order of the file."""
        rows = self._database.execute(
            "SELECT gyo FROM fuyo WHERE kojin_no = ? AND (? IS NULL OR nendo = ?)"
            " ORDER BY nendo, renban",
            (number, year, year),
        )
        return [orjson.Fragment(row[0]) for row in rows]

    def people(self, after: str) -> tuple[list[PersonRow], str | None]:
        """Return a page of people after a number, and the number to go on from."""
        rows = self._database.execute(
            "SELECT kojin_no, atena_no, naiyo FROM kojin WHERE kojin_no > ?"
            " ORDER BY kojin_no LIMIT ?",
            (after, PAGE_ROWS + 1),
        ).fetchall()
        page = [PersonRow(*row) for row in rows[:PAGE_ROWS]]
        return page, page[-1].number if len(rows) > PAGE_ROWS else None
