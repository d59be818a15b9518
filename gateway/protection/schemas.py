"""Flags that a source pushes, on the wire."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from gateway.errors import broken_rule

MOST_FLAGS: Final = 500
VISIBLE: Final = r"^[\x21-\x7e]+$"
"""Numbers and their numberings: visible ASCII characters."""
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2999, 12, 31)
LARGEST_SEQUENCE: Final = 2**53 - 1
"""Greatest whole number that every JSON library reads exactly (RFC 8259, 6)."""
State = Literal["in-force", "provisional", "accompanying", "moved-out", "ended"]


class PushedFlag(BaseModel):
    """What a source says of one person's protective measure (支援措置)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str = Field(
        min_length=1,
        max_length=40,
        pattern=VISIBLE,
        title="番号",
        description="number in the numbering",
    )
    state: State = Field(
        description=(
            "in-force（決定）・provisional（仮）・accompanying（併せて支援を求める者）・"
            "moved-out（転出）・ended（終了）。ended も保護は続き、職員二人の確認で終わる / "
            "ended protects on until two officers of the municipality agree"
        )
    )
    since: dt.date | None = Field(
        default=None, ge=FIRST_DAY, le=LAST_DAY, description="開始日 / first day"
    )
    until: dt.date | None = Field(
        default=None, ge=FIRST_DAY, le=LAST_DAY, description="期限 / last day of the term"
    )

    @model_validator(mode="after")
    def _in_order(self) -> PushedFlag:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise broken_rule(
                "until は since の日か、それよりあとにしてください。",
                "until must not lie before since.",
            )
        return self


class FlagPush(BaseModel):
    """A message of a source about flags. ``sequence`` counts its messages, from 1 without gaps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int = Field(
        ge=1,
        le=LARGEST_SEQUENCE,
        strict=True,
        description="この連携先の知らせの通し番号（1 から） / number of the message, from 1",
    )
    numbering: str = Field(
        min_length=1,
        max_length=40,
        pattern=VISIBLE,
        description="番号体系 / numbering of the numbers",
    )
    flags: tuple[PushedFlag, ...] = Field(min_length=1, max_length=MOST_FLAGS)


class FlagPushDocument(BaseModel):
    """What was received. It tells nothing of who was protected before."""

    model_config = ConfigDict(frozen=True)

    sequence: int
    accepted: int = Field(description="受け付けた件数 / flags that count from now on")
    next_sequence: int = Field(description="次の知らせの番号 / number of the next message")
    missing: list[int] = Field(
        description=(
            "届いていない番号の最初と最後。なければ空。送り直す / first and last number that has "
            "not come, to be sent again; empty without any"
        )
    )


EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "new-measure": {
        "summary": "新しい支援措置 / A new measure",
        "value": {
            "sequence": 12,
            "numbering": "resident",
            "flags": [
                {
                    "number": "000000000019",
                    "state": "in-force",
                    "since": "2026-06-10",
                    "until": "2027-06-09",
                }
            ],
        },
    }
}
RECEIVED: Final[dict[str, Any]] = {
    "sequence": 12,
    "accepted": 1,
    "next_sequence": 13,
    "missing": [],
}
