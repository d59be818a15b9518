"""Yes, no, or cannot be decided: the logic of facts that may be missing.

Source: strong Kleene logic; unknown is never no (D).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Judgement(StrEnum):
    """The outcome of a question about facts, some of which may be unknown."""

    YES = "yes"
    NO = "no"
    UNDECIDABLE = "undecidable"

    @classmethod
    def of(cls, fact: bool | None) -> Judgement:  # noqa: FBT001 - the fact itself
        """Return the judgement of a fact, ``None`` for one that is not known."""
        if fact is None:
            return cls.UNDECIDABLE
        return cls.YES if fact else cls.NO

    def __and__(self, other: Judgement) -> Judgement:
        return every((self, other))

    def __or__(self, other: Judgement) -> Judgement:
        return some((self, other))

    def __invert__(self) -> Judgement:
        return {self.YES: self.NO, self.NO: self.YES}.get(self, self)


def every(judgements: Iterable[Judgement]) -> Judgement:
    """Return whether all are yes: one *no* decides, an undecidable one leaves it open."""
    found = set(judgements)
    if Judgement.NO in found:
        return Judgement.NO
    return Judgement.UNDECIDABLE if Judgement.UNDECIDABLE in found else Judgement.YES


def some(judgements: Iterable[Judgement]) -> Judgement:
    """Return whether one is yes: one *yes* decides, an undecidable one leaves it open."""
    found = set(judgements)
    if Judgement.YES in found:
        return Judgement.YES
    return Judgement.UNDECIDABLE if Judgement.UNDECIDABLE in found else Judgement.NO
