"""The columns of a source, read from what a vendor has: a copybook, a CSV file, a layout sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from adapters.files.csv_files import CsvProfile, CsvShapeError, header_of, read_csv
from adapters.files.layout_sheets import names_of_sheet, read_layout_sheet
from adapters.files.records import SINGLE, FileShapeError, layouts_of, open_records
from adapters.mapping.model import CopybookShape, FileRead
from adapters.mapping.suggest import SourceColumn

SAMPLES: Final = 200


def columns_of(
    layout: Path, data: Path | None, encoding: str, names: Path | None = None
) -> list[SourceColumn]:
    """Return the columns that ``layout`` names, with contents from ``data`` where it is given.

    A copybook (``.cpy``, ``.cob``) is read with records in a host encoding, a CSV file with its own
    rows, an Excel sheet (``.xlsx``) by a heading row with a field name and a Japanese name.
    ``names`` is such a sheet beside a copybook: the Japanese names are taken from it.

    Raises:
        FileShapeError: the layout or the data cannot be read.
    """
    match layout.suffix.lower():
        case ".csv":
            return _of_csv(layout, encoding)
        case ".xlsx":
            return [SourceColumn(f.field, f.name) for f in read_layout_sheet(layout)]
        case _:
            columns = _of_copybook(layout, data, encoding)
            told = {} if names is None else names_of_sheet(names)
            return [replace(column, name=told.get(column.path, "")) for column in columns]


def _of_csv(path: Path, encoding: str) -> list[SourceColumn]:
    try:
        with path.open("rb") as file:
            heads = header_of(file, encoding)
        names = {head: f"c{number}" for number, head in enumerate(heads)}
        profile = CsvProfile(names, encoding)
        with path.open("rb") as file:
            rows = [row.reading.record for row in islice(read_csv(file, profile), SAMPLES)]
    except CsvShapeError as error:
        raise FileShapeError(str(error)) from None
    return [
        SourceColumn(
            head if head.isascii() else field,
            "" if head.isascii() else head,
            tuple(str(row[field]) for row in rows if row is not None and row[field]),
        )
        for head, field in names.items()
    ]


def _of_copybook(path: Path, data: Path | None, encoding: str) -> list[SourceColumn]:
    shape = CopybookShape(copybook=path.name, encoding=encoding)
    layout = layouts_of(shape, path.parent)[SINGLE]
    columns = {
        re.sub(r"\[\d+\]", "", name): SourceColumn(re.sub(r"\[\d+\]", "", name))
        for name, _, _ in layout.fields()
    }
    if data is None:
        return list(columns.values())
    found: dict[str, list[str]] = {name: [] for name in columns}
    with data.open("rb") as file:
        for record in islice(open_records(FileRead(fixed=shape), path.parent, file), SAMPLES):
            for name, content in _flat("", record.record or {}):
                found.setdefault(name, []).append(content)
    return [replace(column, samples=tuple(found[name])) for name, column in columns.items()]


def _flat(path: str, content: object) -> Iterator[tuple[str, str]]:
    if isinstance(content, dict):
        for name, inner in content.items():
            yield from _flat(f"{path}{name}.", inner)
    elif isinstance(content, list):
        for inner in content:
            yield from _flat(path, inner)
    elif content is not None:
        yield path[:-1], str(content)
