"""Encodings of host systems: single and double bytes, told apart by shift codes.

A shift holds inside its own field only. Codes of the range that a town defines itself (外字) become
private-use characters, one for each code, so that a mapping can say what they are; nothing else
becomes one. Undefined codes are never replaced by a mark: they are findings with their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from adapters.encodings.tables import CharacterTable, Selectors, byte_exchange, table
from standard_models.answers import Quality, Severity
from standard_models.safe_yaml import safe_load

FIRST_PRIVATE: Final = 0xE000
_LAST_COLUMN: Final = 0xFE
_SHIFT: Final = "shift"


@dataclass(frozen=True, slots=True)
class UserRange:
    """The double-byte codes that a town defines itself, from ``first`` to ``last``."""

    first: bytes
    last: bytes

    @property
    def columns(self) -> int:
        """Return how many second bytes there are."""
        return _LAST_COLUMN - self.first[1] + 1

    def private_use_of(self, code: bytes) -> str | None:
        """Return the private-use character of a code, None outside the range."""
        if not self.first[0] <= code[0] <= self.last[0]:
            return None
        if not self.first[1] <= code[1] <= _LAST_COLUMN:
            return None
        row, column = code[0] - self.first[0], code[1] - self.first[1]
        return chr(FIRST_PRIVATE + row * self.columns + column)

    def code_of(self, private_use: str) -> bytes | None:
        """Return the code that a private-use character stands for, None if it is none of these."""
        row, column = divmod(ord(private_use) - FIRST_PRIVATE, self.columns)
        if not 0 <= row <= self.last[0] - self.first[0]:
            return None
        return bytes([self.first[0] + row, self.first[1] + column])


@dataclass(frozen=True, slots=True)
class Piece:
    """What stood at ``place`` (bytes from the start): its text, or the rule that it breaks."""

    place: int
    text: str = ""
    broken: str | None = None
    code: bytes = b""
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a field and what was seen. None: the field, and with it the record, is broken."""

    text: str | None
    quality: tuple[Quality, ...] = ()


@dataclass(frozen=True)
class HostEncoding:
    """One encoding: its tables, shift codes and the range of a town's own characters."""

    name: str
    single: CharacterTable
    double: CharacterTable
    to_double: tuple[bytes, ...]
    to_single: tuple[bytes, ...]
    user_defined: UserRange | None = None
    exchange: tuple[bytes, bytes] | None = field(default=None, repr=False)

    def decode_field(self, raw: bytes, *, double: bool = False) -> Decoded:
        """Return the text of one field; ``double`` for a field that holds double bytes alone.

        ``UNDEFINED_CODE`` (E) for a code that the tables do not have, with byte offset and code;
        ``VARIANT_FOLDED`` (W) where a shape was lost because no selectors are kept. A shift that
        does not come back, a character that is cut, and a shift where none may be are
        ``SHIFT_UNBALANCED`` and ``CHARACTER_CUT`` (R), with the byte offset: no text then.
        """
        texts: list[str] = []
        quality: list[Quality] = []
        ends_double = double
        for piece in self.pieces(raw, double=double):
            if piece.broken == _SHIFT:
                ends_double = piece.code in self.to_double
                continue
            texts.append(piece.text)
            if piece.broken or piece.folded:
                quality.append(_finding(piece))
        if ends_double is not double:
            quality.append(Quality("SHIFT_UNBALANCED", Severity.REJECT, {"byte": len(raw)}))
        if any(q.severity in {Severity.REJECT, Severity.ERROR} for q in quality):
            return Decoded(None, tuple(quality))
        return Decoded("".join(texts), tuple(quality))

    def pieces(self, raw: bytes, *, double: bool = False) -> Iterator[Piece]:
        """Yield character by character, shifts included (``broken`` then says so)."""
        place = 0
        while place < len(raw):
            shift = self._shift(raw, place, double=double)
            if shift is not None:
                double = shift in self.to_double
                yield Piece(place, broken=_SHIFT, code=shift)
                place += len(shift)
            elif double:
                yield self._double(raw[place : place + 2], place)
                place += 2
            else:
                yield self._single(raw[place : place + 1], place)
                place += 1

    def _shift(self, raw: bytes, place: int, *, double: bool) -> bytes | None:
        """Return the shift code at ``place``: into the state, or out of it; repeated ones too."""
        codes = (*self.to_single, *self.to_double) if double else (*self.to_double, *self.to_single)
        return next((code for code in codes if raw.startswith(code, place)), None)

    def _single(self, code: bytes, place: int) -> Piece:
        text = self.single.decode.get(code)
        if text is None:
            return Piece(place, broken="UNDEFINED_CODE", code=code)
        return Piece(place, text, code=code, folded=code in self.single.folded)

    def _double(self, code: bytes, place: int) -> Piece:
        if len(code) < 2:
            return Piece(place, broken="CHARACTER_CUT", code=code)
        plain = code.translate(self.exchange[1]) if self.exchange else code
        text = self.double.decode.get(plain)
        if text is not None:
            return Piece(place, text, code=code, folded=plain in self.double.folded)
        private = self.user_defined.private_use_of(code) if self.user_defined else None
        if private is not None:
            return Piece(place, private, code=code)
        return Piece(place, broken="UNDEFINED_CODE", code=code)

    def encode_field(self, text: str, *, double: bool = False) -> bytes:
        """Return the bytes of a field; ``double`` for one of double bytes alone.

        Raises:
            UnicodeEncodeError: a character has no code here; nothing is put in its place.
        """
        found = bytearray()
        state = double
        for start, character in _clusters(text):
            code = None if double else self.single.encode.get(character)
            wide = code is None
            if code is None:
                code = self._double_code(character)
            if code is None:
                reason = f"no code in {self.name}"
                raise UnicodeEncodeError(self.name, text, start, start + len(character), reason)
            if not double and wide is not state:
                found += self.to_double[0] if wide else self.to_single[0]
                state = wide
            found += code
        if state is not double:
            found += self.to_single[0]
        return bytes(found)

    def _double_code(self, character: str) -> bytes | None:
        code = self.double.encode.get(character)
        if code is not None:
            return code.translate(self.exchange[0]) if self.exchange else code
        if self.user_defined is None or len(character) != 1:
            return None
        return self.user_defined.code_of(character)


def _finding(piece: Piece) -> Quality:
    code = piece.broken or "VARIANT_FOLDED"
    severity = {"CHARACTER_CUT": Severity.REJECT, "UNDEFINED_CODE": Severity.ERROR}
    params: dict[str, str | int] = {"byte": piece.place, "code": piece.code.hex().upper()}
    return Quality(code, severity.get(code, Severity.WARNING), params)


def _clusters(text: str) -> Iterator[tuple[int, str]]:
    """Yield place and text of what has one code: a base with what follows it."""
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or not _follows(text[place]):
            if text:
                yield start, text[start:place]
            start = place


def _follows(character: str) -> bool:
    return character in "\u3099\u309a" or "\U000e0100" <= character <= "\U000e01ef"


@cache
def _descriptions() -> Mapping[str, Mapping[str, Any]]:
    text = files("adapters.encodings").joinpath("hosts.yaml").read_text("utf-8")
    found: dict[str, Mapping[str, Any]] = safe_load(text)
    return found


def host_encodings() -> tuple[str, ...]:
    """Return the names of the host encodings."""
    return tuple(_descriptions())


@cache
def host_encoding(name: str, selectors: Selectors = Selectors.HANYO_DENSHI) -> HostEncoding:
    """Return an encoding by its name (``jef``, ``keis83``, ``ibm-930``, …).

    Raises:
        KeyError: there is none of this name.
    """
    about = _descriptions()[name]
    ends = about.get("user_defined")
    return HostEncoding(
        name,
        table(about["single"]),
        table(about["double"], selectors),
        tuple(map(bytes.fromhex, about["to_double"])),
        tuple(map(bytes.fromhex, about["to_single"])),
        UserRange(bytes.fromhex(ends[0]), bytes.fromhex(ends[1])) if ends else None,
        byte_exchange(about["exchange"]) if "exchange" in about else None,
    )
