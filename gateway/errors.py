"""What staff or a consumer is told when something cannot be done."""

from __future__ import annotations

from typing import Final

from pydantic_core import PydanticCustomError

BROKEN_RULE: Final = "broken_rule"
"""The type of the errors of ``broken_rule``."""


class ExplainedError(Exception):
    """Something cannot be done; the texts say why and what to do, and repeat nothing personal.

    Args:
        detail_ja: for people who work in Japanese.
        detail_en: the same in English.
    """

    def __init__(self, detail_ja: str, detail_en: str) -> None:
        super().__init__(detail_en)
        self.detail_ja = detail_ja
        self.detail_en = detail_en


def broken_rule(ja: str, en: str) -> PydanticCustomError:
    """Return what a validator raises. The texts are constants and repeat no value."""
    return PydanticCustomError(BROKEN_RULE, "{en}", {"ja": ja, "en": en})
