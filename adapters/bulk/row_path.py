"""Conversion by the row plan alone: the law, for every read and every mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adapters.bulk.standard_file import Counts, findings_of, line, quarantined
from adapters.errors import MappingFailed
from adapters.files.fixed import FieldFinding
from adapters.files.records import FileRecord
from adapters.mapping.row_plan import RowPlan
from standard_models.answers import Quality, Severity

_NOBODY: Final = Quality("SUBJECT_MISSING", Severity.REJECT)


class ConversionError(Exception):
    """The conversion cannot be made; the message says why."""


BATCH: Final = 256
"""Records that are converted before something is written."""


@dataclass(slots=True)
class Part:
    """What a part of a file became: lines, findings, and the counts of both."""

    lines: list[bytes | memoryview]
    findings: list[bytes]
    counts: Counts


class RowPath:
    """Converts records one by one. ``items`` are the columns, in their order."""

    def __init__(self, plan: RowPlan, subject: str, items: Iterable[str]) -> None:
        self._plan = plan
        self._subject = subject
        self._items = tuple(items)

    def convert(self, records: Iterable[FileRecord]) -> Part:
        """Return what ``records`` become.

        Raises:
            ConversionError: a header or trailer says that the file is not whole.
            ShapeError: the mapping names a field that the records do not have.
        """
        part = Part([], [], Counts())
        for found in records:
            self._one(found, part)
        return part

    def batches(self, records: Iterable[FileRecord]) -> Iterator[Part]:
        """Yield what the records become, piece by piece."""
        pending: list[FileRecord] = []
        for found in records:
            pending.append(found)
            if len(pending) == BATCH:
                yield self.convert(pending)
                pending = []
        yield self.convert(pending)

    def _one(self, found: FileRecord, part: Part) -> None:
        counts = part.counts
        counts.read += found.count
        if found.control:
            if found.findings:
                raise ConversionError(_told(found))
            counts.control += found.count
        elif found.record is None:
            self._quarantine(found, found.findings, part)
        else:
            try:
                converted = [self._plan.to_standard(row) for row in self._plan.rows(found.record)]
            except MappingFailed:
                nobody = FieldFinding(self._subject, 0, _NOBODY)
                self._quarantine(found, (*found.findings, nobody), part)
                return
            if not converted:
                counts.left_out += found.count
                return
            counts.converted += found.count
            for row, record in enumerate(converted, start=1):
                part.lines.append(line(found.number, record, self._items))
                fields = found.findings if row == 1 else ()
                about = findings_of(found.number, row, fields, record.answers, self._items)
                self._add(about, part)
            counts.lines += len(converted)

    def _quarantine(self, found: FileRecord, findings: Iterable[FieldFinding], part: Part) -> None:
        part.counts.quarantined += found.count
        self._add(quarantined(found.number, findings), part)

    @staticmethod
    def _add(about: bytes, part: Part) -> None:
        if about:
            part.findings.append(about)
            part.counts.findings += 1


def _told(found: FileRecord) -> str:
    said = ", ".join(f"{one.path or 'record'} {one.quality.code}" for one in found.findings)
    return f"record {found.number}, a header or trailer: {said}"
