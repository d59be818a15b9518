"""The part of the mapping language that prepares a field before it is read: steps and joins."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, field_validator, model_validator

from adapters.mapping.sections import Section

OWN_STEP_NAME: Final = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
Character = Annotated[str, Field(min_length=1, max_length=1)]
OwnStepName = Annotated[str, Field(pattern=OWN_STEP_NAME, max_length=60)]


class Form(StrEnum):
    """A form in which the content is written anew."""

    FULL_WIDTH = "full-width"
    HALF_WIDTH = "half-width"
    KATAKANA = "katakana"
    UPPER_CASE = "upper-case"


class PadLeft(Section):
    """Fills up to ``width`` characters from the left: numbers that a system keeps shorter."""

    width: int = Field(ge=2, le=200)
    character: Character = "0"


class StripLeft(Section):
    """Takes a filling character away from the left, down to the last character."""

    character: Character = "0"


class Replacement(Section):
    """A text and what stands in its place."""

    text: str = Field(alias="from", min_length=1)
    to: str


class Replace(Section):
    """Puts texts in the place of others, in one pass, the longest first.

    With ``whole`` a content is replaced only if it is exactly one of the texts.
    """

    pairs: tuple[Replacement, ...] = Field(min_length=1)
    whole: bool = False

    @field_validator("pairs")
    @classmethod
    def _each_text_once(cls, pairs: tuple[Replacement, ...]) -> tuple[Replacement, ...]:
        if len({pair.text for pair in pairs}) != len(pairs):
            msg = "a text stands twice in from"
            raise ValueError(msg)
        return pairs


class DigitsOnly(Section):
    """Takes declared separators away; whatever then is no figure is refused."""

    separators: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)


class Step(Section):
    """One step. Exactly one of pad_left, strip_left, replace, digits_only, form, own."""

    pad_left: PadLeft | None = None
    strip_left: StripLeft | None = None
    replace: Replace | None = None
    digits_only: DigitsOnly | None = None
    form: Form | None = None
    own: OwnStepName | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = (
            self.pad_left, self.strip_left, self.replace, self.digits_only, self.form, self.own,
        )  # fmt: skip
        if sum(kind is not None for kind in kinds) != 1:
            msg = "exactly one of pad_left, strip_left, replace, digits_only, form, own"
            raise ValueError(msg)
        return self


class Join(Section):
    """How the contents of several fields become one.

    With ``partial`` blank fields are left out with their separator; without it a content of which
    a part is missing is lost.
    """

    separator: str = ""
    partial: bool = False
