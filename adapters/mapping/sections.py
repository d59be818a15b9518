"""What every part of the mapping language is made of: a closed section, and paths of fields."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FieldPath = Annotated[
    str, Field(pattern=r"^[/^]?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$")
]
RecordsPath = Annotated[
    str, Field(pattern=r"^([A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*)?$")
]
Scalar = str | int


class Section(BaseModel):
    """A part of a mapping document: frozen, and closed to keys that the language does not have."""

    model_config = ConfigDict(frozen=True, extra="forbid")
