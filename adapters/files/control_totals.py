"""What the trailer of a file states, held against what the file holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from adapters.files.fixed import FieldFinding, Record
from adapters.files.typed_records import Piece
from adapters.mapping.conversions import Unreadable, plain_text
from adapters.mapping.record_types import RecordTypes, Trailer
from standard_models.answers import Quality, Severity

_LOST: Final = Unreadable(())
"""The content of a record that could not be read as a whole."""


class ControlTotals:
    """Counts and sums the records of a file while they pass, in bounded memory.

    A record counts for its type even where the rest of it is damaged; its amounts do not, so that
    a sum that leaves something out never agrees by silence.
    """

    def __init__(self, types: RecordTypes) -> None:
        self._trailer = types.trailer
        self._types = types
        self._counts: Counter[str] = Counter()
        self._sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._unreadable: Counter[str] = Counter()

    def see(self, piece: Piece) -> None:
        """Count a record of a known type."""
        self._counts[piece.type] += 1
        for path in self._trailer.sums.values() if self._trailer else ():
            name, _, field = path.partition(".")
            if name == piece.type:
                self._add(path, _contents(piece.record, field) if piece.record else [_LOST])

    def _add(self, path: str, contents: list[Any]) -> None:
        for content in contents:
            number = Decimal(0) if content is None else _number(content)
            if number is None:
                self._unreadable[path] += 1
            else:
                self._sums[path] += number

    def findings(self, trailer: Record) -> Iterator[FieldFinding]:
        """Yield ``CONTROL_TOTAL_WRONG`` (R) for every total that does not agree.

        With the field of the trailer, what it states and what was counted; and how many contents
        could not be read.
        """
        rule = self._trailer
        if rule is None:
            return
        for field, counted, unread in self._totals(rule):
            stated = _number(next(iter(_contents(trailer, field)), None))
            if stated == counted and not unread:
                continue
            params: dict[str, str | int] = {
                "field": field,
                "stated": "" if stated is None else f"{stated:f}",
                "counted": f"{counted:f}",
            }
            if unread:
                params["unreadable"] = unread
            wrong = Quality("CONTROL_TOTAL_WRONG", Severity.REJECT, params)
            yield FieldFinding(f"{rule.type}.{field}", 0, wrong)

    def _totals(self, rule: Trailer) -> Iterator[tuple[str, Decimal, int]]:
        if rule.records is not None:
            total = sum(self._counts[name] for name in rule.of or self._types.data)
            yield rule.records, Decimal(total), 0
        for field, name in rule.counts.items():
            yield field, Decimal(self._counts[name]), 0
        for field, path in rule.sums.items():
            yield field, Decimal(self._sums[path]), self._unreadable[path]


def _contents(record: Record, path: str) -> list[Any]:
    """Return what stands at a path, of every repetition; None where nothing was entered."""
    nodes: list[Any] = [record]
    for name in path.split("."):
        inner = [node.get(name) if isinstance(node, dict) else None for node in nodes]
        nodes = [e for node in inner for e in (node if isinstance(node, list) else [node])]
    return nodes


def _number(content: Any) -> Decimal | None:
    if isinstance(content, int | Decimal):
        return Decimal(content)
    text = plain_text(content)
    return Decimal(text) if text.isascii() and text.isdecimal() else None
