"""Records of several types in one file: each is read by the copybook that its mark names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters.files.fixed import FieldFinding, Record, RecordReader, RecordReading
from adapters.files.framing import Framed
from adapters.files.layout import Field, FieldGroup, Layout
from adapters.mapping.conversions import Unreadable, plain_text
from adapters.mapping.record_types import Framing, RecordTypes
from standard_models.answers import Quality, Severity

UNKNOWN: Final = ""
"""Stands where the type of a record could not be told."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One record as it lies in the file: number from 1, type, bytes, fields or why there are none.

    The paths of findings begin with the type.
    """

    number: int
    type: str
    raw: bytes
    record: Record | None
    findings: tuple[FieldFinding, ...] = ()

    @property
    def is_damaged(self) -> bool:
        """Tell whether the record goes to quarantine."""
        return self.record is None


@dataclass(frozen=True, slots=True)
class TypeMarkPlace:
    """Where every type has its mark: the same place, length and kind of field."""

    place: int
    field: Field


def mark_places(types: RecordTypes, layouts: Mapping[str, Layout]) -> dict[str, TypeMarkPlace]:
    """Return, for each type whose copybook has it, where its mark lies."""
    found = {}
    for name, layout in layouts.items():
        wanted = types.types[name].when.field
        for path, place, member in layout.fields():
            if path == wanted:
                found[name] = TypeMarkPlace(place, member)
    return found


def is_same_place(one: TypeMarkPlace, other: TypeMarkPlace) -> bool:
    """Tell whether two marks can be read before the type is known."""
    return (one.place, one.field.length, one.field.kind, one.field.signed) == (
        other.place, other.field.length, other.field.kind, other.field.signed,
    )  # fmt: skip


class TypedReader:
    """Reads records of the types of one file."""

    def __init__(
        self,
        types: RecordTypes,
        layouts: Mapping[str, Layout],
        readers: Mapping[str, RecordReader],
        framing: Framing,
    ) -> None:
        """Prepare; the marks of all types lie at the same place."""
        self._layouts = layouts
        self._readers = readers
        self._padded = framing is Framing.BLOCKS
        self._names = {
            str(content): name
            for name, found in types.types.items()
            for content in found.when.among
        }
        first = next(iter(types.types))
        self._mark = mark_places(types, layouts)[first]
        self._reader = readers[first]

    def read(self, framed: Iterable[Framed]) -> Iterator[Piece]:
        """Yield a piece for every record.

        ``RECORD_TYPE_UNKNOWN`` (R) for a mark that names no type, ``RECORD_LENGTH`` (R) for a
        record with an RDW that has not the length of its type.
        """
        for number, raw, wrong in framed:
            if wrong is not None:
                yield Piece(number, UNKNOWN, raw, None, (FieldFinding("", 0, wrong),))
                continue
            name = self._type_of(raw)
            if name is None:
                unknown = Quality("RECORD_TYPE_UNKNOWN", Severity.REJECT, {})
                finding = FieldFinding("", self._mark.place, unknown)
                yield Piece(number, UNKNOWN, raw, None, (finding,))
                continue
            own = raw[: self._layouts[name].length] if self._padded else raw
            yield _piece(number, name, raw, self._readers[name].read(own))

    def _type_of(self, raw: bytes) -> str | None:
        place, field = self._mark.place, self._mark.field
        if len(raw) < place + field.length:
            return None
        content, _ = self._reader.content(field, "", raw[place : place + field.length])
        return self._names.get(plain_text(content))


def _piece(number: int, name: str, raw: bytes, reading: RecordReading) -> Piece:
    findings = tuple(
        FieldFinding(f"{name}.{f.path}" if f.path else name, f.byte, f.quality)
        for f in reading.findings
    )
    return Piece(number, name, raw, reading.record, findings)


def unreadable_record(layout: Layout, quality: Quality) -> Record:
    """Return a record of ``layout`` of which no field could be read: it is not an empty one."""
    return _unreadable(layout.members, Unreadable((quality,)))


def _unreadable(members: tuple[Field | FieldGroup, ...], lost: Unreadable) -> Record:
    record: Record = {}
    for member in members:
        content = lost if isinstance(member, Field) else _unreadable(member.members, lost)
        record[member.name] = [content] * member.occurs if member.occurs > 1 else content
    return record
