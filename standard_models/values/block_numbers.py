"""番地号: the number part of an address, read without choosing between two systems of numbering.

Source: 住居表示に関する法律, article 2 (街区符号 and 住居番号); lot numbers of the land register;
item list 031, 住所_番地号表記; comparison: our rule (D).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from standard_models.values.text import fold_width

_DASHES: Final = "－‐‑‒–—―−ー-"
_DASH = re.compile(f"[{_DASHES}]")
_KANJI: Final = {c: n for n, c in enumerate("〇一二三四五六七八九")}
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十百千]+")
_OF: Final = "[のノ之]"
_LOT = re.compile(rf"(\d+)番地(?:{_OF}|-)?((?:\d+(?:(?:{_OF}|-)\d+)*)?)", re.A)
_RESIDENCE = re.compile(r"(\d+)番(\d+)号((?:-\d+)*)", re.A)
_BARE = re.compile(rf"\d+(?:(?:{_OF}|-)\d+)*", re.A)
_BRANCH = re.compile(r"\d+", re.A)


class Numbering(StrEnum):
    """Which system a number belongs to; ``bare`` may be either and is not decided."""

    LOT = "lot"
    RESIDENCE = "residence"
    BARE = "bare"
    UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class BlockNumber:
    """A number part: verbatim text, system, and numbers from the left (lot and branches)."""

    text: str
    numbering: Numbering
    numbers: tuple[int, ...] = ()

    def key(self) -> str:
        """Return what number parts are compared by; never shown, never stored as the value.

        ``88番地の2`` and ``88-2`` have one key; neither has that of ``88番2号``. What is not read
        is compared by its folded text.
        """
        joined = "-".join(map(str, self.numbers))
        match self.numbering:
            case Numbering.RESIDENCE:
                return f"号{joined}"
            case Numbering.UNREAD:
                return folded(self.text)
            case _:
                return joined


def folded(text: str) -> str:
    """Return a text with width, kanji numerals, dashes and blanks folded, for keys only."""
    plain = _DASH.sub("-", fold_width(text)).replace(" ", "")
    key = _KANJI_NUMBER.sub(lambda found: str(kanji_number(found[0])), plain)
    return key if key == text else folded(key)


def kanji_number(text: str) -> int:
    """Return the number that kanji write, by places (二十三) or digit by digit (二三).

    Raises:
        KeyError: ``text`` holds something else.
    """
    if not set(text) & set("十百千"):
        return int("".join(str(_KANJI[c]) for c in text))
    total = current = 0
    for character in text:
        if character in _KANJI:
            current = _KANJI[character]
        else:
            total += (current or 1) * {"十": 10, "百": 100, "千": 1_000}[character]
            current = 0
    return total + current


def parse_block_number(text: str) -> BlockNumber:
    """Read a number part. Never raises; what is not certain stays text, ``unread``."""
    plain = folded(text)
    if found := _LOT.fullmatch(plain):
        return BlockNumber(text, Numbering.LOT, _numbers(f"{found[1]}-{found[2]}"))
    if found := _RESIDENCE.fullmatch(plain):
        return BlockNumber(text, Numbering.RESIDENCE, _numbers(plain))
    if _BARE.fullmatch(plain):
        return BlockNumber(text, Numbering.BARE, _numbers(plain))
    return BlockNumber(text, Numbering.UNREAD)


def _numbers(plain: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _BRANCH.findall(plain))
