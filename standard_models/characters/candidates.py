"""Candidates for a character that nobody has identified yet: offered to people, never applied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from standard_models.reference.character_families import family_of
from standard_models.reference.character_tables import Glyph, glyphs
from standard_models.values.text import to_full_width


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person knows of the character: a reading, strokes, a character that looks alike."""

    reading: str | None = None
    strokes: int | None = None
    resembles: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A glyph, and what speaks for it: ``reading``, ``strokes``, ``strokes±1``, ``family``."""

    glyph: Glyph
    reasons: tuple[str, ...]


_WEIGHTS = {"family": 4, "reading": 3, "strokes": 2, "strokes±1": 1}
_KATAKANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def candidates(hints: Hints, limit: int = 20) -> list[Candidate]:
    """Return at most ``limit`` glyphs for which something speaks, the most first.

    With a reading or a look-alike given, one of these must match: strokes alone fit thousands.
    Equal ones stand in the order of their names.
    """
    found = []
    for glyph in glyphs():
        reasons = tuple(_reasons(glyph, hints))
        named = {"reading", "family"} & set(reasons)
        if glyph.sequences and reasons and (named or not (hints.reading or hints.resembles)):
            found.append(Candidate(glyph, reasons))
    found.sort(key=lambda c: (-sum(_WEIGHTS[reason] for reason in c.reasons), c.glyph.name))
    return found[:limit]


def _reasons(glyph: Glyph, hints: Hints) -> Iterator[str]:
    if hints.resembles and glyph.ucs and family_of(glyph.ucs) == family_of(hints.resembles[0]):
        yield "family"
    if hints.reading and _reading(hints.reading) in {_reading(r) for r in glyph.readings}:
        yield "reading"
    if hints.strokes is not None and glyph.strokes is not None:
        if glyph.strokes == hints.strokes:
            yield "strokes"
        elif abs(glyph.strokes - hints.strokes) == 1:
            yield "strokes±1"


def _reading(text: str) -> str:
    return to_full_width(text).translate(_KATAKANA)
