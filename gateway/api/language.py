"""Which of the two languages a caller reads, by ``Accept-Language``.

Source: RFC 9110, 12.5.4.
"""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language that every text for people exists in."""

    JA = "ja"
    EN = "en"


def choose_language(header: str | None) -> Language:
    """Return English where the caller prefers it to Japanese, else Japanese.

    Languages we do not have, and headers that cannot be read, count as no wish.
    """
    if not header:
        return Language.JA
    wishes: dict[str, float] = {}
    for part in header.split(","):
        tag, _, parameter = part.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        if primary in {"ja", "en", "*"}:
            wishes.setdefault(primary, _quality(parameter))
    rest = wishes.pop("*", 0.0)
    if "en" not in wishes:
        return Language.JA
    japanese = wishes.get("ja", rest)
    first = next(iter(wishes)) == "en" and "ja" in wishes
    english = wishes["en"]
    prefers = english > japanese or (first and english == japanese)
    return Language.EN if english > 0 and prefers else Language.JA


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0 <= quality <= 1 else 0.0
