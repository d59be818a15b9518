"""What is done in the examples of search keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.search_keys import may_be_found_by, name_key

Outcome = tuple[str, Sequence[Quality]]


def found(raw: str, *, part: bool = False) -> Outcome:
    name, _, query = raw.partition(" | ")
    return ("yes" if may_be_found_by(name, query, part=part) else "no"), ()


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "found": found,
    "part": lambda raw: found(raw, part=True),
    "key": lambda raw: (name_key(raw), ()),
}
