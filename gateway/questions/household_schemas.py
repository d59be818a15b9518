"""The answer to a question of a household on the wire, for the API description."""

from __future__ import annotations

from pydantic import Field

from gateway.questions.schemas import (
    AnswerDocument,
    PartDocument,
    PartProblemDocument,
    ProvenanceDocument,
    QualityDocument,
    Shape,
)


class NotShownDocument(Shape):
    """Members who count and of whom nothing is said."""

    reason: str = Field(
        description="ask-office / consent-needed / unavailable / stale：なぜ示さないか / why not"
    )
    count: int


class HouseholdDocument(Shape):
    """The household: by which basis and day, and how many belong to it."""

    kind: str
    basis: str
    label: str
    source: str = Field(description="基礎の根拠 / where the basis stands")
    reference_date: str
    status: str = Field(description="名簿が読めたか。`ok` のほかは人数も分からない / of the list")
    size: int | None = Field(
        description="その日の世帯の人数。示さない人・絞り込みで外れた人も数える。"
        "決められなければ null / everybody who belongs to it on the day, shown or not; null "
        "where it cannot be told"
    )
    not_shown: list[NotShownDocument]
    provenance: ProvenanceDocument | None
    problem: PartProblemDocument | None = Field(
        None, description="名簿が読めないとき、その理由 / why the list could not be read"
    )
    opens_at: str | None = None
    lost_records: int | None = None
    dropped_rows: int | None = Field(
        None, description="この世帯の人でないとして捨てた行の数 / rows of others, dropped whole"
    )
    quality: list[QualityDocument] | None = Field(
        None,
        description="HEAD_UNSET / HEAD_CONFLICT：世帯主の状態 / what is not right with the head",
    )


class MemberDocument(Shape):
    """One member of the household."""

    subject: str = Field(description="この人のハンドル / pairwise handle")
    is_subject: bool = Field(description="照会した対象者か / whether it is who was asked for")
    matches: str = Field(
        description="yes / undecidable：絞り込みに合うか。不詳の日付では決められない / the filter"
    )
    relationship: str | None = Field(
        None, description="続柄（続柄の項目をすべて照会したとき） / to the head, where asked for"
    )
    parts: list[PartDocument]
    receipt: str | None = None


class HouseholdAnswerDocument(AnswerDocument):
    """The answer to a question with a relation: ``members`` in the place of parts."""

    household: HouseholdDocument
    members: list[MemberDocument] = Field(description="示せる人 / those who are shown")
