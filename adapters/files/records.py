"""The records of a file as a mapping declares it: fixed-length by a copybook, or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.encodings.host import host_encoding, host_encodings
from adapters.encodings.tables import Selectors
from adapters.files.copybook import CopybookError, read_copybook
from adapters.files.csv_files import CsvProfile, read_csv
from adapters.files.fixed import (
    FieldFinding,
    Record,
    RecordProfile,
    RecordReader,
    read_blocks,
)
from adapters.files.layout import Layout
from adapters.mapping.model import CopybookShape, CsvShape, FileRead


class FileShapeError(Exception):
    """The file or its declaration cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One record of a file: its number (or line), its bytes, its fields or why there are none."""

    number: int
    raw: bytes
    record: Record | None
    findings: tuple[FieldFinding, ...]


def layout_of(shape: CopybookShape, folder: Path) -> Layout:
    """Return the layout of a copybook that stands beside the mapping.

    Raises:
        FileShapeError: the copybook is missing, or cannot be read; with every problem.
    """
    try:
        text = (folder / shape.copybook).read_text(shape.copybook_encoding)
    except (OSError, UnicodeDecodeError) as error:
        raise FileShapeError(f"{shape.copybook}: {type(error).__name__}") from None
    try:
        return read_copybook(text)
    except CopybookError as error:
        raise FileShapeError(f"{shape.copybook}: {error}") from None


def open_records(read: FileRead, folder: Path, file: BinaryIO) -> Iterator[FileRecord]:
    """Yield the records of ``file``; ``folder`` is that of the mapping.

    Raises:
        FileShapeError: the declaration cannot be used.
        CsvShapeError: the file as a whole is not of the declared shape.
    """
    if read.fixed is not None:
        return _fixed_records(read.fixed, folder, file)
    if read.csv is not None:
        return _csv_records(read.csv, file)
    raise FileShapeError("the read declares no shape")


def _csv_records(shape: CsvShape, file: BinaryIO) -> Iterator[FileRecord]:
    profile = CsvProfile(shape.columns, shape.encoding, shape.delimiter, shape.quote, shape.header)
    for row in read_csv(file, profile):
        yield FileRecord(row.line, row.raw, row.reading.record, row.reading.findings)


def _fixed_records(shape: CopybookShape, folder: Path, file: BinaryIO) -> Iterator[FileRecord]:
    if shape.encoding not in host_encodings():
        known = ", ".join(host_encodings())
        raise FileShapeError(f"the encoding {shape.encoding} is none of {known}")
    layout = layout_of(shape, folder)
    profile = RecordProfile(
        {path: frozenset(map(bytes.fromhex, raws)) for path, raws in shape.nulls.items()},
        shape.ascii_digits,
        shape.little_endian,
        {
            name: (condition.field, frozenset(map(str, condition.among)))
            for name, condition in shape.alternatives.items()
        },
    )
    encoding = host_encoding(shape.encoding, Selectors(shape.selectors))
    reader = RecordReader(layout, encoding, profile)
    for number, raw in read_blocks(file, layout.length):
        found = reader.read(raw)
        yield FileRecord(number, raw, found.record, found.findings)
