"""Text of the types X (half-width) and N (full-width): padding, width, length, odd characters.

Nothing here normalises Unicode, not even NFC: that would replace compatibility ideographs, which
are recorded characters of their own. Variation selectors stay with their base.

Source: column legend of the national item lists (types and lengths); the project's rules on text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from standard_models.answers import Quality, Severity

BLANK_WIDE: Final = "\u3000"
GETA: Final = "〓"
"""Stands in a text where a character is not identified or cannot be shown."""
PADDING: Final = " \u3000"
"""Blanks that fill a field at its right end."""

_HALF: Final = " -~\u00a5\u203e\uff61-\uff9f"
_HALF_WIDTH = re.compile(f"[{_HALF}]*")
_HALF_WIDTH_FORMS: Final = "\uff61-\uffdc\uffe8-\uffee"
_FULL_WIDTH = re.compile(f"[^\x00-\x7f{_HALF_WIDTH_FORMS}]*")
_SELECTORS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_SELECTOR = re.compile(f"[{_SELECTORS}]")
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_CONTROL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0001\U000e0020-\U000e007f]"
)


@dataclass(frozen=True, slots=True)
class TextReading:
    """A text that was read, or None where the field held nothing but padding."""

    text: str | None
    quality: tuple[Quality, ...] = ()


def trim_padding(raw: str) -> str | None:
    """Return ``raw`` without blanks at its right end; None if nothing else is in it.

    Half- and full-width blanks pad. Blanks inside and at the left stay: they may mean something.
    """
    return raw.rstrip(PADDING) or None


def iter_characters(text: str) -> Iterator[str]:
    """Yield the characters as people see them.

    A base with its variation selector or combining marks is one character; so is a character of
    the supplementary planes. A selector or mark that follows nothing counts by itself.
    """
    start = 0
    for place in range(1, len(text)):
        if not _continues(text[place]):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def _continues(character: str) -> bool:
    return character > "\u02ff" and (
        _SELECTOR.match(character) is not None
        or unicodedata.category(character) in {"Mn", "Me", "Mc"}
    )


def character_length(text: str) -> int:
    """Return the number of characters as people see them (see ``iter_characters``)."""
    if text.isascii():
        return len(text)
    return sum(1 for place, c in enumerate(text) if place == 0 or not _continues(c))


def is_half_width(text: str) -> bool:
    """Tell whether type X may hold ``text``: printable ASCII, ¥, ‾ and half-width kana."""
    return _HALF_WIDTH.fullmatch(text) is not None


def is_full_width(text: str) -> bool:
    """Tell whether type N may hold ``text``: no ASCII and no half-width form.

    Never narrower than the register's own repertoire: letters with diacritics pass.
    """
    return _FULL_WIDTH.fullmatch(text) is not None


def private_use_characters(text: str) -> tuple[str, ...]:
    """Return the private-use characters in ``text``, in order, each once.

    Such a code means nothing without its town and font (外字).
    """
    return tuple(dict.fromkeys(_PRIVATE_USE.findall(text)))


def remove_controls(text: str) -> TextReading:
    """Return ``text`` without control, bidirectional and invisible format characters.

    Each kind that was there is reported as ``CONTROL_CHAR`` (W) with its code point. The raw text
    keeps them. Unpaired surrogates count as controls: no encoding can carry them.
    """
    found = dict.fromkeys(_CONTROL.findall(text))
    if not found:
        return TextReading(text)
    quality = tuple(
        Quality("CONTROL_CHAR", Severity.WARNING, {"code_point": f"U+{ord(c):04X}"}) for c in found
    )
    return TextReading(_CONTROL.sub("", text) or None, quality)


def _kana_table() -> dict[str, str]:
    half = "｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ"
    full = (
        "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテト"
        "ナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜"
    )
    table = dict(zip(half, full, strict=True))
    voiced = zip(
        "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳﾜｦ", "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴヷヺ", strict=True
    )
    table.update({f"{base}ﾞ": composed for base, composed in voiced})
    table.update({f"{base}ﾟ": c for base, c in zip("ﾊﾋﾌﾍﾎ", "パピプペポ", strict=True)})
    return table


_KANA_TO_FULL: Final = _kana_table()
_KANA_TO_HALF: Final = {full: half for half, full in _KANA_TO_FULL.items()}
_HALF_KANA = re.compile("|".join(sorted(_KANA_TO_FULL, key=len, reverse=True)))
_FULL_KANA = re.compile("|".join(_KANA_TO_HALF))
_ASCII_TO_FULL: Final = {c: c + 0xFEE0 for c in range(0x21, 0x7F)} | {
    0x20: 0x3000,
    0xA5: 0xFFE5,
    0x203E: 0xFFE3,
}
_ASCII_TO_HALF: Final = {full: half for half, full in _ASCII_TO_FULL.items()}
HIRAGANA_TO_KATAKANA: Final = {c: c + 0x60 for c in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
"""Code points, iteration marks included; other signs belong to both scripts."""
_BLANKS = re.compile(f"[{PADDING}]+")


def compose_kana(text: str) -> str:
    """Return ``text`` with half-width kana as full-width, joined with their voicing marks.

    ``ﾊﾞ`` becomes バ. A mark after a kana that cannot carry it becomes ゛ or ゜ of its own. Long
    marks and small kana stay as written.
    """
    return _HALF_KANA.sub(lambda m: _KANA_TO_FULL[m.group()], text)


def fold_width(text: str) -> str:
    """Return ``text`` with full-width ASCII half-width and half-width kana full-width.

    For reading and comparing only. Nothing else folds: ``②`` and ``²`` are not the figure 2.
    """
    if text.isascii():
        return text
    return compose_kana(text.translate(_ASCII_TO_HALF))


def to_full_width(text: str) -> str:
    """Return ``text`` with every half-width character in its full-width form, blanks included.

    Characters without a full-width form stay; ``is_full_width`` tells whether any is left.
    """
    return compose_kana(text).translate(_ASCII_TO_FULL)


def to_half_width(text: str) -> str:
    """Return ``text`` with every character that has a half-width form in that form.

    Recreates the half-width text that ``to_full_width`` was given.
    """
    return _FULL_KANA.sub(lambda m: _KANA_TO_HALF[m.group()], text).translate(_ASCII_TO_HALF)


def to_katakana(text: str) -> str:
    """Return ``text`` with hiragana and half-width kana as full-width katakana, the rest as it is.

    Long marks and small kana stay as written.
    """
    return compose_kana(text).translate(HIRAGANA_TO_KATAKANA)


def to_full_width_name(text: str) -> TextReading:
    """Return a name in full-width with its parts joined by exactly one U+3000.

    Longer runs of blanks are joined to one and reported as ``BLANKS_JOINED`` (I). Padding at the
    right is no part of the name.

    Source: column legend and list 031, 氏名: one full-width blank between the parts.
    """
    trimmed = trim_padding(text)
    if trimmed is None:
        return TextReading(None)
    wide = to_full_width(trimmed)
    joined = _BLANKS.sub(BLANK_WIDE, wide)
    if joined == wide:
        return TextReading(wide)
    return TextReading(joined, (Quality("BLANKS_JOINED", Severity.INFORMATION),))


def read_text(raw: str) -> TextReading:
    """Return the content of a text field: padding trimmed at the right, controls removed.

    A field of padding alone gives None and ``MISSING`` (I), never an empty text.
    """
    trimmed = trim_padding(raw)
    if trimmed is None:
        return TextReading(None, (Quality("MISSING", Severity.INFORMATION),))
    return remove_controls(trimmed)
