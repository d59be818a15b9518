"""Rows of one side on disk, by range of keys, until it is known which ranges are wanted.

The file has no name, and what is in it is sealed with a key that only this process has: what a
killed run leaves behind nobody can read, and nobody can find.
"""

from __future__ import annotations

import secrets
import struct
import tempfile
import zlib
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.comparison import Row
from gateway.comparison.ranges import RANGES

HELD_BYTES: Final = 32 << 20
"""What is held in memory of one side before it is written."""
_LENGTHS: Final = struct.Struct(">II")
_NONCE_BYTES: Final = 12


class Spill:
    """Takes rows in any order and gives those of one range back, in the order they came."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._cipher = AESGCM(secrets.token_bytes(32))
        self._held = [bytearray() for _ in range(RANGES)]
        self._held_bytes = 0
        self._pieces: list[list[tuple[int, int, int]]] = [[] for _ in range(RANGES)]
        self._written = 0
        self._size = 0

    def add(self, place: int, row: Row) -> None:
        """Take a row of a range."""
        found = _LENGTHS.pack(len(row.key), len(row.content)) + row.key + row.content
        self._held[place] += found
        self._held_bytes += len(found)
        if self._held_bytes >= HELD_BYTES:
            self._write()

    def rows(self, place: int) -> Iterator[Row]:
        """Yield the rows of a range."""
        for number, start, size in self._pieces[place]:
            self._file.seek(start)
            sealed = self._file.read(size)
            yield from _rows(zlib.decompress(self._cipher.decrypt(_nonce(number), sealed, None)))
        yield from _rows(bytes(self._held[place]))

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _write(self) -> None:
        for place, held in enumerate(self._held):
            if not held:
                continue
            sealed = self._cipher.encrypt(_nonce(self._written), zlib.compress(held, 1), None)
            self._pieces[place].append((self._written, self._size, len(sealed)))
            self._file.write(sealed)
            self._written += 1
            self._size += len(sealed)
            held.clear()
        self._held_bytes = 0


def _rows(text: bytes) -> Iterator[Row]:
    at = 0
    while at < len(text):
        key, content = _LENGTHS.unpack_from(text, at)
        at += _LENGTHS.size
        yield Row(text[at : at + key], text[at + key : at + key + content])
        at += key + content


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")
