"""Of whom a question is, seen from its subject, and what it wants included; on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Include(StrEnum):
    """What is left out of an answer unless it is asked for, with a right of its own."""

    REMOVED = "removed"


class AgeFilter(BaseModel):
    """Ages in completed years on the reference date, both inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_least: int | None = Field(default=None, ge=0, le=150, title="以上")
    at_most: int | None = Field(default=None, ge=0, le=150, title="以下")


class RelationAsked(BaseModel):
    """Of whom, seen from the subject."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=40)

    kind: Literal["household"] = Field(
        title="範囲", description="対象者と同じ世帯の人（本人を含む） / everybody of the household"
    )
    basis: str = Field(
        default="register",
        min_length=1,
        title="世帯の基礎",
        description=(
            "`register` 住民基本台帳の世帯（既定）・`tax` 扶養親族 など / "
            "by which list people belong together"
        ),
    )
    age: AgeFilter | None = Field(
        default=None,
        title="年齢で絞る",
        description="合わない人は人数にだけ入る / others are counted and not shown",
    )
