"""What the kernel knows of contents: tables that grow while records are converted.

A kernel works on a ``Snapshot``, which never changes. What is learned is gathered aside and becomes
the next snapshot, so that no thread sees a table that is half written.
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from adapters.bulk.opcodes import (
    AT_COUNT,
    AT_MARKS,
    CHARACTERS,
    COUNTED_ONCE,
    ENTRY,
    MAX_CHARACTER,
    SHORT_CELL,
    SHORT_LENGTH,
    SHORT_LETTER,
)

Bytes: TypeAlias = NDArray[np.uint8]
Ints: TypeAlias = NDArray[np.int64]
Words: TypeAlias = NDArray[np.uint32]
Slots: TypeAlias = NDArray[np.int32]

DAYS: Final = 13 * 32
YEARS: Final = 128 * 100
SHORT_KEYS: Final = 257 + 65536
WORTH_A_COPY: Final = 100
"""Items that it takes as long to convert by the row plan as to copy what was learned."""
_SHORT_FIRST: Final = {1: 1, 2: 257}
_COLUMNS: Final = ("e_op", "e_key", "e_key_length", "e_cell", "e_cell_length", "e_state")
_FNV, _PRIME, _WORD = 1469598103934665603, 1099511628211, (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a text: its UTF-8, how many characters it counts, its marks."""

    content: bytes
    count: int
    marks: int

    def row(self) -> Bytes:
        """Return it as the kernel reads it."""
        row = np.zeros(ENTRY, np.uint8)
        row[0] = len(self.content)
        row[1 : 1 + len(self.content)] = list(self.content)
        row[AT_COUNT], row[AT_MARKS] = self.count, self.marks
        return row

    def word(self) -> int:
        """Return a plain character as one word, 0 for one that is not plain."""
        if len(self.content) > 3 or self.count != 1 or self.marks:
            return 0
        return int.from_bytes(self.content, "little") | len(self.content) << COUNTED_ONCE


def character(content: str, count: int, marks: int) -> Character | None:
    """Return a character for a table; None for one that the kernel cannot write."""
    written = content.encode()
    fits = 0 < len(written) <= MAX_CHARACTER and count <= 255
    return Character(written, count, marks) if fits else None


@dataclass(frozen=True)
class Snapshot:
    """The tables of characters, years and contents as a kernel reads them."""

    characters: Bytes
    plain: Words
    year_row: Slots
    days: Bytes
    western: Ints
    slots: Slots
    e_op: Ints
    e_key: Ints
    e_key_length: Ints
    e_cell: Ints
    e_cell_length: Ints
    e_state: Ints
    pool: Bytes
    short: Words


def key_of(contents: Iterable[bytes]) -> bytes:
    """Return the contents of the fields that an outcome depends on as one key."""
    return b"".join(len(content).to_bytes(2, "big") + content for content in contents)


class _Contents:
    """Contents that were converted before, by operation: a hash table with open addresses."""

    def __init__(self, short_rows: Mapping[int, int]) -> None:
        self._short_rows = short_rows
        self._known: set[tuple[int, bytes]] = set()
        self._hashes: list[int] = []
        self._slots = np.zeros(1024, np.int32)
        self._short = np.zeros((max(1, len(short_rows)), SHORT_KEYS), np.uint32)
        self._columns = {name: array("q") for name in _COLUMNS}
        self._pool = bytearray()

    def add(self, op: int, contents: tuple[bytes, ...], cell: bytes, state: int) -> int | None:
        """Add an entry and return its number, None where it is there already."""
        key = key_of(contents)
        if (op, key) in self._known:
            return None
        self._known.add((op, key))
        number = len(self._hashes)
        entry = (op, len(self._pool), len(key), len(self._pool) + len(key), len(cell), state)
        for name, value in zip(_COLUMNS, entry, strict=True):
            self._columns[name].append(value)
        self._pool += key + cell
        self._hashes.append(_hash(op, contents))
        if len(self._hashes) * 2 > len(self._slots):
            self._grow()
        else:
            _put(self._slots, self._hashes[number], number)
        row = self._short_rows.get(op)
        if row is not None and 1 <= len(contents[0]) <= 2 and len(cell) <= SHORT_CELL:
            place = _SHORT_FIRST[len(contents[0])] + int.from_bytes(contents[0], "big")
            self._short[row, place] = _short_word(cell, state)
        return number

    def arrays(self) -> dict[str, Any]:
        """Return the tables as the kernel reads them."""
        found: dict[str, Any] = {
            name: np.array(column or [0], np.int64) for name, column in self._columns.items()
        }
        pool = np.frombuffer(bytes(self._pool) or b"\0", np.uint8)
        return {**found, "slots": self._slots.copy(), "short": self._short.copy(), "pool": pool}

    def _grow(self) -> None:
        self._slots = np.zeros(len(self._slots) * 4, np.int32)
        for number, value in enumerate(self._hashes):
            _put(self._slots, value, number)


class Tables:
    """The snapshot in use, and what was learned since. Safe to use from several threads."""

    def __init__(self, n_texts: int, n_dates: int, short_rows: Mapping[int, int]) -> None:
        """Make empty tables; ``short_rows`` are the rows of short keys by operation."""
        self._lock = threading.Lock()
        self._contents = _Contents(short_rows)
        self._characters: dict[tuple[int, int], Character] = {}
        self._years: dict[tuple[int, int], tuple[int, Bytes]] = {}
        self._asked: set[tuple[object, ...]] = set()
        self._pending = self._missed = 0
        self._snapshot = Snapshot(
            characters=np.zeros((n_texts, CHARACTERS, ENTRY), np.uint8),
            plain=np.zeros((n_texts, CHARACTERS), np.uint32),
            year_row=np.zeros((max(1, n_dates), YEARS), np.int32),
            days=np.zeros((0, DAYS), np.uint8),
            western=np.zeros(0, np.int64),
            **self._contents.arrays(),
        )

    def is_new(self, *what: object) -> bool:
        """Tell whether nobody has asked for ``what`` before, and remember that somebody has."""
        with self._lock:
            if what in self._asked:
                return False
            self._asked.add(what)
            return True

    def learn_character(self, table: int, row: int, found: Character) -> None:
        """Learn what a character becomes: its row in a table of texts."""
        with self._lock:
            self._characters[table, row] = found
            self._pending += 1

    def learn_year(self, table: int, key: int, western: int, days: Bytes) -> None:
        """Learn which days of a year are proven, and its year in the western calendar."""
        with self._lock:
            self._years[table, key] = (western, days)
            self._pending += 1

    def learn_entry(
        self, op: int, contents: tuple[bytes, ...], cell: bytes, state: int
    ) -> int | None:
        """Learn what contents become for an operation; return the number of the entry."""
        with self._lock:
            number = self._contents.add(op, contents, cell, state)
            self._pending += number is not None
            return number

    def snapshot(self, missed: int = WORTH_A_COPY) -> Snapshot:
        """Return the tables in use, with what was learned where that is worth a copy.

        ``missed``: items that were not in the tables since this was last asked.
        """
        with self._lock:
            self._missed += missed
            if self._pending and self._missed >= WORTH_A_COPY:
                self._snapshot = self._publish()
                self._pending = self._missed = 0
            return self._snapshot

    def _publish(self) -> Snapshot:
        old = self._snapshot
        changed: dict[str, Any] = self._contents.arrays()
        if self._characters:
            changed["characters"] = old.characters.copy()
            changed["plain"] = old.plain.copy()
            for place, found in self._characters.items():
                changed["characters"][place] = found.row()
                changed["plain"][place] = found.word()
            self._characters.clear()
        if self._years:
            years = list(self._years.items())
            year_row = old.year_row.copy()
            for number, (key, _) in enumerate(years, start=len(old.western) + 1):
                year_row[key] = number
            western = np.array([year for _, (year, _) in years], np.int64)
            changed["year_row"] = year_row
            changed["western"] = np.concatenate([old.western, western])
            changed["days"] = np.concatenate([old.days, np.stack([d for _, (_, d) in years])])
            self._years.clear()
        return replace(old, **changed)


def _short_word(cell: bytes, state: int) -> int:
    letter = (state & 31) << SHORT_LETTER
    return int.from_bytes(cell, "little") | len(cell) << SHORT_LENGTH | letter


def _hash(op: int, contents: Iterable[bytes]) -> int:
    value = _FNV ^ op
    for content in contents:
        for byte in content:
            value = (value ^ byte) * _PRIME & _WORD
        value = (value ^ 256) * _PRIME & _WORD
    return value ^ (value >> 29)


def _put(slots: Slots, value: int, number: int) -> None:
    mask = len(slots) - 1
    place = value & mask
    while slots[place]:
        place = (place + 1) & mask
    slots[place] = number + 1
