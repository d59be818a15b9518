"""A submission on the wire."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
)

MAX_ITEMS = 200
MAX_PURPOSES = 20

PurposeId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Strength(StrEnum):
    """How it is known that the person themselves stated it, and what was looked at."""

    STATED = "stated"
    LOGGED_IN = "logged-in"
    SIGNED = "signed"
    DOCUMENT_SEEN = "document-seen"


class StatedItem(BaseModel):
    """An item as the citizen stated it, in the canonical form of the standard."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field(
        min_length=1,
        max_length=200,
        title="データ項目",
        description="「業務ID.グループ.項目（ローマ字）」 / business.group.field",
    )
    value: StrictBool | StrictInt | StrictFloat | Annotated[str, Field(max_length=8_192)] = Field(
        title="値", description="標準の形の値 / the value in the form of the standard"
    )


class Consent(BaseModel):
    """What the citizen agreed to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(
        min_length=1,
        max_length=64,
        title="同意文の版",
        description="見せた同意文を特定する名前 / which version of the text was shown",
    )
    given_at: AwareDatetime = Field(title="同意の日時", description="時差つき / with its offset")
    purposes: tuple[PurposeId, ...] = Field(
        default=(),
        max_length=MAX_PURPOSES,
        title="使ってよい利用目的",
        description="この提出の利用目的のほかに使ってよい目的 / purposes besides that of this call",
    )


class Submission(BaseModel):
    """What a citizen states, once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    purpose: PurposeId = Field(title="利用目的", description="トークンの利用目的と同じもの")
    items: tuple[StatedItem, ...] = Field(min_length=1, max_length=MAX_ITEMS, title="申告した項目")
    consent: Consent = Field(title="同意")
    strength: Strength = Field(
        default=Strength.STATED,
        title="確かめ方",
        description=(
            "stated 申告のみ / logged-in ログイン済み / signed 電子署名 / document-seen 書類を確認"
        ),
    )
    keep_until: dt.date | None = Field(
        default=None,
        title="保存の期限",
        description="この日まで（含む）使う。なければ既定の日数 / last day of use",
    )


class Withdrawal(BaseModel):
    """A consent that is taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    submission_id: str = Field(pattern=r"^[0-9a-f]{32}$", title="提出の番号")


class _Shape(BaseModel):
    """Shapes of answers, for the API description only."""

    model_config = ConfigDict(frozen=True)


class SubmissionDocument(_Shape):
    """What was kept, until when, and which systems will be told."""

    submission_id: str
    stated_at: str
    expires_at: str
    groups: list[str]
    handed_to: list[str] = Field(
        description="渡すシステムのアダプター。なければ保存だけ / adapters it is handed to"
    )


class WithdrawalDocument(_Shape):
    """What was erased, and what had reached a system already."""

    submission_id: str
    withdrawn_at: str
    handed_over: list[str] = Field(
        description="渡したか、渡そうとしたシステム。取り消しはその窓口へ / have it, or may"
    )


SUBMISSION_EXAMPLES: dict[str, dict[str, Any]] = {
    "address-for-letters": {
        "summary": "送付先を一度だけ届ける / Stated once",
        "value": {
            "subject": "ここに対象者ハンドル",
            "purpose": "jidoteate-ninteiseikyu",
            "items": [{"item": "010.sofusakijoho.sofusaki_choaza", "value": "みどり一丁目"}],
            "consent": {
                "text": "once-only-2026-04",
                "given_at": "2026-10-01T10:00:00+09:00",
                "purposes": [],
            },
            "strength": "logged-in",
            "keep_until": "2027-03-31",
        },
    }
}
WITHDRAWAL_EXAMPLES: dict[str, dict[str, Any]] = {
    "withdraw": {
        "summary": "同意を取り消す / Take the consent back",
        "value": {
            "subject": "ここに対象者ハンドル",
            "submission_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
        },
    }
}
SUBMISSION_EXAMPLE: dict[str, Any] = {
    "submission_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
    "stated_at": "2026-10-01T10:00:05+09:00",
    "expires_at": "2027-04-01T00:00:00+09:00",
    "groups": ["010.sofusakijoho"],
    "handed_to": ["reference-tax"],
}
WITHDRAWAL_EXAMPLE: dict[str, Any] = {
    "submission_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
    "withdrawn_at": "2026-11-01T10:00:05+09:00",
    "handed_over": [],
}
