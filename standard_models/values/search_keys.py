"""Keys for finding names: what people may write otherwise and mean the same.

A key is kept beside a value, never instead of it. Equal keys say "look here", never "same person".
Unicode normalisation, which values never undergo, happens in keys only.

Source: resident specification 1.0, fuzzy search (2.1.2): width, voiced marks, small kana, long
marks, hyphens, blanks, variant characters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from standard_models.reference.character_families import family_of
from standard_models.values.text import HIRAGANA_TO_KATAKANA, remove_controls

KEY_VERSION: Final = 1
"""Goes up when a key changes, so that stored keys can be made anew."""

_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_DASHES: Final = "ー－‐‑‒–—―−ｰ-﹣〜～~─━"
_APART: Final = " \u3000\u00a0・･.．,，'’‘＇`´"
_BETWEEN = re.compile(f"[{re.escape(_DASHES + _APART)}]+")
_SMALL: Final = dict(
    zip("ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
        "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ", strict=True)
)  # fmt: skip
_SOUNDS: Final = {"ヂ": "シ", "ヅ": "ス", "ヰ": "イ", "ヱ": "エ", "ヲ": "オ",
                   "ヷ": "ワ", "ヸ": "イ", "ヹ": "エ", "ヺ": "オ"}  # fmt: skip
_VU: Final = re.compile("ヴ([ァィェォアイエオ]?)")
_VU_ROW: Final = {"": "フ", "ア": "ハ", "イ": "ヒ", "エ": "ヘ", "オ": "ホ"}
_MARKS = re.compile("[\u3099\u309a゛゜]")
_COMBINING = re.compile("[\u0300-\u036f]")


def name_key(text: str) -> str:
    """Return the key by which a name in any script is found.

    Folds width, kana script, small kana, voiced marks (ヂ and ジ, ヅ and ズ, ヴ and its row are
    one family), long marks, dashes, blanks and ・, Latin case, diacritics and apostrophes,
    selectors and variant characters. Idempotent; never empty for a text with a visible character:
    a name of marks alone keeps them.
    """
    visible = _SELECTORS.sub("", remove_controls(text).text or "")
    folded = unicodedata.normalize("NFKC", visible).casefold()
    kana = _kana(folded.translate(HIRAGANA_TO_KATAKANA))
    plain = _COMBINING.sub("", unicodedata.normalize("NFD", kana))
    key = "".join(_family(c) for c in unicodedata.normalize("NFC", plain))
    return _BETWEEN.sub("", key) or _marks_alone(key)


def _family(character: str) -> str:
    """Return the family's character; a compatibility ideograph leads on to its unified one."""
    return family_of(unicodedata.normalize("NFKC", family_of(character)))


def _marks_alone(key: str) -> str:
    """Return one mark for each kind: a name may be nothing but ー or ・."""
    kinds = ["-" if c in _DASHES else "・" for c in key if c.strip("\u3000")]
    return "".join(kinds)


def _kana(text: str) -> str:
    """Return kana without marks, small forms and families of sound."""
    rowed = _VU.sub(lambda found: _VU_ROW[_SMALL.get(found[1], found[1])], text)
    sounds = "".join(_SOUNDS.get(c, c) for c in rowed)
    unmarked = _MARKS.sub("", unicodedata.normalize("NFD", sounds))
    return "".join(_SMALL.get(c, c) for c in unicodedata.normalize("NFC", unmarked))


def may_be_found_by(name: str, query: str, *, part: bool = False) -> bool:
    """Tell whether a search for ``query`` finds ``name``; with ``part`` anywhere within it."""
    key, wanted = name_key(name), name_key(query)
    if not wanted:
        return False
    return wanted in key if part else wanted == key
