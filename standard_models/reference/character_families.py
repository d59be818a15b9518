"""Families of variant characters, for finding: 斉藤 finds 齊藤 and 齋藤.

A family says that people may mean one character when they write another. It never says that two
names, or two persons, are the same.

Source: resident specification 1.0, fuzzy search (2.1.2); families by JIS inclusion and the notices
on the family register of MJ縮退マップ 1.2.0, and a short list of our own (K).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from standard_models.reference.character_tables import Basis, reductions


def family_of(character: str) -> str:
    """Return the character that stands for the family of ``character``, itself if it has none.

    Takes one code point without selector. Idempotent: the representative stands for itself.
    """
    return _families().get(character, character)


def _common(character: str) -> tuple[bool, str]:
    """Return what the representative is chosen by: unified ideographs go before extensions."""
    return not "\u4e00" <= character <= "\u9fff", character


@cache
def _families() -> Mapping[str, str]:
    leader: dict[str, str] = {}

    def find(character: str) -> str:
        while leader.get(character, character) != character:
            character = leader[character]
        return character

    for one, other in (*_by_table(), *_by_list()):
        first, second = find(one), find(other)
        leader[max(first, second, key=_common)] = min(first, second, key=_common)
    return {character: find(character) for character in leader}


def _by_table() -> Iterator[tuple[str, str]]:
    """Yield characters with the one target that a notice or the inclusion rule gives them."""
    for character, ways in reductions().items():
        strong = Basis.FAMILY_REGISTER | Basis.JIS_INCLUSION
        targets = {way.target for way in ways if way.basis & strong} - {character}
        if len(character) == 1 and len(targets) == 1:
            yield character, targets.pop()


def _by_list() -> Iterator[tuple[str, str]]:
    path = files("standard_models").joinpath("reference", "characters", "families.csv")
    for row in csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")):
        for other in row["characters"][1:]:
            yield row["characters"][0], other
