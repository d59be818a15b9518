"""The records of a file as a mapping declares it: fixed-length by copybooks, or CSV."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from adapters.files.csv_files import CsvProfile, read_csv
from adapters.files.fixed import FieldFinding, Record
from adapters.files.host_files import SINGLE, FileShapeError, layouts_of, open_host_file
from adapters.files.shape_rules import field_kinds
from adapters.files.typed_records import Piece
from adapters.mapping.model import CopybookShape, CsvShape, FileRead


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What a mapping reads at once: one record of a file, or those that are joined to one answer.

    ``number`` is that of the first record (or its line), ``raw`` the bytes of all, ``record`` the
    fields or why there are none. ``pieces`` are the records as they lie in the file; none of CSV,
    and none for what is wrong with a file as a whole. ``control``: headers and trailers, which no
    group is made of. Of several files ``number`` goes on from one to the next; ``file`` is the name
    and ``before`` the number that the files before it came to.
    """

    number: int
    raw: bytes
    record: Record | None
    findings: tuple[FieldFinding, ...]
    pieces: tuple[Piece, ...] = ()
    count: int = 1
    control: bool = False
    file: str = ""
    before: int = 0

    @property
    def place(self) -> str:
        """Return where the record lies, for a report."""
        own = f"record {self.number - self.before}"
        return f"{self.file}, {own}" if self.file else own


def open_records(read: FileRead, folder: Path, file: BinaryIO) -> Iterator[FileRecord]:
    """Yield the records of ``file``; ``folder`` is that of the mapping.

    The ``count`` of all together is that of the records in the file.

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
    profile = CsvProfile(
        shape.columns,
        shape.encoding,
        shape.delimiter,
        shape.quote,
        shape.header,
        shape.policy,
    )
    for row in read_csv(file, profile):
        yield FileRecord(row.line, row.raw, row.reading.record, row.reading.findings)


def _fixed_records(shape: CopybookShape, folder: Path, file: BinaryIO) -> Iterator[FileRecord]:
    last = 0
    for found in open_host_file(shape, folder, file):
        first = found.pieces[0].number if found.pieces else last
        last = found.pieces[-1].number if found.pieces else last
        yield FileRecord(
            first,
            b"".join(piece.raw for piece in found.pieces),
            found.answer,
            found.findings,
            found.pieces,
            len(found.pieces),
            found.control,
        )


def field_paths(read: FileRead, folder: Path) -> list[str]:
    """Return the path of every field that a mapping may read, from the root of a record.

    Raises:
        FileShapeError: a copybook is missing, or cannot be read.
    """
    if read.csv is not None:
        return list(read.csv.columns.values())
    if read.fixed is None:
        return []
    layouts = layouts_of(read.fixed, folder)
    types = read.fixed.record_types
    if types is not None and types.trailer is not None:
        del layouts[types.trailer.type]
    return [
        f"{name}.{path}" if name else path
        for name, layout in layouts.items()
        for path in field_kinds(layout)
    ]


__all__ = ["SINGLE", "FileRecord", "FileShapeError", "field_paths", "layouts_of", "open_records"]
