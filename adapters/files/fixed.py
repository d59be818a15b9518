"""Fixed-length records: bytes become fields by a layout, an encoding and what a profile says.

Nothing raises for what a record holds: a field that cannot be read is a finding with its path and
byte offset, and ``Unreadable`` stands for it; a shift or character that is cut breaks the whole
record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, BinaryIO, Final

from adapters.encodings.decimals import (
    NumberReading,
    NumberRules,
    read_binary,
    read_packed,
    read_zoned,
)
from adapters.encodings.named import FieldEncoding
from adapters.files.layout import Field, FieldGroup, FieldKind, Layout
from adapters.mapping.conversions import Unreadable
from standard_models.answers import Quality, Severity
from standard_models.values.text import trim_padding

Record = dict[str, Any]
_REJECTS: Final = Severity.REJECT


@dataclass(frozen=True, slots=True)
class FieldFinding:
    """What was seen in one field: its path, its place in the record, and the finding."""

    path: str
    byte: int
    quality: Quality


@dataclass(frozen=True, slots=True)
class RecordReading:
    """The fields of a record, and what was seen. None: the record goes to quarantine whole."""

    record: Record | None
    findings: tuple[FieldFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordProfile:
    """What a profile says of records beside their layout.

    ``nulls`` are contents, by path, that mean that nothing was entered. ``ascii_digits`` for zoned
    numbers of hosts that write ASCII. ``alternatives`` names, for each field that is redefined, a
    field and the values with which the redefinition holds: ``{"hojin": ("kubun", {"2"})}``; without
    an entry the first declaration holds.
    """

    nulls: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    ascii_digits: bool = False
    little_endian: bool = False
    alternatives: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)


class RecordReader:
    """Reads the records of one layout.

    A whole number without sign keeps its leading zeros and is text: it may be a number of somebody
    (``0000047112``) as well as an amount.
    """

    def __init__(
        self, layout: Layout, encoding: FieldEncoding, profile: RecordProfile | None = None
    ) -> None:
        self._layout = layout
        self._encoding = encoding
        self._profile = profile or RecordProfile()

    def read(self, raw: bytes) -> RecordReading:
        """Return the fields of a record; groups are mappings, repetitions lists of them.

        ``RECORD_LENGTH`` (R) for a record of another length than the layout has.
        """
        if len(raw) != self._layout.length:
            params: dict[str, str | int] = {"bytes": len(raw), "expected": self._layout.length}
            wrong = Quality("RECORD_LENGTH", _REJECTS, params)
            return RecordReading(None, (FieldFinding("", 0, wrong),))
        findings: list[FieldFinding] = []
        record = self._group(raw, self._layout.members, "", 0, findings)
        if any(found.quality.severity is _REJECTS for found in findings):
            return RecordReading(None, tuple(findings))
        return RecordReading(record, tuple(findings))

    def _group(
        self,
        raw: bytes,
        members: tuple[Field | FieldGroup, ...],
        path: str,
        start: int,
        findings: list[FieldFinding],
    ) -> Record:
        record: Record = {}
        for member in self._holding(members, record_of=lambda: record):
            contents = [
                self._member(raw, member, path, start + member.offset + n * member.length, findings)
                for n in range(member.occurs)
            ]
            record[member.name] = contents if member.occurs > 1 else contents[0]
        return record

    def _holding(
        self, members: tuple[Field | FieldGroup, ...], record_of: Callable[[], Record]
    ) -> Iterator[Field | FieldGroup]:
        """Yield the members of which the bytes are: of those that share a place, one.

        A member that is redefined is held back until its redefinitions are known not to hold.
        """
        redefined: dict[str, list[Field | FieldGroup]] = {}
        for member in members:
            if member.redefines is not None:
                redefined.setdefault(member.redefines, []).append(member)
        for member in members:
            if member.redefines is not None:
                continue
            others = redefined.get(member.name, [])
            chosen = next((o for o in others if self._holds(o.name, record_of())), member)
            yield chosen

    def _holds(self, name: str, record: Record) -> bool:
        condition = self._profile.alternatives.get(name)
        if condition is None:
            return False
        deciding, values = condition
        return str(record.get(deciding)) in values

    def _member(
        self,
        raw: bytes,
        member: Field | FieldGroup,
        path: str,
        place: int,
        findings: list[FieldFinding],
    ) -> Any:
        own = f"{path}{member.name}"
        if isinstance(member, FieldGroup):
            return self._group(raw, member.members, f"{own}.", place, findings)
        content, quality = self.content(member, own, raw[place : place + member.length])
        findings += [FieldFinding(own, place, found) for found in quality]
        return content

    def content(
        self, member: Field, path: str, raw: bytes
    ) -> tuple[str | int | Decimal | Unreadable | None, tuple[Quality, ...]]:
        """Return the content of the bytes of one field, and what was seen in it."""
        if member.kind in {FieldKind.TEXT, FieldKind.DOUBLE}:
            if raw in self._profile.nulls.get(path, ()):
                return None, ()
            decoded = self._encoding.decode_field(raw, double=member.kind is FieldKind.DOUBLE)
            if decoded.text is None:
                return Unreadable(decoded.quality), decoded.quality
            return trim_padding(decoded.text), decoded.quality
        reading = self._number(member, path, raw)
        value = reading.value
        quality = tuple(q for q in reading.quality if q.code != "MISSING")
        if value is None:
            return (Unreadable(quality) if quality else None), quality
        if member.scale:
            return value, quality
        whole = int(value)
        return (whole if member.signed else f"{whole:0{member.digits}d}"), quality

    def _number(self, member: Field, path: str, raw: bytes) -> NumberReading:
        nulls = self._profile.nulls.get(path, frozenset())
        rules = NumberRules(member.scale, member.signed, nulls)
        match member.kind:
            case FieldKind.PACKED:
                return read_packed(raw, rules)
            case FieldKind.BINARY:
                return read_binary(raw, rules, little_endian=self._profile.little_endian)
            case _:
                digits = self._profile.ascii_digits
                return read_zoned(raw, rules, place=member.sign, ascii_digits=digits)


def read_blocks(file: BinaryIO, length: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a file of records of ``length`` bytes, each with its number from 1.

    The last one is shorter where the file does not end with a whole record: it is not hidden.
    """
    number = 0
    while raw := file.read(length):
        number += 1
        yield number, raw
