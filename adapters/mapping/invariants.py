"""What must hold between the items of one record: sums, orders, bounds.

A swapped column stays plausible cell by cell; only its relation to the others gives it away. An
item without a value decides nothing: blank is not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from adapters.mapping.model import Bounds, Invariant, Order, Sum
from standard_models.answers import Answer, Quality, Severity, Value

Holds = Callable[[Mapping[str, Answer]], bool | None]


def items_of(invariant: Invariant) -> tuple[str, ...]:
    """Return the romaji names of the items that an invariant relates."""
    if invariant.sum is not None:
        return (invariant.sum.total, *invariant.sum.of)
    if invariant.order is not None:
        return invariant.order.items
    return (invariant.bounds.item,) if invariant.bounds is not None else ()


def judge(name: str, invariant: Invariant) -> Callable[[dict[str, Answer]], None]:
    """Return a function that marks the items of a record in which the invariant is broken.

    ``INVARIANT_BROKEN`` (W) with the name of the invariant, on each of its items that has a value;
    the values stay as the source gave them.
    """
    items = items_of(invariant)
    holds = _holds(invariant)
    broken = Quality("INVARIANT_BROKEN", Severity.WARNING, {"invariant": name})

    def mark(answers: dict[str, Answer]) -> None:
        if holds(answers) is not False:
            return
        for item in items:
            answer = answers[item]
            if isinstance(answer, Value):
                answers[item] = Value(answer.value, answer.label, (*answer.quality, broken))

    return mark


def _holds(invariant: Invariant) -> Holds:
    if invariant.sum is not None:
        return _sum(invariant.sum)
    if invariant.order is not None:
        return _order(invariant.order)
    if invariant.bounds is not None:
        return _bounds(invariant.bounds)
    return lambda _answers: None


def _sum(rule: Sum) -> Holds:
    def holds(answers: Mapping[str, Answer]) -> bool | None:
        total = _number(answers[rule.total])
        parts = [_number(answers[item]) for item in rule.of]
        if total is None or any(part is None for part in parts):
            return None
        return total == sum(part for part in parts if part is not None)

    return holds


def _order(rule: Order) -> Holds:
    def holds(answers: Mapping[str, Answer]) -> bool | None:
        known = [value for item in rule.items if (value := _comparable(answers[item])) is not None]
        if len({type(value) for value in known}) > 1:
            return None
        return all(one <= other for one, other in pairwise(known))

    return holds


def _bounds(rule: Bounds) -> Holds:
    def holds(answers: Mapping[str, Answer]) -> bool | None:
        value = _comparable(answers[rule.item])
        if value is None:
            return None
        least, most = (_bound(bound, value) for bound in (rule.least, rule.most))
        return (least is None or least <= value) and (most is None or value <= most)

    return holds


def _number(answer: Answer) -> Decimal | None:
    value = answer.value if isinstance(answer, Value) else None
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _is_decimal(value) else None


def _is_decimal(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdecimal()


def _comparable(answer: Answer) -> Any:
    """Return a number, or the text of a day, month or year, which orders as it is written."""
    number = _number(answer)
    if number is not None:
        return number
    return answer.value if isinstance(answer, Value) and isinstance(answer.value, str) else None


def _bound(bound: str | int | None, like: Any) -> Any:
    if bound is None:
        return None
    return Decimal(bound) if isinstance(like, Decimal) else str(bound)
