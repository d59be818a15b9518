"""What is done in the examples of relationships."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.households import rank_of
from standard_models.values.relationships import parse_relationship

Outcome = tuple[str, Sequence[Quality]]


def relationship(raw: str) -> Outcome:
    found = parse_relationship(raw)
    return str(found.relationship or ""), found.quality


def candidates(raw: str) -> Outcome:
    return " | ".join(map(str, parse_relationship(raw).candidates)), ()


def rank(raw: str) -> Outcome:
    first, second = rank_of(parse_relationship(raw).relationship)
    return f"{first}-{second}", ()


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "relationship": relationship,
    "candidates": candidates,
    "rank": rank,
}
