"""What a manifest states of the files of a delivery. Pure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.files.csv_files import CsvProfile, CsvShapeError, header_of, read_csv
from adapters.files.delivery_rules import ManifestRule

MAX_MANIFEST_BYTES: Final = 8 * 1024 * 1024

_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](\S.*)", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_DAY: Final = re.compile(r"([0-9]{4})[-/.]?([0-9]{2})[-/.]?([0-9]{2})", re.ASCII)


class ManifestError(Exception):
    """The manifest cannot be read; the message says every line and why."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a manifest says of one file; ``day`` has eight figures; ``sums`` are by column."""

    size_bytes: int | None = None
    records: int | None = None
    sha256: str | None = None
    day: str = ""
    sums: Mapping[str, int] = field(default_factory=dict)


Manifest = Mapping[str, Stated]
"""What is stated, by the name of the file."""


def read_manifest(rule: ManifestRule, content: bytes) -> Manifest:
    """Return what the manifest states.

    Raises:
        ManifestError: it is cut off or has another form; with every line that does.
    """
    return read_checksums(content) if rule.format == "sha256sum" else _table(rule, content)


def read_checksums(content: bytes) -> Manifest:
    """Return what lines as ``sha256sum`` writes them state; those of comments are passed over.

    Raises:
        ManifestError: a line is none, or states a file for the second time.
    """
    stated: dict[str, Stated] = {}
    wrong = []
    lines = content.decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or found[2] in stated:
            wrong.append(f"line {number}")
        else:
            stated[found[2]] = Stated(sha256=found[1])
    if wrong or not stated:
        raise ManifestError(
            f"no checksum of a file, or a second one: {', '.join(wrong) or 'empty'}"
        )
    return stated


def _table(rule: ManifestRule, content: bytes) -> Manifest:
    wanted = {*rule.columns.values(), *(c for columns in rule.sums.values() for c in columns)}
    try:
        heads = header_of(io.BytesIO(content), rule.encoding)
        if lacking := sorted(wanted - set(heads)):
            raise ManifestError(f"line 1: no column {', '.join(lacking)}")
        profile = CsvProfile({head: head for head in heads}, rule.encoding)
        rows = list(read_csv(io.BytesIO(content), profile))
    except CsvShapeError as error:
        raise ManifestError(str(error)) from None
    stated: dict[str, Stated] = {}
    wrong = []
    for row in rows:
        cells = row.reading.record
        try:
            name, found = _row(rule, {k: v or "" for k, v in (cells or {}).items()})
        except ValueError as error:
            wrong.append(f"line {row.line}: {error}")
            continue
        if name in stated:
            wrong.append(f"line {row.line}: the file is stated a second time")
        stated[name] = found
    if wrong or not stated:
        raise ManifestError("; ".join(wrong) or "it states no file")
    return stated


def _row(rule: ManifestRule, cells: Mapping[str, str]) -> tuple[str, Stated]:
    """Return what a row states.

    Raises:
        ValueError: a cell has another form; the message names the column.
    """
    if not cells:
        msg = "it cannot be read"
        raise ValueError(msg)
    said = {meaning: cells[column].strip() for meaning, column in rule.columns.items()}
    if not said["name"]:
        msg = f"{rule.columns['name']} is empty"
        raise ValueError(msg)
    sha256 = said.get("sha256", "")
    if sha256 and not _SHA256.fullmatch(sha256):
        msg = f"{rule.columns['sha256']} is no SHA-256"
        raise ValueError(msg)
    day = _DAY.fullmatch(said.get("day", ""))
    if said.get("day") and day is None:
        msg = f"{rule.columns['day']} is no day"
        raise ValueError(msg)
    columns = {column for own in rule.sums.values() for column in own}
    sums = {c: _number(c, cells[c].strip()) for c in sorted(columns) if cells[c].strip()}
    size, records = (
        _number(rule.columns[meaning], said[meaning]) if said.get(meaning) else None
        for meaning in ("bytes", "records")
    )  # fmt: skip
    figures = "".join(day.groups()) if day else ""
    return said["name"], Stated(size, records, sha256.lower() or None, figures, sums)


def _number(column: str, text: str) -> int:
    figures = text.replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,18}", figures, re.ASCII):
        msg = f"{column} is no number"
        raise ValueError(msg)
    return int(figures)
