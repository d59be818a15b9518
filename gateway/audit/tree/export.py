"""A part of the audit record as a file that can be verified elsewhere: rows, head, proofs.

NDJSON. The first line holds the head, the public keys and the hashes around the rows; then come
the rows in their order, then proofs that the tree grew from heads that the reader may hold. The
reader of it is ``offline_verifier.py``.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.audit.entries import canonical_json
from gateway.audit.tree.heads import Head, public_head_keys
from gateway.audit.tree.service import AuditTree
from gateway.audit.tree.store import TILE_LEAVES, TreeStore, split_leaves
from gateway.keys import HeadKey

EXPORT_TYPE: Final = "hitotsu-audit-export"


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What an export holds: leaves ``first`` to ``end - 1`` of the tree of ``head``."""

    head: Head
    first: int
    end: int


async def plan_export(
    store: TreeStore, head: Head, window: tuple[int, int] | None
) -> ExportPlan | None:
    """Return the leaves of the rows between two sequences (both included), all of them by default.

    Whatever was written between the two is part of it: a part without gaps is what can be proved.
    Returns None where there is no such row.
    """
    if window is None:
        return ExportPlan(head, 0, head.size)
    async with store.session() as session:
        places = []
        for sequence in (window[0], min(window[1], head.last_sequence)):
            tile = await store.tile_of(session, sequence)
            if tile is None:
                return None
            rank = await store.rank(session, tile, sequence)
            places.append(tile.position * TILE_LEAVES + min(rank, tile.count - 1))
    first, last = places
    return ExportPlan(head, first, last + 1) if first <= last else None


async def iter_export(
    tree: AuditTree,
    store: TreeStore,
    keys: Sequence[HeadKey],
    plan: ExportPlan,
    held: Sequence[Head] = (),
) -> AsyncIterator[str]:
    """Yield the lines of an export, each with its line feed.

    Args:
        tree: makes the proofs.
        store: where rows and tiles are.
        keys: every key that signed heads; only public parts are written.
        plan: what to write.
        held: heads that the reader has; the export proves that the tree grew from them.
    """
    around = await tree.prove_range(plan.first, plan.end, plan.head.size)
    yield _line(
        {
            "type": EXPORT_TYPE,
            "v": 1,
            "first": plan.first,
            "end": plan.end,
            "size": plan.head.size,
            "head": plan.head.signed,
            "keys": public_head_keys(keys),
            "around": [value.hex() for value in around],
        }
    )
    for position in range(plan.first // TILE_LEAVES, (plan.end - 1) // TILE_LEAVES + 1):
        async for line in _rows_of(store, position, plan):
            yield line
    for head in held:
        if 0 < head.size < plan.head.size:
            proof = await tree.prove_growth(head.size, plan.head.size)
            yield _line({"type": "growth", "from": head.size, "proof": [p.hex() for p in proof]})


async def _rows_of(store: TreeStore, position: int, plan: ExportPlan) -> AsyncIterator[str]:
    """Yield the rows of one tile, each beside the leaf hash that the tree took in at its place."""
    (tile,) = await store.tiles(position, 1)
    base = position * TILE_LEAVES
    leaves = split_leaves(tile)
    rows = await store.rows(tile.first_sequence, tile.last_sequence, 2 * TILE_LEAVES)
    for rank, row in enumerate(rows):
        if plan.first <= base + rank < plan.end or rank >= len(leaves):
            leaf = leaves[rank] if rank < len(leaves) else row.leaf_hash
            yield _line(
                {
                    "type": "row",
                    "sequence": row.sequence,
                    "leaf": leaf.hex(),
                    "entry": row.entry,
                }
            )


def _line(members: dict[str, Any]) -> str:
    return canonical_json(members) + "\n"
