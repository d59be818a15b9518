"""Representations on the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class RepresentationDocument(BaseModel):
    """Somebody for whom the citizen who has logged in may act."""

    model_config = ConfigDict(frozen=True)

    subject: str = Field(description="代わられる人のハンドル / handle of the represented person")
    kind: str = Field(
        description=(
            "parent（親権者）・guardian-of-minor（未成年後見人）・guardian-of-adult（成年後見人）・"
            "curator（保佐人）・assistant（補助人）・mandate（任意代理人）"
        )
    )
    label: str = Field(description="種類の名称 / name of the kind")
    items: list[str] | None = Field(
        description="委任された項目。null は許可された全部 / items of the mandate, null for all"
    )


class RepresentationsDocument(BaseModel):
    """Everybody for whom the citizen may act, for the purpose of the token."""

    model_config = ConfigDict(frozen=True)

    purpose: str
    representations: list[RepresentationDocument]


EXAMPLE: dict[str, Any] = {
    "purpose": "jidoteate-ninteiseikyu",
    "representations": [
        {
            "subject": "h1-7Qb1s0mJr8a5Jc2fXk9dT4vYw6uPz3nE1oLhGiKqMxR",
            "kind": "parent",
            "label": "親権者",
            "items": None,
        }
    ],
}
