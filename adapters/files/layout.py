"""The layout of a fixed-length record: fields with place, length and kind, groups, repetitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from adapters.encodings.decimals import SignPlace


class FieldKind(StrEnum):
    """What the bytes of a field are."""

    TEXT = "text"
    DOUBLE = "double"
    ZONED = "zoned"
    PACKED = "packed"
    BINARY = "binary"


@dataclass(frozen=True, slots=True)
class Field:
    """One elementary field. ``offset`` and ``length`` are bytes, from the start of its group.

    ``digits`` and ``scale`` are those of a number. ``values`` are the condition names (level 88) of
    the field, each with what it stands for. ``line`` is the line of the layout that declares it.
    """

    name: str
    offset: int
    length: int
    kind: FieldKind
    digits: int = 0
    scale: int = 0
    signed: bool = False
    sign: SignPlace = SignPlace.TRAILING
    values: tuple[tuple[str, str], ...] = ()
    occurs: int = 1
    redefines: str | None = None
    line: int = 0

    @property
    def whole_length(self) -> int:
        """Return the bytes of all repetitions."""
        return self.length * self.occurs


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Fields and groups together; ``length`` is that of one repetition, in bytes."""

    name: str
    offset: int
    length: int
    members: tuple[Field | FieldGroup, ...]
    occurs: int = 1
    redefines: str | None = None
    line: int = 0

    @property
    def whole_length(self) -> int:
        """Return the bytes of all repetitions."""
        return self.length * self.occurs


@dataclass(frozen=True, slots=True)
class Layout:
    """A record: its name, its length in bytes and what it holds. FILLER has no name here."""

    name: str
    length: int
    members: tuple[Field | FieldGroup, ...]

    def fields(self) -> Iterator[tuple[str, int, Field]]:
        """Yield every field with its path and its place in the record, repetitions one by one.

        The path of a repetition carries its number from 1: ``fuyo[2].shimei``.
        """
        yield from _fields("", 0, self.members)


def _fields(
    path: str, start: int, members: tuple[Field | FieldGroup, ...]
) -> Iterator[tuple[str, int, Field]]:
    for member in members:
        for number in range(member.occurs):
            place = start + member.offset + number * member.length
            name = f"{path}{member.name}" + (f"[{number + 1}]" if member.occurs > 1 else "")
            if isinstance(member, Field):
                yield name, place, member
            else:
                yield from _fields(f"{name}.", place, member.members)
