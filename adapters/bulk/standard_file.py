"""The file that a conversion writes: one line a record of a standard group, and its findings.

The file is UTF-8 CSV (RFC 4180, lines end with LF, cells are quoted where they must be): ``record``
is the number of the record in the source file (of a CSV file: the line on which it begins),
``subject`` the person's number there, then every item of the group by its romaji name, last
``states``: one letter an item, in the order of the columns, which tells an empty cell of a value
that is not recorded from one that does not apply. A date that is not exactly one day is written as
``earliest/latest``, ``..`` where nothing bounds it.

Findings are lines of JSON, in the order of the records, for those of which there is more to say;
they name rules and places, never contents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from adapters.files.fixed import FieldFinding
from standard_models.answers import (
    AbsenceReason,
    Answer,
    Quality,
    StandardRecord,
    UncertainDate,
    Value,
)

VALUE: Final = "v"
STATES: Final[Mapping[AbsenceReason, str]] = {
    AbsenceReason.NOT_RECORDED: "n",
    AbsenceReason.RECORDED_UNKNOWN: "u",
    AbsenceReason.NOT_APPLICABLE: "a",
    AbsenceReason.NOT_SUPPLIED: "s",
    AbsenceReason.LOST_IN_MAPPING: "l",
}
"""The letter of each reason that a mapping can give for an empty cell."""


@dataclass(frozen=True, slots=True)
class Cell:
    """An item of one record as the file has it: the cell's bytes, quoted, and its letter."""

    content: bytes
    state: str


@dataclass(slots=True)
class Counts:
    """What became of the records of a file: read = control + quarantined + left_out + converted.

    ``left_out`` are records that the mapping does not take (``where``), ``control`` headers and
    trailers; ``lines`` were written, one or more for each record ``converted``. ``findings`` counts
    the lines of the findings.
    """

    read: int = 0
    control: int = 0
    quarantined: int = 0
    left_out: int = 0
    converted: int = 0
    lines: int = 0
    findings: int = 0

    def add(self, other: Counts) -> None:
        """Add the counts of another part of the file."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def header(items: Iterable[str]) -> bytes:
    """Return the first line of the file."""
    return ",".join(("record", "subject", *items, "states")).encode() + b"\n"


def cell(answer: Answer) -> Cell:
    """Return an answer of the row plan as a cell."""
    if isinstance(answer, Value):
        return Cell(quoted(answer.value), VALUE)
    content = _interval(answer.uncertain).encode() if answer.uncertain is not None else b""
    return Cell(content, STATES[answer.reason])


def quoted(value: object) -> bytes:
    """Return a value as the bytes of a CSV cell."""
    text = ("false", "true")[value] if isinstance(value, bool) else str(value)
    if any(mark in text for mark in ',"\r\n'):
        text = '"' + text.replace('"', '""') + '"'
    return text.encode()


def line(number: int, record: StandardRecord, items: Iterable[str]) -> bytes:
    """Return the line of one record with the end of the line."""
    cells = [cell(record.answers[name]) for name in items]
    states = "".join(one.state for one in cells).encode()
    first = (str(number).encode(), quoted(record.subject_number))
    return b",".join((*first, *(one.content for one in cells), states)) + b"\n"


def findings_of(
    number: int,
    row: int,
    fields: Iterable[FieldFinding],
    answers: Mapping[str, Answer],
    items: Iterable[str],
) -> bytes:
    """Return the line about a converted record, empty where nothing was seen.

    ``row`` counts the lines of one record of the source from 1.
    """
    seen = {name: _quality(answers[name].quality) for name in items if answers[name].quality}
    found = [_field(one) for one in fields]
    if not seen and not found:
        return b""
    about: dict[str, Any] = {"record": number, "row": row}
    if found:
        about["fields"] = found
    if seen:
        about["items"] = seen
    return orjson.dumps(about) + b"\n"


def quarantined(number: int, fields: Iterable[FieldFinding]) -> bytes:
    """Return the line about a record that is not in the file because something is wrong with it."""
    about = {"record": number, "quarantined": True, "fields": [_field(one) for one in fields]}
    return orjson.dumps(about) + b"\n"


def _field(found: FieldFinding) -> dict[str, Any]:
    return {"path": found.path, "byte": found.byte, **found.quality.to_json()}


def _quality(seen: Iterable[Quality]) -> list[dict[str, Any]]:
    return [quality.to_json() for quality in seen]


def _interval(date: UncertainDate) -> str:
    first, last = (day.isoformat() if day else ".." for day in (date.earliest, date.latest))
    return f"{first}/{last}"
