"""Events on the wire."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, Field

MAX_PAGE: Final = 500
USUAL_PAGE: Final = 100
PURGE: Final = "purge-address-class"


class EventDocument(BaseModel):
    """Something that a consumer must do about a person. It never says why."""

    event_id: str
    type: Literal["purge-address-class"] = Field(
        description="保存している住所類を消す / erase what you hold of the address class"
    )
    subject: str = Field(title="対象者ハンドル")
    earlier: list[str] = Field(
        default_factory=list,
        title="以前のハンドル",
        description="更新前のハンドル。こちらで保存しているものも消す / handles of the same person "
        "from before a renewal; what you hold under them must go too",
    )


class EventsDocument(BaseModel):
    """A page of events, oldest first."""

    events: list[EventDocument]
    next: str | None = Field(
        description="次に cursor に入れる値。新しいものがなくても同じ値でまた聞ける / "
        "cursor for the next call, also where there was nothing new"
    )


class AcknowledgedDocument(BaseModel):
    """An event that was dealt with."""

    event_id: str


EXAMPLE_ID: Final = "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11"
EXAMPLE: Final[dict[str, Any]] = {
    "events": [
        {"event_id": EXAMPLE_ID, "type": PURGE, "subject": "ここに対象者ハンドル", "earlier": []}
    ],
    "next": EXAMPLE_ID,
}
