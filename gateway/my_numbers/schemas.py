"""A My Number on its way in, and whose it is on the way out; the number itself never goes out."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from gateway.errors import broken_rule
from standard_models.values.identifiers import MyNumber

MAX_WRITTEN: Final = 40
_GROUPS: Final = re.compile(r"(\d{4})[-‐‑‒–—―−ー](\d{4})[-‐‑‒–—―−ー](\d{4})", re.ASCII)


def _number(raw: object) -> MyNumber:
    """Return the number; digits of any width, in groups of four or not.

    Raises:
        ValueError: it is none. The text repeats nothing.

    """
    if not isinstance(raw, str) or len(raw) > MAX_WRITTEN:
        raise broken_rule(
            "12 桁の数字の文字列にしてください。", "Must be a string of twelve digits."
        )
    written = "".join(unicodedata.normalize("NFKC", raw).split())
    reading = MyNumber.parse(_GROUPS.sub(r"\1\2\3", written))
    if reading.number is None:
        raise broken_rule(
            "個人番号ではありません。桁数と検査用数字を確かめてください。",
            "Is no individual number: check the digits.",
        )
    return reading.number


class NumberQuery(BaseModel):
    """A My Number that somebody has shown or filled in."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    kojinbango: Annotated[
        MyNumber,
        BeforeValidator(_number),
        WithJsonSchema({"type": "string", "minLength": 12, "maxLength": MAX_WRITTEN}),
    ] = Field(
        title="個人番号",
        description=(
            "12 桁。全角、4 桁ごとの空白・ハイフンでもよい / twelve digits; full width, and "
            "blanks or hyphens between groups of four, are fine"
        ),
    )


class NumberMatchDocument(BaseModel):
    """Whose number it is, or that this cannot be said."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["match", "no-match"]
    subject: str | None = Field(
        title="対象者ハンドル", description="一致したときだけ / of the person, where one matched"
    )


MATCHED: Final[dict[str, Any]] = {"outcome": "match", "subject": "ここに対象者ハンドル"}
UNMATCHED: Final[dict[str, Any]] = {"outcome": "no-match", "subject": None}
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "number": {
        "summary": "個人番号（架空の例） / A fictitious number",
        "value": {"kojinbango": "345678901234"},
    }
}
