"""Files of hosts as a mapping declares them: layouts, readers, and the records that they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from adapters.encodings.named import encoding_named
from adapters.encodings.tables import Selectors
from adapters.files.copybook import CopybookError, read_copybook
from adapters.files.fixed import FieldFinding, RecordProfile, RecordReader
from adapters.files.framing import Framed, read_framed
from adapters.files.gathering import Gathered, Gatherer
from adapters.files.layout import Layout
from adapters.files.shape_rules import shape_problems
from adapters.files.typed_records import Piece, TypedReader
from adapters.mapping.document import Level
from adapters.mapping.model import CopybookShape
from adapters.mapping.record_types import Mark, RecordTypes

SINGLE: Final = ""
"""The type of the records of a file that has only one."""


class FileShapeError(Exception):
    """The file or its declaration cannot be used; the message says where and why."""


def layouts_of(shape: CopybookShape, folder: Path) -> dict[str, Layout]:
    """Return the layouts of the copybooks that stand beside the mapping, by type of record.

    A file of one type has the type ``SINGLE``.

    Raises:
        FileShapeError: a copybook is missing, or cannot be read; with every problem of all.
    """
    names = (
        {SINGLE: shape.copybook or ""}
        if shape.record_types is None
        else {name: found.copybook for name, found in shape.record_types.types.items()}
    )
    layouts, wrong = {}, []
    for name, copybook in names.items():
        try:
            text = (folder / copybook).read_text(shape.copybook_encoding)
            layouts[name] = read_copybook(text)
        except (OSError, UnicodeDecodeError) as error:
            wrong.append(f"{copybook}: {type(error).__name__}")
        except CopybookError as error:
            wrong.append(f"{copybook}: {error}")
    if wrong:
        raise FileShapeError("; ".join(dict.fromkeys(wrong)))
    return layouts


def open_host_file(shape: CopybookShape, folder: Path, file: BinaryIO) -> Iterator[Gathered]:
    """Yield what the records of ``file`` become; ``folder`` is that of the mapping.

    Raises:
        FileShapeError: the declaration cannot be used; with everything that is wrong.
    """
    layouts = layouts_of(shape, folder)
    problems = [p for p in shape_problems(shape, layouts) if p.level is Level.ERROR]
    if problems:
        raise FileShapeError("; ".join(f"{'.'.join(p.path)}: {p.message}" for p in problems))
    block = shape.length or max(layout.length for layout in layouts.values())
    framed = read_framed(file, shape.framing, block)
    if shape.record_types is None:
        return _single(shape, layouts[SINGLE], framed)
    return _typed(shape, shape.record_types, layouts, framed)


def _single(shape: CopybookShape, layout: Layout, framed: Iterator[Framed]) -> Iterator[Gathered]:
    reader = record_reader(shape, layout, shape.nulls, shape.alternatives)
    for number, raw, wrong in framed:
        if wrong is not None:
            finding = FieldFinding("", 0, wrong)
            yield Gathered((Piece(number, SINGLE, raw, None, (finding,)),), None, (finding,))
            continue
        found = reader.read(raw[: layout.length] if shape.length is not None else raw)
        piece = Piece(number, SINGLE, raw, found.record, found.findings)
        yield Gathered((piece,), found.record, found.findings)


def _typed(
    shape: CopybookShape,
    types: RecordTypes,
    layouts: Mapping[str, Layout],
    framed: Iterator[Framed],
) -> Iterator[Gathered]:
    readers = {
        name: record_reader(shape, layouts[name], found.nulls, found.alternatives)
        for name, found in types.types.items()
    }
    reader = TypedReader(types, layouts, readers, shape.framing)
    return Gatherer(types, layouts).gather(reader.read(framed))


def record_reader(
    shape: CopybookShape,
    layout: Layout,
    nulls: Mapping[str, tuple[str, ...]],
    alternatives: Mapping[str, Mark],
) -> RecordReader:
    """Return the reader of the records of one layout, as the declaration says."""
    profile = RecordProfile(
        {path: frozenset(map(bytes.fromhex, raws)) for path, raws in nulls.items()},
        shape.ascii_digits,
        shape.little_endian,
        {
            name: (mark.field, frozenset(map(str, mark.among)))
            for name, mark in alternatives.items()
        },
    )
    encoding = encoding_named(shape.encoding, Selectors(shape.selectors), shape.policy)
    return RecordReader(layout, encoding, profile)
