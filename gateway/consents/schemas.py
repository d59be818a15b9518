"""A consent on the wire."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

MAX_ITEMS = 200

ItemReference = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class GivenConsent(BaseModel):
    """What a citizen agreed to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    purpose: str = Field(
        min_length=1,
        max_length=64,
        title="利用目的",
        description="トークンの利用目的と同じもの / the purpose of the token",
    )
    items: tuple[ItemReference, ...] = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        title="同意した項目",
        description="許可が同意を求めている項目 / items that the grant wants a consent for",
    )
    text: str = Field(
        min_length=1,
        max_length=64,
        title="同意文の版",
        description="見せた同意文を特定する名前 / which version of the text was shown",
    )
    given_at: AwareDatetime = Field(title="同意の日時", description="時差つき / with its offset")
    last_day: dt.date | None = Field(
        default=None,
        title="最後の日",
        description="この日まで（含む）。なければ最長の日数 / last day, the longest by default",
    )


class Withdrawn(BaseModel):
    """A consent that is taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    consent_id: str = Field(pattern=r"^[0-9a-f]{32}$", title="同意の番号")


class ConsentDocument(BaseModel):
    """A consent as it counts."""

    model_config = ConfigDict(frozen=True)

    consent_id: str
    purpose: str
    items: list[str]
    expires_at: str = Field(description="この時刻から数えない / does not count from then on")
    withdrawn_at: str | None = Field(description="取り消した時刻 / when it was taken back")


CONSENT_EXAMPLES: dict[str, dict[str, Any]] = {
    "tax": {
        "summary": "所得を見ることへの同意 / To look at the income",
        "value": {
            "subject": "ここに対象者ハンドル",
            "purpose": "jidoteate-ninteiseikyu",
            "items": ["010.kazeikihonjoho.gokeishotokukingaku"],
            "text": "shotoku-2026-04",
            "given_at": "2026-10-01T10:00:00+09:00",
            "last_day": "2027-03-31",
        },
    }
}
WITHDRAWN_EXAMPLES: dict[str, dict[str, Any]] = {
    "withdraw": {
        "summary": "取り消す / Take it back",
        "value": {
            "subject": "ここに対象者ハンドル",
            "consent_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
        },
    }
}
CONSENT_EXAMPLE: dict[str, Any] = {
    "consent_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
    "purpose": "jidoteate-ninteiseikyu",
    "items": ["010.kazeikihonjoho.gokeishotokukingaku"],
    "expires_at": "2027-04-01T00:00:00+09:00",
    "withdrawn_at": None,
}
