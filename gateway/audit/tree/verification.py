"""Reads the whole audit record and says whether it is as it was written, or where it is not.

Each row must match its own hash and the columns that repeat it; each tile of 256 rows must be
what the tree took in; each head must be signed and lead to the same root; each head that stands
outside must lie on the same tree.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson

from gateway.audit.entries import leaf_hash
from gateway.audit.store import TERMINAL_CHARS
from gateway.audit.tree.heads import Head, HeadRefused, read_head
from gateway.audit.tree.merkle import Frontier
from gateway.audit.tree.store import TILE_LEAVES, Row, Tile, TreeStore, split_leaves
from gateway.keys import HeadKey
from gateway.store.tables import AuditHeadRow

_TILES_AT_ONCE: Final = 16
_FAR: Final = 2**62
_ONCE: Final[Mapping[str, int]] = {"count": 1}
"""What a record says that tells nothing of how often."""


class Fault(StrEnum):
    """What is wrong with the record."""

    EDITED = "edited"
    COLUMN_EDITED = "column-edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    ROLLED_BACK = "rolled-back"
    HEAD_FORGED = "head-forged"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first place where the record is not as it was written.

    ``sequence`` is the first wrong row, or the first of a range up to ``until`` in which it lies.
    """

    fault: Fault
    sequence: int
    until: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification saw: rows read, rows under a head, heads checked, and the first fault."""

    rows: int
    sealed: int
    heads: int
    anchors: int
    root: str
    finding: Finding | None


@dataclass(slots=True)
class _Run:
    store: TreeStore
    keys: Sequence[HeadKey]
    anchors: Sequence[Head]
    progress: Callable[[int, int], None]
    total: int
    frontier: Frontier = field(default_factory=Frontier)
    heads: list[AuditHeadRow] = field(default_factory=list)
    heads_left: bool = True
    checked: int = 0
    anchored: int = 0
    rows: int = 0
    sequence: int = 0
    """The last row that was found in order."""
    good: int = 0
    """The last row under the newest head that was right."""


async def verify(
    store: TreeStore,
    keys: Sequence[HeadKey],
    anchors: Sequence[Head] = (),
    progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> Verdict:
    """Return whether the record is whole, reading every row once.

    Args:
        store: where rows, tiles and heads are.
        keys: the keys that signed heads, also those that were renewed.
        anchors: heads from outside, by size; they outweigh those in the database.
        progress: is told how many of all rows are read.
    """
    _, _, total = await store.bounds()
    run = _Run(store, keys, sorted(anchors, key=lambda h: h.size), progress, total)
    finding = await _verify_tiles(run)
    sealed = run.frontier.size
    root = run.frontier.root().hex()
    if finding is None:
        finding = _missing_anchor(run) or await _missing_head(run)
    if finding is None:
        finding = await _verify_rest(run)
    return Verdict(run.rows, sealed, run.checked, run.anchored, root, finding)


async def _verify_tiles(run: _Run) -> Finding | None:
    position = 0
    while tiles := await run.store.tiles(position, _TILES_AT_ONCE):
        rows = await run.store.rows(
            run.sequence + 1 if position else -_FAR,
            tiles[-1].last_sequence,
            _TILES_AT_ONCE * TILE_LEAVES * 2,
        )
        for tile in tiles:
            if tile.position != position:
                return Finding(Fault.REWRITTEN, run.sequence + 1, tile.last_sequence)
            mine = [row for row in rows if row.sequence <= tile.last_sequence]
            rows = rows[len(mine) :]
            finding = await _verify_tile(run, tile, mine)
            if finding is not None:
                return finding
            run.sequence = tile.last_sequence
            position += 1
        run.progress(run.rows, run.total)
    return None


async def _verify_tile(run: _Run, tile: Tile, rows: list[Row]) -> Finding | None:
    expected = split_leaves(tile)
    actual = [leaf_hash(row.entry) for row in rows]
    run.rows += len(rows)
    if actual != expected:
        return await _compare(run, tile, rows, actual, expected)
    for row, leaf in zip(rows, expected, strict=True):
        finding = check_row(row)
        if finding is not None:
            return finding
        run.frontier.append(leaf)
        finding = await _check_heads(run, row.sequence)
        if finding is not None:
            return finding
    return None


async def _compare(
    run: _Run, tile: Tile, rows: list[Row], actual: list[bytes], expected: list[bytes]
) -> Finding:
    """Say what happened to the first row of a tile that is not as the tree has it."""
    place = next(
        (i for i, (a, e) in enumerate(zip(actual, expected, strict=False)) if a != e),
        min(len(actual), len(expected)),
    )
    if place < len(rows) and actual[place] not in expected:
        row = rows[place]
        if len(rows) > len(expected):
            return Finding(Fault.INSERTED, row.sequence, row.sequence)
        if len(rows) == len(expected):
            elsewhere = await run.store.find_leaf(expected[place])
            moved = elsewhere is not None and elsewhere != row.sequence
            return Finding(Fault.REORDERED if moved else Fault.EDITED, row.sequence, row.sequence)
    if len(rows) < len(expected):
        before = rows[place - 1].sequence if place else run.sequence
        after = rows[place].sequence if place < len(rows) else tile.last_sequence + 1
        if after - before > 1:
            return Finding(Fault.DELETED, before + 1, after - 1)
        if place < len(rows) and actual[place] not in expected:
            return Finding(Fault.EDITED, rows[place].sequence, rows[place].sequence)
        return Finding(Fault.DELETED, before + 1, max(after - 1, before + 1))
    sequence = rows[place].sequence if place < len(rows) else tile.last_sequence
    fault = Fault.INSERTED if len(rows) > len(expected) else Fault.REORDERED
    return Finding(fault, sequence, sequence)


def check_row(row: Row) -> Finding | None:
    """Return a finding if the columns that searches read do not say what the entry says."""
    try:
        said: Mapping[str, Any] = orjson.loads(row.entry)
        columns = row.columns
        same = (
            said["audit_id"] == row.audit_id
            and said["municipality"] == columns["municipality"]
            and said["kind"] == columns["kind"]
            and said["client_id"] == columns["client_id"]
            and said["subject_key"] == columns["subject_key"]
            and said["purpose"] == columns["purpose_id"]
            and said["outcome"] == columns["outcome"]
            and said["my_number"] == columns["my_number"]
            and said["terminal"][:TERMINAL_CHARS] == columns["terminal"]
            and said["function"] == columns["function"]
            and said["at"] == columns["at"].isoformat(timespec="microseconds")
            and said.get("occurrences", _ONCE)["count"] == columns["occurrences"]
        )
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        same = False
    if same and leaf_hash(row.entry) == row.leaf_hash:
        return None
    return Finding(Fault.COLUMN_EDITED, row.sequence, row.sequence)


async def _check_heads(run: _Run, sequence: int) -> Finding | None:
    """Compare every head over just so many rows with what the rows say."""
    size = run.frontier.size
    while run.anchored < len(run.anchors) and run.anchors[run.anchored].size == size:
        if run.anchors[run.anchored].root != run.frontier.root():
            return Finding(Fault.REWRITTEN, run.good + 1, sequence)
        run.anchored += 1
        run.good = sequence
    head = await _next_head(run)
    if head is None or head.size != size:
        return None
    try:
        signed = read_head(head.signed, run.keys)
    except HeadRefused:
        return Finding(Fault.HEAD_FORGED, head.last_sequence, head.last_sequence)
    if (signed.size, signed.root) != (head.size, head.root):
        return Finding(Fault.HEAD_FORGED, head.last_sequence, head.last_sequence)
    if signed.root != run.frontier.root():
        return Finding(Fault.REWRITTEN, run.good + 1, sequence)
    run.good = sequence
    run.checked += 1
    run.heads.pop()
    return None


async def _next_head(run: _Run) -> AuditHeadRow | None:
    if not run.heads and run.heads_left:
        # Once the last page is read there are none left to look for.
        found = await run.store.heads(above=run.frontier.size - 1)
        run.heads_left = bool(found)
        run.heads = list(found)[::-1]
    return run.heads[-1] if run.heads else None


def _missing_anchor(run: _Run) -> Finding | None:
    """Return a finding if a head outside counts more rows than there are."""
    for head in run.anchors[run.anchored :]:
        if head.size > run.frontier.size:
            return Finding(Fault.ROLLED_BACK, run.sequence + 1, head.last_sequence)
    return None


async def _missing_head(run: _Run) -> Finding | None:
    """Return a finding if a head in the database counts more rows than there are."""
    left = await run.store.heads(above=run.frontier.size, limit=1)
    if not left:
        return None
    return Finding(Fault.DELETED, run.sequence + 1, left[0].last_sequence)


async def _verify_rest(run: _Run) -> Finding | None:
    """Check the rows that no head covers yet by their own hashes."""
    while rows := await run.store.rows(run.sequence + 1, _FAR, TILE_LEAVES):
        for row in rows:
            run.rows += 1
            if leaf_hash(row.entry) != row.leaf_hash:
                return Finding(Fault.EDITED, row.sequence, row.sequence)
            finding = check_row(row)
            if finding is not None:
                return finding
        run.sequence = rows[-1].sequence
        run.progress(run.rows, run.total)
    return None
