"""The question on the wire."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from gateway.questions.relation_schemas import Include, RelationAsked

MAX_ITEMS = 200
"""More items than any form has; a longer list is a mistake or an attempt to copy the register."""

MAX_AGE_S = 366 * 86_400
"""Longest age that a question can allow, in seconds; without one there is no limit."""


class Mode(StrEnum):
    """What becomes of a question that holds items outside the grant."""

    REFUSE = "refuse"
    INTERSECT = "intersect"


class Asked(BaseModel):
    """What a consumer asks: why, and exactly which items."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_max_length=200)

    purpose: str = Field(
        min_length=1,
        max_length=64,
        title="利用目的",
        description="登録済みの事務のID。トークンの利用目的と同じもの / registered purpose",
    )
    items: tuple[str, ...] = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        title="データ項目",
        description=(
            "必要な項目だけを「業務ID.グループ.項目（ローマ字）」で並べる / "
            "exactly the items needed, as business.group.field"
        ),
    )

    mode: Mode = Field(
        default=Mode.REFUSE,
        title="許可の外の項目",
        description=(
            "`refuse`（既定）：一つでもあれば全体を断る。`intersect`：許可の分だけ答え、ほかは理由 "
            "`not-granted` にする（許可がそれを認めるときだけ） / with `intersect`, where the "
            "grant allows it, items outside it come back as `not-granted`"
        ),
    )
    require: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_ITEMS,
        title="なくてはならないグループ",
        description=(
            "「業務ID.グループ」。一つでも答えられなければ、一部の回答ではなく 503 か 504 を返す / "
            "groups without which a partial answer is of no use: 503 or 504 instead"
        ),
    )
    max_age: int | None = Field(
        default=None,
        ge=0,
        le=MAX_AGE_S,
        title="許容する古さ（秒）",
        description=(
            "これより古い内容は、値の代わりに理由 `stale` を返す / "
            "data older than this many seconds comes back as the reason `stale`"
        ),
    )
    relation: RelationAsked | None = Field(
        default=None,
        title="対象者から見た範囲",
        description=(
            "なければ対象者だけ。あれば、同じ世帯の一人ずつに同じ項目を答える（`members`） / "
            "without it the subject alone; with it the same items of each member of the household"
        ),
    )
    as_of: dt.date | None = Field(
        default=None,
        title="基準日",
        description=(
            "この日の内容を答える。その日の内容が分からないシステムの項目は、今日の値の代わりに"
            "理由 `no-history` を返す / the day for which to answer; a system that cannot tell "
            "what held then says `no-history` in the place of today's value"
        ),
    )
    include: tuple[Include, ...] = Field(
        default=(),
        max_length=1,
        title="除かずに含めるもの",
        description=(
            "`removed`：除票も含める（専用の許可が要る）。なければ、除票の人は台帳にない人と同じ / "
            "removed entries too, with a right of its own; otherwise they are as never registered"
        ),
    )
    prefer_stated: tuple[str, ...] = Field(
        default=(),
        max_length=MAX_ITEMS,
        title="本人の申告を優先するグループ",
        description=(
            "「業務ID.グループ」。ここに挙げたグループは、申告があればシステムより先に使う。挙げなければ、"
            "どのシステムも提供しないグループにだけ使う / groups in which a statement of the "
            "person goes before the system; otherwise it stands in only where there is no system"
        ),
    )
    receipt: StrictBool = Field(
        default=True,
        title="受領票を付けるか",
        description=(
            "渡した値が後で変えられていないかを確かめるための受領票を、回答に付ける / "
            "with it, POST /v1/receipts/verify tells later what was altered"
        ),
    )


class Explained(Asked):
    """A question without a subject, to be explained."""

    represented: StrictBool = Field(
        default=False,
        title="代理人としての照会か",
        description=(
            "true：ログインした代理人が、代わる相手について照会するときの判定 / "
            "whether whoever has logged in asks in another's place"
        ),
    )


class Question(Asked):
    """What a consumer asks of whom."""

    subject: str = Field(
        min_length=1,
        title="対象者ハンドル",
        description="この連携先だけに発行された対象者の識別子 / pairwise handle of the person",
    )


class GrantDocument(BaseModel):
    """A grant that answers the question."""

    model_config = ConfigDict(frozen=True)

    grant_id: str
    relation: str
    intersect: bool
    bases: list[str] = Field(
        description="世帯の基礎（relation が household のとき） / of households"
    )


class ExplanationDocument(BaseModel):
    """What would become of a question, before anything of a person is touched."""

    model_config = ConfigDict(frozen=True)

    verdict: str = Field(description="answered / intersected / refused")
    rule: str = Field(description="決めた規則（断るときは問題の種類） / the deciding rule")
    fault: str | None = Field(description="caller / municipality：誰が直すか / who can mend it")
    detail: dict[str, str] = Field(description="説明（ja・en） / in words")
    purpose: dict[str, str] | None = Field(description="登録された事務 / the registered purpose")
    grants: list[GrantDocument]
    field_sets: list[str] = Field(
        description="許可に使われた項目セット / the town's named sets that the grants were made of"
    )
    not_granted: list[str] = Field(description="許可のない項目 / items outside the grant")
    consent_needed: list[str] = Field(
        description="対象者の同意があるときだけ答える項目 / answered only with a consent"
    )
    representation_needed: bool = Field(
        description=(
            "代理（GET /v1/representations）がこの目的と項目に有効な間だけ答えるか / "
            "answered only while a registered representation holds for purpose and items"
        )
    )
    errors: list[dict[str, str]] = Field(description="直す場所 / places to mend")


class Shape(BaseModel):
    """Shapes of the answer, for the API description only."""

    model_config = ConfigDict(frozen=True)


class QualityDocument(Shape):
    """What was seen or done while a value was made."""

    code: str
    severity: str = Field(description="I 参考 / W 要確認 / E 使えない")
    params: dict[str, str | int] | None = None


class UncertainDateDocument(Shape):
    """A date that is not exactly one day."""

    precision: str
    text: str = Field(description="記録のとおりの文 / as the register says")
    earliest: str | None
    latest: str | None


class ItemAnswerDocument(Shape):
    """An item: ``value``, or ``absent`` with the reason."""

    value: str | int | float | bool | None = None
    label: str | None = Field(None, description="コード値の意味 / meaning of a code value")
    absent: str | None = Field(None, description="値がない理由 / why there is no value")
    uncertain: UncertainDateDocument | None = None
    quality: list[QualityDocument] | None = None


class ProvenanceDocument(Shape):
    """Where the records of a part come from."""

    adapter: str
    adapter_version: str
    mapping_version: str
    system_name: str
    edition: str
    method: str
    as_of: str | None = Field(description="システムのデータの時点 / the source's own claim")
    retrieved_at: str
    stale: bool
    reference_date: str | None = Field(
        None, description="どの日の内容か。なければ今の内容 / the day asked for; without it, now"
    )


class PartProblemDocument(Shape):
    """Why a part is not there (RFC 9457), in the language of ``Accept-Language``."""

    type: str = Field(description="種類のページ / the page of its kind")
    title: str
    status: int = Field(description="一つだけ照会したときに当たる HTTP の状態 / as if asked alone")
    detail: str
    remedy: str
    instance: str
    trace_id: str


class PartDocument(Shape):
    """What one group says."""

    group: str
    business: str
    label: str
    edition: str
    provisional: bool = Field(description="暫定版の項目一覧か / not the official list")
    status: str
    provenance: ProvenanceDocument | None
    records: list[dict[str, ItemAnswerDocument]]
    absences: dict[str, ItemAnswerDocument]
    problem: PartProblemDocument | None = Field(
        None, description="`ok` でないときだけ、その理由 / why, unless it is `ok`"
    )
    opens_at: str | None = Field(None, description="閉局中の再開時刻 / when a closed source opens")
    lost_records: int | None = Field(
        None, description="標準の形にできなかった記録の数 / records that could not be mapped"
    )


class AnswerDocument(Shape):
    """The answer to a question."""

    question_id: str = Field(description="監査記録の番号 / id of the audit record")
    outcome: str = Field(description="complete / partial / none")
    municipality: str
    purpose: str
    answered_at: str
    parts: list[PartDocument]
    receipt: str | None = Field(
        None, description="署名付きの受領票。値は入っていない / signed, without a value in it"
    )
    explanations: dict[str, dict[str, dict[str, str]]] = Field(
        description="理由と品質コードの説明（ja・ja-easy・en） / texts for people"
    )
