"""CSV files of every bad habit, row by row: what is wrong with a row is told, and hits only it.

Rows are split as bytes, because one byte that the encoding does not have must not cost the file.
Line ends and delimiters inside quotes belong to the cell; doubled quotes are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from adapters.encodings.pages import PLAIN, PagePolicy, code_page, code_pages
from adapters.files.fixed import FieldFinding, RecordReading
from standard_models.answers import Quality, Severity

MAX_ROW_BYTES: Final = 1_000_000
BOM: Final = b"\xef\xbb\xbf"
_UTF_8: Final = "utf-8"


class CsvShapeError(Exception):
    """The file as a whole is not of the declared shape; the message says what and where."""


@dataclass(frozen=True, slots=True)
class CsvProfile:
    """What a profile says of a CSV file.

    ``columns`` maps what stands in the header row to field names; without ``header`` it names the
    columns in their order. ``encoding`` is ``utf-8`` or a code page, which ``policy`` is for.
    ``quote`` is empty where the file knows no quotes. A byte order mark is accepted, not needed.
    """

    columns: Mapping[str, str]
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    header: bool = True
    policy: PagePolicy = PLAIN


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row: the line on which it begins, its bytes, and its fields or why there are none."""

    line: int
    raw: bytes
    reading: RecordReading = field(default_factory=lambda: RecordReading(None))


def read_csv(file: BinaryIO, profile: CsvProfile) -> Iterator[CsvRow]:
    """Yield the rows of a file, the header left out.

    ``CELL_COUNT`` (R) for a row with more or fewer cells than columns, ``UNDECODABLE`` (R) with the
    byte offset for bytes that the encoding does not have, ``QUOTE_UNBALANCED`` (R) for a quote that
    is not closed or a cell that goes on behind one. Blank lines are passed over.

    Raises:
        CsvShapeError: the header lacks a column or has an unknown or repeated one, a row is too
            long, or the encoding cannot be split by bytes.
    """
    names, first = read_head(file, profile)
    for line, raw in _rows(file, profile, first):
        yield CsvRow(line, raw, read_row(raw, names, profile))


def read_head(file: BinaryIO, profile: CsvProfile) -> tuple[list[str], int]:
    """Read the header, if there is one; return the fields in order and the number of the next line.

    Raises:
        CsvShapeError: the header is not that of the profile, or the encoding cannot be split.
    """
    _require_encoding(profile.encoding)
    if not profile.header:
        return list(profile.columns.values()), 1
    row = next(_rows(file, profile), None)
    names = _header(row, profile)
    return names, row[0] + row[1].count(b"\n") + 1 if row is not None else 1


def header_of(file: BinaryIO, encoding: str) -> list[str]:
    """Return what stands in the header row of a file with commas and quotes.

    Raises:
        CsvShapeError: there is none, or it is damaged.
    """
    _require_encoding(encoding)
    profile = CsvProfile({}, encoding)
    row = next(_rows(file, profile), None)
    cells = _cells(row[1], profile) if row is not None else None
    if cells is None or isinstance(cells, Quality):
        raise CsvShapeError("the file has no header row that can be read")
    return [cell.strip() for cell in cells]


def _require_encoding(name: str) -> None:
    known = (_UTF_8, *code_pages())
    if name not in known:
        raise CsvShapeError(f"{name[:40]}: the encoding of a CSV file is one of {', '.join(known)}")


def _rows(file: BinaryIO, profile: CsvProfile, next_line: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield the rows with their first line; a line end inside quotes does not end one."""
    quote = profile.quote.encode("ascii")
    waiting, first = b"", 0
    for number, line in enumerate(file, start=next_line):
        own = line.removeprefix(BOM) if number == 1 else line
        if not waiting:
            first = number
        waiting += own
        if len(waiting) > MAX_ROW_BYTES:
            raise CsvShapeError(f"line {first}: the row is longer than {MAX_ROW_BYTES} bytes")
        if quote and waiting.count(quote) % 2:
            continue
        if waiting.strip(b"\r\n"):
            yield first, waiting.rstrip(b"\r\n")
        waiting = b""
    if waiting.strip(b"\r\n"):
        yield first, waiting.rstrip(b"\r\n")


def _header(row: tuple[int, bytes] | None, profile: CsvProfile) -> list[str]:
    if row is None:
        raise CsvShapeError("the file has no header row")
    cells = _cells(row[1], profile)
    if isinstance(cells, Quality):
        raise CsvShapeError(f"line {row[0]}: the header is damaged ({cells.code})")
    heads = [cell.strip() for cell in cells]
    for what, found in (
        ("is missing", profile.columns.keys() - set(heads)),
        ("is not declared", set(heads) - profile.columns.keys()),
        ("stands twice", {head for head in heads if heads.count(head) > 1}),
    ):
        if found:
            raise CsvShapeError(f"line {row[0]}: the column {min(found)[:40]} {what}")
    return [profile.columns[head] for head in heads]


def read_row(raw: bytes, names: list[str], profile: CsvProfile) -> RecordReading:
    """Return the fields of one row, without the end of its line."""
    cells = _cells(raw, profile)
    if isinstance(cells, Quality):
        return RecordReading(None, (FieldFinding("", 0, cells),))
    if len(cells) != len(names):
        params: dict[str, str | int] = {"cells": len(cells), "expected": len(names)}
        wrong = Quality("CELL_COUNT", Severity.REJECT, params)
        return RecordReading(None, (FieldFinding("", 0, wrong),))
    return RecordReading({n: cell or None for n, cell in zip(names, cells, strict=True)})


def _cells(raw: bytes, profile: CsvProfile) -> list[str] | Quality:
    text = _text(raw, profile)
    if isinstance(text, Quality):
        return text
    if not profile.quote:
        return text.split(profile.delimiter)
    cells: list[str] = []
    place = 0
    while place <= len(text):
        cell, end = _cell(text, place, profile)
        if cell is None:
            return Quality("QUOTE_UNBALANCED", Severity.REJECT, {"character": end})
        cells.append(cell)
        place = end + 1
        if end >= len(text):
            break
    return cells


def _text(raw: bytes, profile: CsvProfile) -> str | Quality:
    if profile.encoding == _UTF_8:
        try:
            return raw.decode(_UTF_8)
        except UnicodeDecodeError as error:
            return Quality("UNDECODABLE", Severity.REJECT, {"byte": error.start})
    decoded = code_page(profile.encoding, profile.policy).decode_field(raw)
    if decoded.text is None:
        return Quality("UNDECODABLE", Severity.REJECT, decoded.quality[0].params)
    return decoded.text


def _cell(text: str, place: int, profile: CsvProfile) -> tuple[str | None, int]:
    """Return a cell and the place of the delimiter behind it; None where quotes do not close."""
    quote, delimiter = profile.quote, profile.delimiter
    if not text.startswith(quote, place):
        end = text.find(delimiter, place)
        end = len(text) if end < 0 else end
        return text[place:end], end
    found = []
    at = place + 1
    while True:
        close = text.find(quote, at)
        if close < 0:
            return None, place
        found.append(text[at:close])
        if not text.startswith(quote * 2, close):
            break
        found.append(quote)
        at = close + 2
    end = close + 1
    if end < len(text) and not text.startswith(delimiter, end):
        return None, end
    return "".join(found), end
