"""The part of the mapping language for values that the standard models read as a whole."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from adapters.mapping.sections import Section


class NumberKind(StrEnum):
    """What number a field holds."""

    ADDRESSEE = "addressee"
    HOUSEHOLD = "household"
    MUNICIPALITY = "municipality"
    PENSION = "pension"


class Relationship(Section):
    """A 続柄 in words (``子の妻``): one of its links, or the whole wording without ``link``."""

    link: Literal[1, 2, 3, 4] | None = None


class NamePart(Section):
    """A part of a name that blanks separate. A name of another number of parts is not split."""

    part: int = Field(ge=1, le=4)
    of: int = Field(default=2, ge=2, le=4)

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Self:
        if self.part > self.of:
            msg = "part is not above of"
            raise ValueError(msg)
        return self


class Number(Section):
    """A number with a form of its own.

    ``width`` is that of addressee and household numbers in this system: shorter ones have lost
    their leading zeros and get them back.
    """

    kind: NumberKind
    width: int | None = Field(default=None, ge=2, le=15)

    @model_validator(mode="after")
    def _width_of_local_numbers(self) -> Self:
        local = {NumberKind.ADDRESSEE, NumberKind.HOUSEHOLD}
        if self.width is not None and self.kind not in local:
            msg = "width goes with addressee and household"
            raise ValueError(msg)
        return self
