"""A verification on the wire."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    model_validator,
)

from gateway.errors import broken_rule
from gateway.receipts.digests import MAX_DIGESTS
from standard_models.answers import AbsenceReason, DatePrecision, UncertainDate

MAX_RECEIPT_CHARS = 196_608
MAX_VALUE_CHARS = 8_192
MAX_AGE_S = 366 * 86_400


class UncertainStated(BaseModel):
    """A date that is not exactly one day, as it stood in the answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    precision: DatePrecision
    text: str = Field(max_length=200)
    earliest: dt.date | None
    latest: dt.date | None

    def to_uncertain(self) -> UncertainDate:
        """Return it as an answer holds it."""
        return UncertainDate(self.precision, self.text, self.earliest, self.latest)


class StatedItem(BaseModel):
    """An item as it came back: its value, or the reason that had been given for its absence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str = Field(
        min_length=1,
        max_length=200,
        title="データ項目",
        description="「業務ID.グループ.項目（ローマ字）」 / business.group.field",
    )
    record: int = Field(
        default=0,
        ge=0,
        lt=MAX_DIGESTS,
        title="何件目の記録か",
        description="回答の records の中の位置（0 から） / position in records, from 0",
    )
    value: StrictBool | StrictInt | StrictFloat | str | None = Field(
        default=None,
        title="値",
        description="送り返された値。和暦・全角半角・桁区切りは問わない / in any notation",
    )
    absent: AbsenceReason | None = Field(
        default=None, title="値がない理由", description="回答のまま / as in the answer"
    )
    uncertain: UncertainStated | None = Field(
        default=None, title="不詳の日付", description="回答のまま / as in the answer"
    )

    @model_validator(mode="after")
    def _value_or_absence(self) -> Self:
        if (self.value is None) == (self.absent is None):
            raise broken_rule(
                "value と absent のどちらか一つだけを書いてください。",
                "Exactly one of value and absent is needed.",
            )
        if self.uncertain is not None and self.absent is None:
            raise broken_rule(
                "uncertain は absent と一緒に書いてください。", "uncertain needs absent."
            )
        if isinstance(self.value, str) and len(self.value) > MAX_VALUE_CHARS:
            raise broken_rule(
                f"value は {MAX_VALUE_CHARS} 文字以下にしてください。",
                f"value must have at most {MAX_VALUE_CHARS} characters.",
            )
        return self


class Verification(BaseModel):
    """What a consumer asks: whether these are the values that were delivered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    receipt: str = Field(
        min_length=1,
        max_length=MAX_RECEIPT_CHARS,
        title="受領票",
        description="照会の回答の receipt / `receipt` of the answer",
    )
    subject: str = Field(
        min_length=1,
        max_length=200,
        title="対象者ハンドル",
        description="値を送り返した人 / handle of the person whose values they are",
    )
    items: tuple[StatedItem, ...] = Field(
        min_length=1, max_length=MAX_DIGESTS, title="送り返された項目"
    )
    max_age: int | None = Field(
        default=None,
        ge=0,
        le=MAX_AGE_S,
        title="許容する古さ（秒）",
        description=(
            "値の時点がこれより古ければ `stale` / values older than this many seconds are `stale`"
        ),
    )


class _Shape(BaseModel):
    """Shapes of the answer, for the API description only."""

    model_config = ConfigDict(frozen=True)


class VerdictDocument(_Shape):
    """What became of one item."""

    item: str
    record: int
    verdict: str = Field(description="unchanged / edited / stale / never-issued / missing")
    source: str | None = Field(None, description="値を渡したシステム / adapter it came from")
    as_of: str | None = Field(None, description="システムのデータの時点 / the source's own claim")
    edition: str | None = None
    reference_date: str | None = Field(
        None, description="基準日を指定した照会の値なら、その日 / the day that was asked for"
    )


class VerificationDocument(_Shape):
    """The verdicts."""

    verification_id: str = Field(description="監査記録の番号 / id of the audit record")
    receipt: str = Field(
        description="genuine / not-genuine / other-consumer / other-purpose / other-subject"
    )
    outcome: str = Field(description="unchanged / changed")
    question_id: str | None = Field(None, description="受領票の照会の番号 / the question")
    issued_at: str | None = None
    items: list[VerdictDocument]


VERIFICATION_EXAMPLES: dict[str, dict[str, Any]] = {
    "rewritten": {
        "summary": "書き方だけが変わった値 / A value in another notation",
        "value": {
            "receipt": "ここに回答の receipt",
            "subject": "ここに対象者ハンドル",
            "items": [
                {"item": "001.juminkihonjoho.seinengappi", "value": "昭和60年4月2日"},
                {"item": "010.kazeikihonjoho.gokeishotokukingaku", "absent": "not-recorded"},
            ],
        },
    }
}

VERDICT_EXAMPLE: dict[str, Any] = {
    "verification_id": "9b1c6f2e5f7b4f0c9f6c1f0b6a2d4e55",
    "receipt": "genuine",
    "outcome": "changed",
    "question_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
    "issued_at": "2026-10-01T10:15:30+09:00",
    "items": [
        {
            "item": "001.juminkihonjoho.seinengappi",
            "record": 0,
            "verdict": "unchanged",
            "source": "reference-resident",
            "as_of": "2026-10-01T09:15:00+09:00",
            "edition": "provisional-2026",
        },
        {
            "item": "010.kazeikihonjoho.gokeishotokukingaku",
            "record": 0,
            "verdict": "edited",
            "source": "reference-tax",
            "as_of": None,
            "edition": "provisional-2026",
        },
    ],
}
