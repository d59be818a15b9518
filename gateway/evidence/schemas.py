"""Evidence on the wire."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from gateway.questions.schemas import MAX_ITEMS


class Statement(StrEnum):
    """What a statement is called."""

    RESIDENT = "resident"
    TAX = "tax"
    RECORD = "record"


TITLES: Final[dict[Statement, tuple[str, str]]] = {
    Statement.RESIDENT: ("住民票の記載事項に関する証明", "Statement of the resident record"),
    Statement.TAX: ("課税・所得に関する証明", "Statement of income and tax"),
    Statement.RECORD: ("記録の内容に関する証明", "Statement of what is recorded"),
}


class Wanted(BaseModel):
    """What a statement is to say of whom."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    purpose: str = Field(min_length=1, max_length=64, title="利用目的")
    items: tuple[str, ...] = Field(
        min_length=1,
        max_length=MAX_ITEMS,
        title="証明する項目",
        description=(
            "本籍・続柄・番号も、ここに挙げ、許可があるときだけ入る / "
            "exactly these; nothing else is in it"
        ),
    )
    statement: Statement = Field(default=Statement.RECORD, title="証明の種類")
    valid_days: int = Field(
        default=90,
        ge=1,
        le=365,
        title="有効日数",
        description="提出先がこの日数の内に受け取る / days for which it is current",
    )


class Release(Wanted):
    """A statement that the citizen has seen and releases."""

    preview: str = Field(
        min_length=1,
        max_length=2_000,
        title="確認した内容",
        description="previews が返した preview。本人が見た内容のままであることを確かめる",
    )


class Revocation(BaseModel):
    """A statement that is taken back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str = Field(min_length=1, max_length=200, title="対象者ハンドル")
    evidence_id: str = Field(pattern=r"^[0-9a-f]{32}$", title="証明の番号")


class _Shape(BaseModel):
    """Shapes of answers, for the API description only."""

    model_config = ConfigDict(frozen=True)


class PreviewDocument(_Shape):
    """What the statement would say, for the citizen to look at."""

    preview: str = Field(description="この内容の控え。10 分有効 / for the release, ten minutes")
    expires_at: str
    title: str
    parts: list[dict[str, Any]]
    explanations: dict[str, Any]


class EvidenceDocument(_Shape):
    """The statement."""

    evidence_id: str
    issued_at: str
    expires_at: str
    evidence: str = Field(description="SD-JWT VC。項目ごとに伏せられる / items can be left out")
    keys: str = Field(description="公開鍵のアドレス / where the keys are published")
    status: str = Field(description="取消一覧のアドレス / the list of what was taken back")
    html: str = Field(description="印刷用の HTML（A4、一つのファイル） / for people, one file")


class RevocationDocument(_Shape):
    """The statement is not good any more."""

    evidence_id: str
    revoked_at: str


_WANTED: Final[dict[str, Any]] = {
    "subject": "ここに対象者ハンドル",
    "purpose": "jidoteate-ninteiseikyu",
    "items": ["001.juminkihonjoho.shimei", "010.kazeikihonjoho.nenzeigaku"],
    "statement": "tax",
    "valid_days": 90,
}
PREVIEW_EXAMPLES: Final = {"tax": {"summary": "課税に関する証明 / Tax", "value": _WANTED}}
RELEASE_EXAMPLES: Final = {
    "tax": {
        "summary": "本人が確かめた証明 / Seen by the citizen",
        "value": {**_WANTED, "preview": "ここに preview"},
    }
}
REVOCATION_EXAMPLES: Final = {
    "revoke": {
        "summary": "証明を取り消す / Take a statement back",
        "value": {
            "subject": "ここに対象者ハンドル",
            "evidence_id": "5f0c6f2e5f7b4f0c9f6c1f0b6a2d4e11",
        },
    }
}
