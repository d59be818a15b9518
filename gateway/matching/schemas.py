"""基本4情報 and what became of them, on the wire."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from adapters.contract import FourFacts
from gateway.errors import broken_rule
from standard_models.values.text import remove_controls, to_full_width, to_katakana

NAME_LENGTH = 100
ADDRESS_LENGTH = 300


def _written(text: str) -> str:
    """Return what was stated in full width, with one blank between its words.

    Raises:
        ValueError: there is nothing to see in it.

    """
    words = to_full_width(remove_controls(text).text or "").split()
    if not words:
        raise broken_rule("文字を入れてください。", "There is nothing in the text.")
    return "\u3000".join(words)


def _read(text: str) -> str:
    return to_katakana(_written(text))


Written = Annotated[str, AfterValidator(_written)]
Read = Annotated[str, AfterValidator(_read)]


class StatedFacts(BaseModel):
    """基本4情報 as the person states them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shimei: Written | None = Field(
        default=None,
        min_length=1,
        max_length=NAME_LENGTH,
        title="氏名",
        description=("氏と名の間を空ける / name as the register holds it, with a blank within"),
    )
    shimei_kana: Read | None = Field(
        default=None,
        min_length=1,
        max_length=NAME_LENGTH,
        title="氏名の読み",
        description="カナまたはかな、氏と名の間を空ける / reading in kana, with a blank within",
    )
    seinengappi: dt.date = Field(title="生年月日", description="date of birth")
    seibetsu: Literal["1", "2"] | None = Field(
        default=None, title="性別", description="1 男・2 女 / 1 male, 2 female"
    )
    jusho: Written | None = Field(
        default=None,
        min_length=1,
        max_length=ADDRESS_LENGTH,
        title="住所",
        description=(
            "町字と番地は必要。都道府県・市区町村・方書はなくてもよい / "
            "block and number are needed; prefecture, city and building may be left out"
        ),
    )

    @model_validator(mode="after")
    def _named(self) -> StatedFacts:
        if self.shimei is None and self.shimei_kana is None:
            raise broken_rule(
                "shimei か shimei_kana のどちらかが必要です。", "shimei or shimei_kana is needed."
            )
        return self

    @property
    def missing(self) -> int:
        """Return how many of the four facts were not stated."""
        return sum(fact is None for fact in (self.seibetsu, self.jusho))

    @property
    def facts(self) -> FourFacts:
        """Return the facts as adapters know them."""
        return FourFacts(**self.model_dump())


class MatchDocument(BaseModel):
    """Who it is, or that it is nobody of whom one may be sure."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["match", "no-match"]
    subject: str | None = Field(
        title="対象者ハンドル", description="一致したときだけ / of the person, where one matched"
    )
    facts_missing: int = Field(
        ge=0,
        le=2,
        description=(
            "示されなかった基本4情報の数。台帳の内容にはよらない / "
            "how many of the four facts were not stated, whatever the register holds"
        ),
    )


EXAMPLES: dict[str, dict[str, Any]] = {
    "four-facts": {
        "summary": "基本4情報 / All four facts",
        "value": {
            "shimei": "見本　花子",
            "seinengappi": "1990-04-01",
            "seibetsu": "2",
            "jusho": "みどり一丁目2番3号",
        },
    }
}
MATCHED: dict[str, Any] = {
    "outcome": "match",
    "subject": "ここに対象者ハンドル",
    "facts_missing": 0,
}
NO_MATCH: dict[str, Any] = {"outcome": "no-match", "subject": None, "facts_missing": 1}
