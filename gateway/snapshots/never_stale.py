"""What no old copy answers: death, removal, cancelled seals. Rule NW-4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from yaml import safe_load

from standard_models.answers import Answer, Value


@dataclass(frozen=True, slots=True)
class NeverStale:
    """Whole groups, and items with the values of them that stay true for good."""

    groups: frozenset[str]
    items: Mapping[str, frozenset[str]]

    def holds(self, item: str, answer: Answer) -> bool:
        """Tell whether ``answer`` to the item (its reference) may come from an old copy."""
        if item.rpartition(".")[0] in self.groups:
            return False
        stays = self.items.get(item)
        return stays is None or (isinstance(answer, Value) and str(answer.value) in stays)


@cache
def never_stale() -> NeverStale:
    """Return the list that comes with the product."""
    data = safe_load(files("gateway.snapshots").joinpath("never_stale.yaml").read_text("utf-8"))
    items = {item: frozenset(values) for item, values in data["items"].items()}
    return NeverStale(frozenset(data["groups"]), items)
