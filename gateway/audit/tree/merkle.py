"""The Merkle tree of RFC 6962, 2.1: roots, proofs and their checks. Pure.

Hashes are SHA-256, 32 bytes. A range ``(first, end)`` is half open and counts leaves from 0. Every
range that is asked for here starts where a complete subtree of its size may start, so that it
splits into complete subtrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Range: TypeAlias = tuple[int, int]
Node: TypeAlias = tuple[int, int]
"""A complete subtree: its level (0 for a leaf) and its position among those of its level."""


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows leaf by leaf and knows its root; keeps one hash for each complete subtree.

    The subtrees stand from the largest to the smallest, as the binary digits of ``size`` do.
    """

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []
        for leaf in hashes:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        carried, size = leaf, self.size
        while size & 1:
            carried = node_hash(self._peaks.pop(), carried)
            size >>= 1
        self._peaks.append(carried)
        self.size += 1

    def root(self) -> bytes:
        """Return the root over everything that was added."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = node_hash(peak, root)
        return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    return Frontier(hashes).root()


def split(size: int) -> int:
    """Return the largest power of two below ``size``, which is 2 or more."""
    return 1 << ((size - 1).bit_length() - 1)


def nodes_of(wanted: Range) -> list[Node]:
    """Return the complete subtrees of a range, left to right."""
    first, end = wanted
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def range_hash(wanted: Range, node: Callable[[Node], bytes]) -> bytes:
    """Return the root of the leaves of a range from the hashes of its complete subtrees."""
    hashes = [node(found) for found in nodes_of(wanted)]
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the ranges whose roots are the audit path of a leaf. Source: RFC 6962, 2.1.1.

    Raises:
        ValueError: the tree of this size has no such leaf.
    """
    if not 0 <= index < size:
        msg = f"a tree of {size} has no leaf {index}"
        raise ValueError(msg)
    path: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        middle = first + split(end - first)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((first, middle))
            first = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """Return the ranges whose roots prove that the tree grew. Source: RFC 6962, 2.1.2.

    Raises:
        ValueError: not ``0 < old <= new``.
    """
    if not 0 < old <= new:
        msg = f"a tree of {new} did not grow from one of {old}"
        raise ValueError(msg)
    proof: list[Range] = []
    first, end, whole = 0, new, True
    while old != end:
        middle = first + split(end - first)
        if old <= middle:
            proof.append((middle, end))
            end = middle
        else:
            proof.append((first, middle))
            first, whole = middle, False
    if not whole:
        proof.append((first, end))
    return proof[::-1]


def outer_ranges(inner: Range, size: int) -> list[Range]:
    """Return the ranges around ``inner`` that make the root together with it, left to right."""
    found: list[Range] = []
    waiting = [(0, size)]
    while waiting:
        first, end = waiting.pop()
        if end <= inner[0] or first >= inner[1]:
            found.append((first, end))
        elif not inner[0] <= first < end <= inner[1]:
            middle = first + split(end - first)
            waiting += [(middle, end), (first, middle)]
    return found


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Return whether the path leads from a leaf hash to the root. Source: RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    ranges = inclusion_ranges(index, size)
    if len(path) != len(ranges):
        return False
    found = leaf
    for (first, _), beside in zip(ranges, path, strict=True):
        found = node_hash(beside, found) if first < index else node_hash(found, beside)
    return found == root


def grew(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Return whether the proof shows that the new tree starts with the old one.

    Source: RFC 9162, 2.1.4.2.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    left, last = old - 1, new - 1
    while left & 1:
        left, last = left >> 1, last >> 1
    of_old = of_new = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if left & 1 or left == last:
            of_old, of_new = node_hash(beside, of_old), node_hash(beside, of_new)
            while not left & 1 and left:
                left, last = left >> 1, last >> 1
        else:
            of_new = node_hash(of_new, beside)
        left, last = left >> 1, last >> 1
    return last == 0 and of_old == old_root and of_new == new_root
