"""What is wrong between the files that a mapping declares and the copybooks beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from adapters.files.host_files import FileShapeError, layouts_of
from adapters.files.shape_rules import shape_problems
from adapters.mapping.document import Document, Finding


def shape_findings(document: Document, folder: Path) -> Iterator[Finding]:
    """Yield every finding about the reads of host files, with its place in the document.

    ``folder`` is that of the mapping. ``bad-copybook`` for one that is missing or cannot be read.
    """
    for name, read in document.mapping.reads.items():
        if read.file is None or read.file.fixed is None:
            continue
        place = ("reads", name, "file", "fixed")
        try:
            layouts = layouts_of(read.file.fixed, folder)
        except FileShapeError as error:
            yield document.finding(place, "bad-copybook", str(error))
            continue
        for found in shape_problems(read.file.fixed, layouts):
            where = (*place, *found.path)
            yield document.finding(where, found.code, found.message, found.level)
