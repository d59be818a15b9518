"""What staff or a consumer is told when something cannot be done."""

from __future__ import annotations


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
