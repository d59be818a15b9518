"""What is done in the examples of bank kana."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.bank_kana import same_owner_name, to_bank_kana

Outcome = tuple[str, Sequence[Quality]]


def bank(raw: str) -> Outcome:
    found = to_bank_kana(raw)
    return found.text or "", found.quality


def same(raw: str) -> Outcome:
    one, _, other = raw.partition(" | ")
    return {True: "yes", False: "no", None: "undecidable"}[same_owner_name(one, other)], ()


OPERATIONS: dict[str, Callable[[str], Outcome]] = {"bank": bank, "same": same}
