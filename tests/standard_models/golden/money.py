"""What is done in the examples of money."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.money import (
    MoneyRules,
    MoneyUnit,
    Rounding,
    display_money,
    parse_money,
    round_yen,
)

Outcome = tuple[str, Sequence[Quality]]


def reading(rules: MoneyRules) -> Callable[[str], Outcome]:
    def read(raw: str) -> Outcome:
        found = parse_money(raw, rules)
        return "" if found.yen is None else str(found.yen), found.quality

    return read


def rounded(step: int, rounding: Rounding) -> Callable[[str], Outcome]:
    return lambda raw: (str(round_yen(int(raw), step, rounding)), ())


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "yen": reading(MoneyRules(MoneyUnit.YEN, frozenset({"***"}))),
    "brackets": reading(MoneyRules(MoneyUnit.YEN, brackets_negative=True)),
    "thousand": reading(MoneyRules(MoneyUnit.THOUSAND_YEN, fractions=True)),
    "million": reading(MoneyRules(MoneyUnit.MILLION_YEN)),
    "display": lambda raw: (display_money(int(raw)), ()),
    "display_full": lambda raw: (display_money(int(raw), full_width=True), ()),
    "down_100": rounded(100, Rounding.DOWN),
    "down_1000": rounded(1_000, Rounding.DOWN),
    "up_10000": rounded(10_000, Rounding.UP),
    "half_up_10": rounded(10, Rounding.HALF_UP),
}
