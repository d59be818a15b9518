"""Where a record ends: blocks of one length, or record descriptor words (RDW) of hosts.

Source: z/OS DFSMS, format-V records: a word of four bytes, length (the word included) in the first
two, zero in the others. Block descriptor words are taken away by the transfer and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from adapters.files.fixed import read_blocks
from adapters.mapping.record_types import Framing
from standard_models.answers import Quality, Severity

WORD: Final = 4
LONGEST: Final = 32_760
_CHUNK: Final = 1 << 20

Framed = tuple[int, bytes, Quality | None]
"""Number of a record from 1, its bytes without the word, and what is wrong with its frame."""


def read_framed(file: BinaryIO, framing: Framing, length: int) -> Iterator[Framed]:
    """Yield the records of a file; ``length`` is that of blocks, in bytes.

    ``RECORD_LENGTH`` (R) for a block that the end of the file cuts. ``RDW_DAMAGED`` (R) for a word
    that cannot be one, or a file that ends within a record, with the offset of the word and the
    bytes left: nobody can tell where the next record begins, so it is the last one.
    """
    if framing is Framing.RDW:
        yield from _read_rdw(file)
        return
    for number, raw in read_blocks(file, length):
        yield number, raw, _cut(len(raw), length) if len(raw) < length else None


def _cut(found: int, length: int) -> Quality:
    return Quality("RECORD_LENGTH", Severity.REJECT, {"bytes": found, "expected": length})


def _read_rdw(file: BinaryIO) -> Iterator[Framed]:
    number = offset = 0
    while word := file.read(WORD):
        number += 1
        length = int.from_bytes(word[:2], "big") if len(word) == WORD else 0
        if not WORD < length <= LONGEST or word[2:] != b"\0\0":
            yield number, word, _damaged(offset, len(word) + _rest(file))
            return
        raw = file.read(length - WORD)
        if len(raw) < length - WORD:
            yield number, raw, _damaged(offset, WORD + len(raw))
            return
        yield number, raw, None
        offset += length


def _rest(file: BinaryIO) -> int:
    count = 0
    while chunk := file.read(_CHUNK):
        count += len(chunk)
    return count


def _damaged(offset: int, left: int) -> Quality:
    return Quality("RDW_DAMAGED", Severity.REJECT, {"byte": offset, "bytes": left})
