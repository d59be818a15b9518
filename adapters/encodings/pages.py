"""Code pages without shift codes: Windows 932 and its relatives, EUC. Strict, as Windows writes.

Python's own codecs read the same characters but write 373 of them to other codes than Windows, Java
and databases do (髙: EEE0 for FBFC), and pass over which writing of a symbol is meant. Here a text
goes to the code that Windows gives it, and what is not of the page is refused with its place.

A town's own characters (外字, F040–F9FC) become private-use characters, one for each code, so that
a mapping can say what they are; a policy may refuse them instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from typing import Any, Final

from adapters.encodings.host import FIRST_PRIVATE, Decoded
from adapters.encodings.tables import CharacterTable, table
from standard_models.answers import Quality, Severity
from standard_models.safe_yaml import safe_load

SYMBOLS: Final = (
    ("\uff5e", "\u301c"),
    ("\u2225", "\u2016"),
    ("\uff0d", "\u2212"),
    ("\uffe0", "\u00a2"),
    ("\uffe1", "\u00a3"),
    ("\uffe2", "\u00ac"),
    ("\u2015", "\u2014"),
    ("\uffe4", "\u00a6"),
)
"""Symbols that have one code and two writings: what Windows makes of it, and what JIS names.

Source: JIS X 0208 against Windows code page 932; ～〜 ∥‖ －− ￠¢ ￡£ ￢¬ ―— ￤¦.
"""


class Symbols(StrEnum):
    """Which writing of such a symbol is meant.

    ``own`` is that of the page. With ``windows`` and ``jis`` the other one is refused on writing.
    ``either`` reads the page's own and takes both on writing: the difference is lost, on purpose.
    """

    OWN = "own"
    WINDOWS = "windows"
    JIS = "jis"
    EITHER = "either"


class LocalCharacters(StrEnum):
    """What a code of the range that a town defines itself becomes."""

    PRIVATE_USE = "private-use"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """What a profile says of a code page."""

    symbols: Symbols = Symbols.OWN
    local: LocalCharacters = LocalCharacters.PRIVATE_USE


PLAIN: Final = PagePolicy()


@dataclass(frozen=True, slots=True)
class PagePiece:
    """The code at ``place`` (bytes from the start): its text, or the rule that it breaks."""

    place: int
    code: bytes
    text: str = ""
    broken: str | None = None


@dataclass(frozen=True)
class CodePage:
    """One page: a table, and how many bytes a character has by its first byte.

    ``like`` is a codec of Python that reads most codes alike; it does so where it does.
    """

    name: str
    table: CharacterTable
    lengths: Mapping[int, int] = field(repr=False)
    like: str

    def decode_field(self, raw: bytes, *, double: bool = False) -> Decoded:
        """Return the text of one field; ``double`` for a field without single bytes.

        ``UNDEFINED_CODE`` (E) for a code that the page does not have, with byte offset and code;
        ``CHARACTER_CUT`` (R) for a character that is not whole: no text then. Never raises.
        """
        if not double and (text := self._quickly(raw)) is not None:
            return Decoded(text)
        texts: list[str] = []
        quality: list[Quality] = []
        for piece in self.pieces(raw, double=double):
            texts.append(piece.text)
            if piece.broken:
                severity = Severity.REJECT if piece.broken == "CHARACTER_CUT" else Severity.ERROR
                params: dict[str, str | int] = {
                    "byte": piece.place,
                    "code": piece.code.hex().upper(),
                }
                quality.append(Quality(piece.broken, severity, params))
        return Decoded(None if quality else "".join(texts), tuple(quality))

    def pieces(self, raw: bytes, *, double: bool = False) -> Iterator[PagePiece]:
        """Yield character by character."""
        place = 0
        while place < len(raw):
            length = self.lengths.get(raw[place], 1)
            code = raw[place : place + length]
            text = self.table.decode.get(code)
            if len(code) < length:
                yield PagePiece(place, code, broken="CHARACTER_CUT")
            elif text is None or (double and length == 1):
                yield PagePiece(place, code, broken="UNDEFINED_CODE")
            else:
                yield PagePiece(place, code, text)
            place += length

    def encode_field(self, text: str, *, double: bool = False) -> bytes:
        """Return the bytes of a field; ``double`` for one without single bytes.

        Raises:
            UnicodeEncodeError: a character has no code here; nothing is put in its place.
        """
        found = bytearray()
        place = 0
        while place < len(text):
            character = text[place : place + 2]
            code = self.table.encode.get(character)
            if code is None or len(character) == 1:
                character = text[place]
                code = self.table.encode.get(character)
            if code is None or (double and len(code) == 1):
                reason = f"no code in {self.name}"
                raise UnicodeEncodeError(self.name, text, place, place + 1, reason)
            found += code
            place += len(character)
        return bytes(found)

    def _quickly(self, raw: bytes) -> str | None:
        """Return the text where Python's codec can be trusted with every character of it."""
        try:
            text = raw.decode(self.like)
        except UnicodeDecodeError:
            return None
        return None if self._read_otherwise.search(text) else text

    @cached_property
    def _read_otherwise(self) -> re.Pattern[str]:
        """Return what finds a character that comes from a code which Python reads otherwise."""
        suspects: set[str] = set()
        for code in _codes(self.lengths):
            try:
                text = code.decode(self.like)
            except UnicodeDecodeError:
                continue
            if text != self.table.decode.get(code):
                suspects.update(text)
        return re.compile("[" + re.escape("".join(sorted(suspects))) + "]" if suspects else r"(?!)")


def _codes(lengths: Mapping[int, int]) -> Iterator[bytes]:
    """Yield everything that could be one character: one byte, or a first byte with those behind."""
    behind = range(0x40, 0xFF)
    for first in range(256):
        for rest in product(behind, repeat=lengths.get(first, 1) - 1):
            yield bytes([first, *rest])


@cache
def _descriptions() -> Mapping[str, Mapping[str, Any]]:
    text = files("adapters.encodings").joinpath("pages.yaml").read_text("utf-8")
    found: dict[str, Mapping[str, Any]] = safe_load(text)
    return found


def code_pages() -> tuple[str, ...]:
    """Return the names of the code pages."""
    return tuple(_descriptions())


def tells_symbols_apart(name: str) -> bool:
    """Tell whether a page has codes of their own for both writings, so that none can be chosen.

    Raises:
        KeyError: there is no page of this name.
    """
    return bool(_descriptions()[name]["symbols"] == Symbols.OWN)


@cache
def code_page(name: str, policy: PagePolicy = PLAIN) -> CodePage:
    """Return a page by its name (``cp932``, ``eucjp-ms``, …).

    Raises:
        KeyError: there is none of this name.
        ValueError: the policy chooses a writing of symbols where the page has both.
    """
    about = _descriptions()[name]
    if policy.symbols is not Symbols.OWN and tells_symbols_apart(name):
        raise ValueError(f"{name} has codes for both writings of the symbols: only own is possible")
    characters = _with_symbols(table(about["table"]), policy.symbols)
    if policy.local is LocalCharacters.PRIVATE_USE:
        characters = _with_local(characters, about.get("user_defined", ()))
    lengths = {
        first: int(length)
        for length, ranges in about["lengths"].items()
        for span in ranges
        for first in _bytes(span)
    }
    return CodePage(name, characters, lengths, about["like"])


def _with_symbols(own: CharacterTable, symbols: Symbols) -> CharacterTable:
    """Return the table with the writing of symbols that is meant."""
    decode, encode = dict(own.decode), dict(own.encode)
    for pair in SYMBOLS:
        here = next((writing for writing in pair if writing in encode), None)
        if symbols is Symbols.OWN or here is None:
            continue
        if symbols is Symbols.EITHER:
            for writing in pair:
                encode.setdefault(writing, encode[here])
            continue
        meant = pair[0] if symbols is Symbols.WINDOWS else pair[1]
        code = encode.pop(here)
        encode[meant] = code
        decode.update({code: meant for code, text in own.decode.items() if text == here})
    return replace(own, decode=decode, encode=encode)


def _with_local(own: CharacterTable, ranges: list[Mapping[str, Any]]) -> CharacterTable:
    """Return the table with a private-use character for each code of a town's own."""
    decode, encode = dict(own.decode), dict(own.encode)
    private = FIRST_PRIVATE
    for about in ranges:
        first, last = (bytes.fromhex(str(about[end])) for end in ("first", "last"))
        for row in range(int.from_bytes(first, "big"), int.from_bytes(last, "big") + 1):
            for column in (byte for span in about["columns"] for byte in _bytes(span)):
                code = row.to_bytes(len(first), "big") + bytes([column])
                decode[code], encode[chr(private)] = chr(private), code
                private += 1
    return replace(own, decode=decode, encode=encode)


def _bytes(span: str) -> range:
    first, _, last = span.partition("-")
    return range(int(first, 16), int(last, 16) + 1)
