"""Repertoires: which characters a register or a receiver knows. Versioned data.

Source: text requirements of the municipal standard (MJ, and the additions GJ of 行政事務標準文字);
JIS X 0208 and JIS X 0213.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.reference.character_tables import glyphs
from standard_models.values.text import iter_characters

ADDITION_COLUMNS: Final = ("name", "code_points", "substitute")
_CODE_POINTS = re.compile(r"[0-9A-Fa-f]{4,6}(?:_[0-9A-Fa-f]{4,6})*", re.ASCII)


@dataclass(frozen=True)
class Repertoire:
    """A set of characters: single code points, and bases with their selector.

    ``sequences`` are texts of one character as people see it. ``version`` names the table.
    """

    id: str
    version: str
    source: str
    sequences: frozenset[str]

    def __contains__(self, character: str) -> bool:
        return character in self.sequences

    def check(self, text: str) -> tuple[Quality, ...]:
        """Return a finding for each character of ``text`` outside; empty if all are inside.

        ``OUTSIDE_REPERTOIRE`` (W) with code point, position (characters as people see them, from
        1) and repertoire; ``UNKNOWN_VARIANT`` (W) where the base is known and its selector is not.
        """
        findings = []
        for position, character in enumerate(iter_characters(text), start=1):
            if character not in self.sequences:
                known = len(character) > 1 and character[0] in self.sequences
                findings.append(
                    Quality(
                        "UNKNOWN_VARIANT" if known else "OUTSIDE_REPERTOIRE",
                        Severity.WARNING,
                        {
                            "code_point": " ".join(f"U+{ord(c):04X}" for c in character),
                            "position": position,
                            "repertoire": f"{self.id} {self.version}",
                        },
                    )
                )
        return tuple(findings)

    def with_additions(self, additions: Additions) -> Repertoire:
        """Return the repertoire with a town's additions; its version names both."""
        return Repertoire(
            f"{self.id}+{additions.id}",
            f"{self.version}+{additions.version}",
            f"{self.source}; {additions.source}",
            self.sequences | {addition.character for addition in additions.characters},
        )


@dataclass(frozen=True, slots=True)
class Addition:
    """A character beyond MJ: its name, what addresses it, and its substitute, if there is one."""

    name: str
    character: str
    substitute: str | None


@dataclass(frozen=True, slots=True)
class Additions:
    """A table of additions, as 行政事務標準文字 grows. Code points come from the table alone."""

    id: str
    version: str
    source: str
    characters: tuple[Addition, ...]


def load_additions(path: Path, *, id: str, version: str, source: str) -> Additions:  # noqa: A002
    """Read additions from a CSV file with the columns name, code_points, substitute.

    ``code_points`` is hexadecimal, ``10FC00`` or ``8FBB_E0110``; ``substitute`` is empty or text.

    Raises:
        ValueError: naming row and column of what is malformed or given twice.
    """
    reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != ADDITION_COLUMNS:
        raise ValueError(f"{path.name}: the columns must be {', '.join(ADDITION_COLUMNS)}")
    found: dict[str, Addition] = {}
    for row, cells in enumerate(reader, start=2):
        if not cells["name"]:
            raise ValueError(f"{path.name}, row {row}, column name: must not be empty")
        if not _CODE_POINTS.fullmatch(cells["code_points"] or ""):
            raise ValueError(f"{path.name}, row {row}, column code_points: must be hexadecimal")
        character = "".join(chr(int(part, 16)) for part in cells["code_points"].split("_"))
        if character in found:
            raise ValueError(f"{path.name}, row {row}, column code_points: stands twice")
        found[character] = Addition(cells["name"], character, cells["substitute"] or None)
    return Additions(id, version, source, tuple(found.values()))


@cache
def mj() -> Repertoire:
    """Return the repertoire of registers: MJ, and the signs of JIS X 0213."""
    characters = {sequence for glyph in glyphs() for sequence in glyph.sequences}
    characters |= {glyph.ucs for glyph in glyphs() if glyph.ucs}
    return Repertoire(
        "MJ", "mji.00602", "MJ文字情報一覧表", frozenset(characters | set(_signs_x0213()))
    )


@cache
def jis_x_0213() -> Repertoire:
    """Return JIS X 0213: kanji by the MJ table, signs by its rows 1 to 13. For outside exchange."""
    kanji = {glyph.ucs for glyph in glyphs() if glyph.x0213 and glyph.ucs}
    kanji |= {
        g.sequences[0] for g in glyphs() if g.x0213 and g.sequences and len(g.sequences[0]) == 1
    }
    return Repertoire(
        "JIS X 0213", "2004", "MJ文字情報一覧表, X0213", frozenset(kanji | set(_signs_x0213()))
    )


@cache
def jis_x_0208() -> Repertoire:
    """Return JIS X 0208, rows 1–8 and 16–84, for systems that know no more."""
    rows = (*range(1, 9), *range(16, 85))
    return Repertoire("JIS X 0208", "1990", "JIS X 0208", frozenset(_cells("euc_jp", rows)))


def _signs_x0213() -> Iterator[str]:
    """Yield the signs; a pair of tone letters is two characters, which are there one by one."""
    for sign in _cells("euc_jis_2004", range(1, 14)):
        if len(list(iter_characters(sign))) == 1:
            yield sign


def _cells(codec: str, rows: Iterable[int]) -> Iterator[str]:
    """Yield what a two-byte code of the codec stands for, row by row."""
    for row in rows:
        for cell in range(1, 95):
            try:
                yield bytes((0xA0 + row, 0xA0 + cell)).decode(codec)
            except UnicodeDecodeError:
                continue
