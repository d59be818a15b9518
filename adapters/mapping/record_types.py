"""The part of the mapping language for files whose records are of several types."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from adapters.mapping.sections import FieldPath, Scalar, Section

CopybookName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$")]
TypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
TypeField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+$")]
HexBytes = Annotated[str, Field(pattern=r"^([0-9A-F]{2})+$")]


class Framing(StrEnum):
    """How a file tells where a record ends.

    Blocks are all of one length. An RDW is a word of four bytes before each record: its length,
    the word included, big-endian in two bytes, then two zero bytes.
    """

    BLOCKS = "blocks"
    RDW = "rdw"


class Mark(Section):
    """A field of the record and the contents that tell a type, or a redefinition, from others."""

    field: FieldPath
    among: tuple[Scalar, ...] = Field(min_length=1)


class RecordType(Section):
    """One type of record: its copybook, how it is told, and what is special in it."""

    copybook: CopybookName
    when: Mark
    nulls: dict[str, tuple[HexBytes, ...]] = Field(default_factory=dict)
    alternatives: dict[str, Mark] = Field(default_factory=dict)


class RecordJoin(Section):
    """Which records are together one answer: those that follow each other with the same key.

    ``key`` names the field of each type. ``head`` is the type with which an answer begins and of
    which it has exactly one. Keys that do not ascend are refused unless ``ascending`` is false.
    """

    key: dict[TypeName, FieldPath] = Field(min_length=1)
    head: TypeName | None = None
    ascending: bool = True


class Trailer(Section):
    """The record at the end of the file that says how much it holds.

    ``records`` is its field with the number of records; of the types ``of``, without it of all but
    header and trailer. ``counts`` are fields with the number of records of one type, ``sums``
    fields with the sum of a field (``person.zeigaku``).
    """

    type: TypeName
    records: FieldPath | None = None
    of: tuple[TypeName, ...] = ()
    counts: dict[FieldPath, TypeName] = Field(default_factory=dict)
    sums: dict[FieldPath, TypeField] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.records is None and not self.counts and not self.sums:
            msg = "a trailer has records, counts or sums"
            raise ValueError(msg)
        return self


class RecordTypes(Section):
    """The types of a file's records, by name, and how they belong together."""

    types: dict[TypeName, RecordType] = Field(min_length=1)
    header: TypeName | None = None
    trailer: Trailer | None = None
    join: RecordJoin | None = None

    @field_validator("types")
    @classmethod
    def _each_mark_once(cls, types: dict[str, RecordType]) -> dict[str, RecordType]:
        marks = [str(value) for found in types.values() for value in set(found.when.among)]
        if len(set(marks)) != len(marks):
            msg = "a content marks two types"
            raise ValueError(msg)
        return types

    @model_validator(mode="after")
    def _names_its_types(self) -> Self:
        unknown = sorted(set(self._named()) - self.types.keys())
        if unknown:
            msg = f"there is no type {', '.join(unknown)}"
            raise ValueError(msg)
        if self.join is not None and set(self.join.key) != set(self.data):
            msg = "join has a key for every type but header and trailer"
            raise ValueError(msg)
        if not self.data:
            msg = "there is no type but header and trailer"
            raise ValueError(msg)
        return self

    @property
    def data(self) -> tuple[str, ...]:
        """Return the types that are neither header nor trailer."""
        control = {self.header, self.trailer.type if self.trailer else None}
        return tuple(name for name in self.types if name not in control)

    @property
    def head(self) -> str | None:
        """Return the type with which the records of an answer begin."""
        return self.join.head if self.join else None

    def _named(self) -> list[str]:
        named = [self.header] if self.header else []
        if self.trailer:
            named += [self.trailer.type, *self.trailer.of, *self.trailer.counts.values()]
            named += [path.partition(".")[0] for path in self.trailer.sums.values()]
        if self.join:
            named += [*self.join.key, *([self.join.head] if self.join.head else [])]
        return named
