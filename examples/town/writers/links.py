"""Writes the town's table of numbers (番号対照表): which numbers are one person."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from examples.town.model.people import Group, Person
from examples.town.model.taxation import TaxRecord
from examples.town.writers import cp932

FILE_NAME: Final = "bangotaisho.csv"
HEADER: Final = (
    "宛名番号", "税個人番号", "福祉個人番号", "住登外宛名番号", "照合根拠", "登録日",
)  # fmt: skip
BY_NUMBER: Final = "個人番号一致"
BY_STAFF: Final = "職員確認"


class LinkWriter:
    """Streams groups of people into the CSV file (code page 932, CR LF, a header)."""

    def __init__(self, directory: Path) -> None:
        self._file = (directory / FILE_NAME).open("wb")
        self._row(HEADER)

    def __enter__(self) -> LinkWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def write(self, group: Group) -> None:
        """Write one row for each person with a number; a second tax number has a row of its own."""
        for person in group.people:
            if person.entries or person.taxes:
                for row in rows(person):
                    self._row(row)

    def _row(self, values: tuple[str, ...]) -> None:
        self._file.write(cp932.encode(",".join(values)) + b"\r\n")


def rows(person: Person) -> list[tuple[str, ...]]:
    """Return the rows of a person, the newest tax number first."""
    welfare = person.welfare.number if person.welfare else ""
    taxes = list(reversed(person.taxes))
    first = taxes[0] if taxes else None
    basis = BY_STAFF if first and person.number and not first.linked else BY_NUMBER
    found = [
        (person.number, first.number if first else "", welfare, _outsider(first), basis, "20260930")
    ]
    found += [
        (person.number, other.number, "", _outsider(other), BY_STAFF, "20260930")
        for other in taxes[1:]
    ]
    return found


def _outsider(record: TaxRecord | None) -> str:
    return record.outsider.number if record and record.outsider else ""
