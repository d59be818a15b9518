"""The records of a file as the kernel sees them: fields with places, and how their texts are read.

Everything about bytes is asked of the readers of ``adapters.files`` and ``adapters.encodings``,
byte by byte, when a plan is compiled or something new is met; nothing is known a second time here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from adapters.bulk.opcodes import JOINED, PAIRS, Kind, Mode
from adapters.bulk.tables import Bytes
from adapters.encodings.decimals import NumberRules, SignPlace, read_zoned
from adapters.encodings.host import HostEncoding
from adapters.encodings.named import FieldEncoding, encoding_named
from adapters.encodings.pages import CodePage, code_page
from adapters.encodings.tables import Selectors
from adapters.files.csv_files import CsvProfile, read_row
from adapters.files.fixed import RecordReading
from adapters.files.framing import read_framed
from adapters.files.host_files import SINGLE, layouts_of, record_reader
from adapters.files.layout import Field, FieldGroup, FieldKind, Layout
from adapters.mapping.model import CopybookShape, CsvShape
from adapters.mapping.record_types import Framing
from standard_models.answers import Quality

_KINDS: Final = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.DOUBLE: Kind.DOUBLE,
    FieldKind.ZONED: Kind.ZONED,
    FieldKind.PACKED: Kind.PACKED,
    FieldKind.BINARY: Kind.BINARY,
}
_SIGNS: Final = {
    SignPlace.TRAILING: 0,
    SignPlace.LEADING: 1,
    SignPlace.TRAILING_SEPARATE: 2,
    SignPlace.LEADING_SEPARATE: 3,
}
_VOICING: Final = {"\uff9e": 1, "\uff9f": 2}
_KANA: Final = 3
_NUMBER: Final = re.compile(r"\[\d+\]")
_UTF_8: Final = "utf-8"


class NotInBlocksError(Exception):
    """The block plan does not take this; the message says what, for whoever wonders about speed."""


@dataclass(frozen=True, slots=True)
class InputField:
    """One field: its place among the fields, its path in findings, and how its bytes are read."""

    number: int
    path: str
    kind: Kind
    offset: int = 0
    length: int = 0
    digits: int = 0
    scale: int = 0
    signed: bool = False
    sign_at: int = 0
    nulls: tuple[bytes, ...] = ()

    @property
    def is_text(self) -> bool:
        """Tell whether the field holds characters."""
        return self.kind in {Kind.TEXT, Kind.DOUBLE}


@dataclass(frozen=True, slots=True)
class TextTables:
    """How characters follow each other; see ``Mode``. Each is indexed by the first byte.

    ``lengths``: bytes of a character, 0 for one that the kernel leaves alone. ``shift_1``: 1 and 2
    a code to single and to double bytes, 3 the first byte of a longer one; ``shift_2`` by both
    bytes. ``kana``: 1 and 2 the voicing marks, 3 half-width kana that may stand before them, by the
    last byte; behind ``kana_lead`` where they have two (−1: one). ``ascii``: the ASCII character
    that a single byte is.
    """

    mode: Mode
    lengths: Bytes
    shift_1: Bytes
    shift_2: Bytes
    kana: Bytes
    kana_lead: int
    ascii: Bytes


class Input(Protocol):
    """The records of one file."""

    @property
    def fields(self) -> Mapping[str, InputField]:
        """Return the fields that a mapping can name, by path."""
        ...

    @property
    def all_fields(self) -> tuple[InputField, ...]:
        """Return every field in its order, repetitions one by one."""
        ...

    @property
    def text(self) -> TextTables:
        """Return how characters follow each other."""
        ...

    def content(self, field: InputField, raw: bytes) -> tuple[Any, tuple[Quality, ...]]:
        """Return the content of a field as a mapping reads it, and what was seen."""
        ...

    def record(self, raw: bytes) -> RecordReading:
        """Return a whole record."""
        ...

    def decode(self, code: bytes, *, double: bool) -> str | None:
        """Return the text of one character, None where anything is to be said of it."""
        ...

    def codes(self, raw: bytes, *, double: bool) -> Iterator[tuple[int, bytes, bool]]:
        """Yield the characters of a text: row in its table, bytes, whether the state is double."""
        ...


class FixedInput:
    """Records of one layout."""

    def __init__(self, shape: CopybookShape, folder: Path) -> None:
        """Read the copybook in ``folder``.

        Raises:
            NotInBlocksError: the shape is not one of equal records without redefinitions.
        """
        if shape.record_types is not None:
            raise NotInBlocksError("the file has records of several types")
        if shape.framing is not Framing.BLOCKS:
            raise NotInBlocksError("the records have lengths of their own")
        layout = layouts_of(shape, folder)[SINGLE]
        if any(_redefines(member) for member in layout.members):
            raise NotInBlocksError("the copybook redefines fields")
        self.length: Final = shape.length or layout.length
        self.marks: Final = (-1, -1)
        self.layout: Final = layout.length
        self._encoding = encoding_named(shape.encoding, Selectors(shape.selectors), shape.policy)
        self._reader = record_reader(shape, layout, shape.nulls, {})
        self._members = {number: found for number, (_, _, found) in enumerate(layout.fields())}
        nulls = {path: tuple(map(bytes.fromhex, raws)) for path, raws in shape.nulls.items()}
        self.all_fields: tuple[InputField, ...] = tuple(
            _fields(layout, nulls, little_endian=shape.little_endian)
        )
        counted = [f.path for f in self.all_fields]
        self.fields: Mapping[str, InputField] = {
            f.path: f for f in self.all_fields if counted.count(f.path) == 1
        }
        self.text = text_tables(self._encoding)
        self.zones = zone_tables(ascii_digits=shape.ascii_digits)

    def content(self, field: InputField, raw: bytes) -> tuple[Any, tuple[Quality, ...]]:
        """Return the content of a field as a mapping reads it, and what was seen."""
        return self._reader.content(self._members[field.number], field.path, raw)

    def cut(self, raw: bytes) -> Quality:
        """Return what is wrong with a record that the end of the file cuts."""
        _, _, wrong = next(read_framed(BytesIO(raw), Framing.BLOCKS, self.length))
        if wrong is None:
            raise ValueError("the record is whole")
        return wrong

    def record(self, raw: bytes) -> RecordReading:
        """Return a whole record."""
        return self._reader.read(raw[: self.layout])

    def decode(self, code: bytes, *, double: bool) -> str | None:
        """Return the text of one character, None where anything is to be said of it."""
        found = self._encoding.decode_field(code, double=double)
        return None if found.quality else found.text

    def codes(self, raw: bytes, *, double: bool) -> Iterator[tuple[int, bytes, bool]]:
        """Yield the characters of a text: row in its table, bytes, whether the state is double."""
        return _codes(self.text, raw, double=double)


class CsvInput:
    """Rows of a CSV file; ``names`` are the fields in the order of the columns."""

    length: Final = 0

    def __init__(self, shape: CsvShape, names: list[str]) -> None:
        """Prepare for rows with these fields.

        Raises:
            NotInBlocksError: delimiter or quote are no single bytes.
        """
        if not (shape.delimiter + shape.quote).isascii():
            raise NotInBlocksError("the delimiter is no single byte")
        self._names = names
        self.profile: Final = CsvProfile(
            shape.columns, shape.encoding, shape.delimiter, shape.quote, shape.header, shape.policy
        )
        self.marks: Final = (ord(shape.delimiter), ord(shape.quote) if shape.quote else -1)
        self._page: CodePage | None = None
        if shape.encoding != _UTF_8:
            self._page = code_page(shape.encoding, shape.policy)
        self.all_fields: tuple[InputField, ...] = tuple(
            InputField(number, name, Kind.TEXT) for number, name in enumerate(names)
        )
        self.fields: Mapping[str, InputField] = {field.path: field for field in self.all_fields}
        self.text = text_tables(self._page)
        self.zones = zone_tables(ascii_digits=False)

    def content(self, field: InputField, raw: bytes) -> tuple[Any, tuple[Quality, ...]]:
        """Return the content of a cell without its quotes, and what was seen."""
        found = read_row(raw, [field.path], _plain(self.profile))
        return (found.record or {}).get(field.path), tuple(f.quality for f in found.findings)

    def record(self, raw: bytes) -> RecordReading:
        """Return a whole row."""
        return read_row(raw, self._names, self.profile)

    def decode(self, code: bytes, *, double: bool) -> str | None:  # noqa: ARG002 - the protocol
        """Return the text of one character, None where anything is to be said of it."""
        if self._page is None:
            return code.decode(_UTF_8, errors="ignore") or None
        found = self._page.decode_field(code)
        return None if found.quality else found.text

    def codes(self, raw: bytes, *, double: bool) -> Iterator[tuple[int, bytes, bool]]:
        """Yield the characters of a cell: row in its table, bytes, whether the state is double."""
        if self._page is not None:
            return _codes(self.text, raw, double=double)
        return _codes_of_utf_8(raw)


def _plain(profile: CsvProfile) -> CsvProfile:
    """Return the profile of a cell by itself: nothing in it divides."""
    return CsvProfile({}, profile.encoding, "\0", "", header=False, policy=profile.policy)


def _redefines(member: Field | FieldGroup) -> bool:
    if member.redefines is not None:
        return True
    return isinstance(member, FieldGroup) and any(map(_redefines, member.members))


def _fields(
    layout: Layout, nulls: Mapping[str, tuple[bytes, ...]], *, little_endian: bool
) -> Iterator[InputField]:
    for number, (path, offset, member) in enumerate(layout.fields()):
        plain = _NUMBER.sub("", path)
        kind = _KINDS[member.kind]
        sign_at = int(little_endian) if kind is Kind.BINARY else _SIGNS[member.sign]
        yield InputField(
            number, plain, kind, offset, member.length, member.digits, member.scale,
            member.signed, sign_at, nulls.get(plain, ()),
        )  # fmt: skip


def text_tables(encoding: FieldEncoding | None) -> TextTables:
    """Return how the characters of an encoding follow each other; None is UTF-8."""
    lengths = np.ones(256, np.uint8)
    shift_1, shift_2 = np.zeros(256, np.uint8), np.zeros(65536, np.uint8)
    mode = Mode.LENGTHS
    if encoding is None:
        mode = Mode.UTF_8
    elif isinstance(encoding, HostEncoding):
        mode = Mode.SHIFTS
        for state, codes in ((1, encoding.to_single), (2, encoding.to_double)):
            for code in codes:
                shift_1[code[0]] = state if len(code) == 1 else 3
                if len(code) > 1:
                    shift_2[int.from_bytes(code[:2], "big")] = state
    elif isinstance(encoding, CodePage):
        for first, length in encoding.lengths.items():
            lengths[first] = length if length <= 2 else 0
    kana, letters = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    kana_lead = _kana_lead(encoding)
    for byte in range(256):
        single = lengths[byte] == 1 and not shift_1[byte]
        text = _text(encoding, bytes([byte])) if single else ""
        letters[byte] = ord(text) if len(text) == 1 and text.isascii() and text.isprintable() else 0
        if kana_lead >= 0:
            text = _text(encoding, bytes([kana_lead, byte]))
        kana[byte] = _VOICING.get(text, _KANA if "\uff66" <= text <= "\uff9d" else 0)
    return TextTables(mode, lengths, shift_1, shift_2, kana, kana_lead, letters)


def _kana_lead(encoding: FieldEncoding | None) -> int:
    """Return the byte before half-width kana of two bytes, −1 where they have one."""
    if not isinstance(encoding, CodePage):
        return -1
    two = [first for first, length in encoding.lengths.items() if length == 2]
    return next((lead for lead in two if _text(encoding, bytes([lead, 0xDE])) in _VOICING), -1)


def _text(encoding: FieldEncoding | None, code: bytes) -> str:
    """Return a character, empty where anything is to be said of it."""
    if encoding is None:
        return code.decode() if code.isascii() else ""
    found = encoding.decode_field(code)
    return "" if found.quality or found.text is None else found.text


def zone_tables(*, ascii_digits: bool) -> tuple[Bytes, Bytes, Any, Any]:
    """Return what the bytes of zoned numbers are.

    Digits by byte without sign, by byte with one (255: none), the sign of that one, and that of a
    sign in a byte of its own (0: none).
    """
    zero = b"0" if ascii_digits else b"\xf0"
    body, over = np.full(256, 255, np.uint8), np.full(256, 255, np.uint8)
    sign, mark = np.ones(256, np.int64), np.zeros(256, np.int64)
    unsigned = NumberRules(signed=False)
    for byte in range(256):
        raw = bytes([byte])
        plain = read_zoned(raw + zero, ascii_digits=ascii_digits).value
        if plain is not None:
            body[byte] = int(plain) // 10
        signed = read_zoned(raw, ascii_digits=ascii_digits).value
        if signed is not None:
            over[byte] = abs(int(signed))
            refused = read_zoned(raw, unsigned, ascii_digits=ascii_digits).value is None
            sign[byte] = -1 if refused else 1
        place = SignPlace.LEADING_SEPARATE
        one = bytes([zero[0] + 1])
        apart = read_zoned(raw + one, place=place, ascii_digits=ascii_digits).value
        mark[byte] = 0 if apart is None else int(apart)
    return body, over, sign, mark


def _codes(text: TextTables, raw: bytes, *, double: bool) -> Iterator[tuple[int, bytes, bool]]:
    """Yield the characters of a text up to the first that the kernel leaves alone."""
    place = 0
    state = double
    while place < len(raw):
        shift = text.shift_1[raw[place]]
        after = raw[place : place + 2]
        wide = int.from_bytes(after, "big")
        if shift == 3 and len(after) == 2 and text.shift_2[wide]:
            state = text.shift_2[wide] == 2
            place += 2
        elif shift in {1, 2}:
            state = shift == 2
            place += 1
        elif state or text.lengths[raw[place]] == 2:
            if len(after) < 2:
                return
            mark = _mark(text, raw, place, 2) if raw[place] == text.kana_lead else 0
            size = 4 if mark else 2
            row = JOINED + (mark - 1) * 256 + raw[place + 1] if mark else PAIRS + wide
            yield row, raw[place : place + size], state
            place += size
        elif text.lengths[raw[place]] != 1:
            return
        else:
            mark = _mark(text, raw, place, 1) if text.kana_lead < 0 else 0
            size = 2 if mark else 1
            row = JOINED + (mark - 1) * 256 + raw[place] if mark else raw[place]
            yield row, raw[place : place + size], state
            place += size


def _mark(text: TextTables, raw: bytes, place: int, size: int) -> int:
    """Return the voicing mark behind the kana of ``size`` bytes at ``place``, 0 for none."""
    behind = raw[place + size : place + 2 * size]
    lead = size == 1 or behind[:1] == bytes([text.kana_lead])
    if len(behind) < size or not lead or text.kana[raw[place + size - 1]] != _KANA:
        return 0
    return int(text.kana[behind[-1]]) % _KANA


def _codes_of_utf_8(raw: bytes) -> Iterator[tuple[int, bytes, bool]]:
    text = raw.decode(_UTF_8, errors="ignore")
    place = 0
    while place < len(text):
        one = text[place]
        behind = text[place + 1 : place + 2]
        if "\uff66" <= one <= "\uff9d" and behind in _VOICING:
            row = JOINED + (_VOICING[behind] - 1) * 256 + (ord(one) & 0xFF)
            yield row, (one + behind).encode(), False
            place += 2
            continue
        if ord(one) < 0x10000:
            yield ord(one) + (0 if one.isascii() else PAIRS), one.encode(), False
        place += 1
