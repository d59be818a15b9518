"""Names of account owners as banks write them: half-width kana, capitals, few signs.

Source: character set of the transfer format of 全国銀行協会 (全銀フォーマット) (K: as commonly
published; banks differ in signs).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.text import HIRAGANA_TO_KATAKANA, to_full_width, to_half_width

_ALLOWED = re.compile(r"[ 0-9A-Zｱ-ﾝﾞﾟｦ()\-./\\｢｣,]*")
_SMALL: Final = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DASHES = re.compile("[ー－‐‑–—―−ｰ]")
_BLANKS = re.compile("[ \u3000]+")


@dataclass(frozen=True, slots=True)
class BankKanaReading:
    """A name in bank kana, or None and the code points that it cannot hold."""

    text: str | None
    quality: tuple[Quality, ...] = ()


def to_bank_kana(name: str) -> BankKanaReading:
    """Return ``name`` as banks write it: ``チョウ　フミヨ`` is ``ﾁﾖｳ ﾌﾐﾖ``.

    Small kana become large, marks stand apart, long marks are hyphens, letters capitals, runs of
    blanks one blank. Abbreviations of companies (``ｶ)``) stay as written. Kanji and whatever else
    banks do not know is refused: ``BANK_KANA_IMPOSSIBLE`` (E) for each character; no reading is
    made up.
    """
    wide = to_full_width(name.strip(" \u3000")).translate(HIRAGANA_TO_KATAKANA)
    plain = _DASHES.sub("-", wide.translate(_SMALL))
    text = _BLANKS.sub(" ", to_half_width(plain)).upper().replace("¥", "\\")
    if not text:
        return BankKanaReading(None, (Quality("MISSING", Severity.INFORMATION),))
    wrong = [c for c in unicodedata.normalize("NFC", text) if not _ALLOWED.fullmatch(c)]
    if wrong:
        codes = dict.fromkeys(f"U+{ord(c):04X}" for c in wrong)
        return BankKanaReading(
            None,
            tuple(
                Quality("BANK_KANA_IMPOSSIBLE", Severity.ERROR, {"code_point": code})
                for code in codes
            ),
        )
    return BankKanaReading(text)


def same_owner_name(one: str, other: str) -> bool | None:
    """Tell whether two owner names are one in bank kana; None if one of them cannot be written.

    Blanks do not count, parts do not match: a name within another one is another name.
    """
    first, second = to_bank_kana(one).text, to_bank_kana(other).text
    if first is None or second is None:
        return None
    return first.replace(" ", "") == second.replace(" ", "")
