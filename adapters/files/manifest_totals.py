"""Compares what a file holds with the count and the sums that the manifest states. Pure."""

from __future__ import annotations

from adapters.files.delivery_manifest import Stated
from adapters.files.delivery_rules import ManifestRule
from adapters.files.records import FileRecord
from adapters.mapping.conversions import plain_text
from adapters.mapping.rows import ShapeError, read_path


class ManifestTotals:
    """Counts and adds while the records of one file go by.

    A damaged record counts, and adds nothing: its content is not known.
    """

    def __init__(self, rule: ManifestRule | None, read: str, stated: Stated) -> None:
        paths = rule.sums.get(read, {}) if rule is not None else {}
        self._control = rule is not None and rule.counts_control
        self._stated = stated
        self._paths = {c: path for c, path in paths.items() if c in stated.sums}
        self._sums = dict.fromkeys(self._paths, 0)
        self._unknown = dict.fromkeys(self._paths, 0)
        self._records = 0

    def see(self, record: FileRecord) -> None:
        """Count a record."""
        if record.control and not self._control:
            return
        self._records += record.count
        if record.control:
            return
        for column, path in self._paths.items():
            number = None if record.record is None else _number(record, path)
            if number is None:
                self._unknown[column] += 1
            else:
                self._sums[column] += number

    def problems(self) -> list[str]:
        """Return where file and manifest differ; a sum is compared if every part of it is known."""
        found = []
        if self._stated.records not in (None, self._records):
            found.append(f"{self._records} records, the manifest states {self._stated.records}")
        found += [
            f"the sum of {path} is not what the manifest states in {column}"
            for column, path in self._paths.items()
            if not self._unknown[column] and self._sums[column] != self._stated.sums[column]
        ]
        return found


def _number(record: FileRecord, path: str) -> int | None:
    """Return the content as a number, 0 where it is empty, None where it is none."""
    try:
        text = plain_text(read_path(record.record, path)).replace(",", "")
    except ShapeError:
        return None
    if not text:
        return 0
    return int(text) if text.removeprefix("-").isdecimal() else None
