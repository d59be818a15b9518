"""Which ranges of keys differ, by a tree of their digests. Pure.

Keys are ranged by a digest of their own, so that ranges are equally large whatever numbers look
like, and no side has to be in order. The digest of a range is the sum of those of its rows: it
grows with each row, in any order, in bounded memory. Above the ranges each node is the digest of
those below it, and where two nodes are equal nothing below them is looked at.

Digests are keyed with what only one comparison knows: nobody can prepare rows that cancel out.

Source: RFC 7693 (BLAKE2); R. Merkle, A Digital Signature Based on a Conventional Encryption
Function, 1987; M. Bellare, D. Micciancio, A New Paradigm for Collision-free Hashing, 1997 (sums).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Final, TypeAlias

from gateway.comparison.rows import Row

RANGES: Final = 1024
FAN_OUT: Final = 32
_DIGEST_BYTES: Final = 16
_MODULUS: Final = 1 << (8 * _DIGEST_BYTES)

Level: TypeAlias = Sequence[bytes]


class Ranges:
    """The digests of one side, which grow while its rows go by."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._counts = [0] * RANGES
        self._sums = [0] * RANGES

    def see(self, row: Row) -> int:
        """Count a row; return the number of its range."""
        digest = blake2b(row.key, digest_size=_DIGEST_BYTES, key=self._secret)
        place = int.from_bytes(digest.digest()[:4], "big") % RANGES
        digest.update(b"\x00" + row.content)
        self._counts[place] += 1
        found = int.from_bytes(digest.digest(), "big")
        self._sums[place] = (self._sums[place] + found) % _MODULUS
        return place

    def levels(self) -> list[Level]:
        """Return the tree: the ranges first, at the end the one digest of the whole side."""
        level = [
            count.to_bytes(8, "big") + total.to_bytes(_DIGEST_BYTES, "big")
            for count, total in zip(self._counts, self._sums, strict=True)
        ]
        levels: list[Level] = [level]
        while len(level) > 1:
            level = [
                blake2b(
                    b"".join(level[start : start + FAN_OUT]),
                    digest_size=_DIGEST_BYTES,
                    key=self._secret,
                ).digest()
                for start in range(0, len(level), FAN_OUT)
            ]
            levels.append(level)
        return levels


def differing(left: Ranges, right: Ranges) -> Iterator[int]:
    """Yield the numbers of the ranges that differ; equal branches are passed over."""
    pairs = list(zip(left.levels(), right.levels(), strict=True))

    def below(depth: int, place: int) -> Iterator[int]:
        ours, theirs = pairs[depth]
        if ours[place] == theirs[place]:
            return
        if depth == 0:
            yield place
            return
        first = place * FAN_OUT
        for child in range(first, min(first + FAN_OUT, len(pairs[depth - 1][0]))):
            yield from below(depth - 1, child)

    yield from below(len(pairs) - 1, 0)
