"""What is wrong with the invariants of a group: items that are not there, or cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator

from adapters.mapping.document import Document, Finding, Path
from adapters.mapping.invariants import items_of
from adapters.mapping.model import Bounds, GroupRule, Invariant
from standard_models.dictionary import DataItem, DataType, Group

_NUMBERS = frozenset({DataType.INTEGER, DataType.SIGNED_INTEGER, DataType.DECIMAL})
_ORDERED = {
    **dict.fromkeys(_NUMBERS, "numbers"),
    DataType.DATE: "days",
    DataType.YEAR: "years",
    DataType.TIME: "times",
}
_MONTHS = "months"
Problem = tuple[str, str, str]
"""The part of the invariant, the code and the message of a finding."""


def invariant_findings(document: Document, group: Group, rule: GroupRule) -> Iterator[Finding]:
    """Yield every finding, at the part of the invariant that it is about."""
    for name, invariant in rule.invariants.items():
        place: Path = ("groups", group.ref, "invariants", name)
        known = {n: group.by_field[n] for n in items_of(invariant) if n in group.by_field}
        for item in dict.fromkeys(items_of(invariant)):
            if item not in rule.items:
                yield document.finding(place, "unknown-item", f"no item {item} is mapped")
        for part, code, message in _problems(invariant, known, rule):
            yield document.finding((*place, part), code, message)


def _problems(
    invariant: Invariant, items: dict[str, DataItem], rule: GroupRule
) -> Iterator[Problem]:
    if invariant.sum is not None:
        for name, item in items.items():
            if item.data_type not in _NUMBERS:
                yield "sum", "wrong-type", f"{name} is of type {item.data_type}, and no number"
        return
    part = "order" if invariant.order is not None else "bounds"
    kinds = {name: _kind(item, rule) for name, item in items.items()}
    for name, kind in kinds.items():
        if kind is None:
            message = f"{name} is neither a number nor a day, month, year or time"
            yield part, "wrong-type", message
    found = sorted({kind for kind in kinds.values() if kind is not None})
    if len(found) > 1:
        yield part, "wrong-type", f"{' and '.join(found)} have no order among each other"
    if invariant.bounds is not None and found:
        yield from _bounds(invariant.bounds, items)


def _kind(item: DataItem, rule: GroupRule) -> str | None:
    """Return what an item orders as; None for one that has no order."""
    own = rule.items.get(item.field_name)
    if own is not None and own.year_month:
        return _MONTHS
    return None if item.codes is not None else _ORDERED.get(item.data_type)


def _bounds(bounds: Bounds, items: dict[str, DataItem]) -> Iterator[Problem]:
    item = items[bounds.item]
    for bound in (bounds.least, bounds.most):
        if bound is not None and item.check(bound):
            yield "bounds", "wrong-bound", f"{bound} is nothing that {bounds.item} can hold"
    if bounds.least is None and bounds.most is None:
        yield "bounds", "no-bound", "neither least nor most is given"
