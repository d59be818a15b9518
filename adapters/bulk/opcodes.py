"""What the compiler of a block plan and its kernel share: operations and their columns."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """What an operation does with the bytes of its field.

    Each accepts only what it can prove; what it does not take is looked up among the contents that
    the row plan has already converted, and else left to the row plan.
    """

    CONSTANT = 0
    TEXT = 1
    """Character by character through a table."""
    NUMBER = 2
    """A whole number, multiplied by the unit."""
    DIGITS = 3
    """Digits as they stand."""
    DATE = 4
    BESIDE_DATE = 5
    """What stands beside a date that is known: its flag, its text."""
    FIGURES = 7
    """A whole number without sign that needs no arithmetic: its figures without leading zeros."""
    LEARNED = 6
    """Only contents that the row plan has converted before."""


class Role(IntEnum):
    """What the outcome of an operation is for."""

    ITEM = 0
    CONDITION = 1
    WHERE = 2
    SUBJECT = 3
    CHECK = 4
    """Nothing is written: the field is proven to be readable."""


class Column(IntEnum):
    """The columns of the matrix of operations."""

    CODE = 0
    ROLE = 1
    FIELD = 2
    TABLE = 3
    """TEXT: the table of characters; DATE: the table of years; CONSTANT, BESIDE_DATE: the entry."""
    MOST = 4
    """TEXT: characters; DIGITS: exact number of digits, 0 for any; DATE: characters."""
    CONDITION = 5
    """The slot of the condition under which the item applies, −1 for always."""
    KEYS = 6
    N_KEYS = 7
    """Where the fields stand in ``keys`` on which the outcome depends."""
    SLOT = 8
    """CONDITION: the slot that it fills; DATE, BESIDE_DATE: the date."""
    LEAST_NUMBER = 9
    MOST_NUMBER = 10
    """NUMBER: the bounds before the unit; DIGITS: the most digits."""
    UNIT = 11
    NULLS = 12
    N_NULLS = 13
    """Where the cells stand that may be declared nulls."""
    BLANK = 14
    """DATE: the field of the text beside the digits, −1 for none."""
    SHORT = 15
    """The row of the table of short keys, −1 for none."""
    FAST = 16
    """What item this is whose usual case needs nothing else, see ``Fast``."""


class Fast(IntEnum):
    """Items that always apply, of which most are made by a few steps."""

    NO = 0
    FIGURES = 1
    SHORT = 2


class Kind(IntEnum):
    """How a field holds its content."""

    TEXT = 0
    DOUBLE = 1
    ZONED = 2
    PACKED = 3
    BINARY = 4


class FieldColumn(IntEnum):
    """The columns of the matrix of fields; offsets and lengths in bytes."""

    OFFSET = 0
    LENGTH = 1
    KIND = 2
    DIGITS = 3
    SIGNED = 4
    SIGN_AT = 5
    """ZONED: 0 over the last digit, 1 over the first, 2 behind, 3 before; BINARY: 1 little."""
    NULLS = 6
    N_NULLS = 7
    READ = 8
    """1 where the number is read before the operations: not exactly one of them needs it."""


class Mode(IntEnum):
    """How characters follow each other in the bytes of a text."""

    LENGTHS = 0
    """The first byte tells how many there are."""
    UTF_8 = 1
    SHIFTS = 2
    """Shift codes switch between one and two bytes."""


SHORT_CELL, SHORT_LENGTH, SHORT_LETTER = 3, 24, 26
"""A short content in one word: bytes of a cell at most, places of its length and of its letter.

The letter is kept by its lower five bits; the cell's first byte is lowest. 0 is not known.
"""
INVARIANT_SUM, INVARIANT_ORDER, INVARIANT_LEAST, INVARIANT_MOST = 0, 1, 2, 3
ENTRY = 16
"""Bytes of a character in a table: its length, up to 12 bytes UTF-8, its characters, its marks."""
COUNTED_ONCE = 24
"""Where the word of a plain character has its length; below are its bytes, the first one lowest.

Plain is what counts once, pads nothing and has up to three bytes.
"""
JOINED, PAIRS, CHARACTERS = 256, 768, 768 + 65536
"""Where the rows of a table of characters begin, and how many there are.

Single bytes; kana with a voicing mark (first those with the first mark); characters of two bytes
(in UTF-8: by code point).
"""
AT_COUNT, AT_MARKS = 14, 15
IS_BLANK = 1
"""The mark of a character that pads."""
MAX_CHARACTER = 12
