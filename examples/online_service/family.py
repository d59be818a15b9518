"""Who in a household is the claimant's spouse or child, as far as the register can tell.

The register states everybody's relationship to the head of household only. Where that does not
settle a relationship to the claimant, the answer is "unclear", never the likelier reading.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from examples.online_service.answers import Item
from standard_models.answers import UncertainDate
from standard_models.values.school_years import until_year_end_of
from standard_models.values.three_valued import Judgement
from standard_models.values.unknown_dates import uncertain_from_json

HEAD: Final = ("01",)
CHILD: Final = "20"
SPOUSES: Final = frozenset({"10", "11", "12", "13"})

_COMBINED: Final = {"21": ("20", "10"), "22": ("20", "11")}
"""Codes that name two steps at once: husband and wife of a child."""

_CHILD_UNTIL_AGE: Final = 18
_COUNTED_UNTIL_AGE: Final = 22
"""Ages whose fiscal year ends the allowance, and the counting of elder children.

Source: 児童手当法 article 3, in force since 2024-10-01.
"""


class Certainty(Enum):
    """How sure a statement is."""

    YES = "yes"
    UNCLEAR = "unclear"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the household as the register states it."""

    record: Mapping[str, Item]
    relation: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Relatives:
    """Spouses and children with the certainty of each; ``unclear_spouse``: somebody may be one."""

    spouse: Member | None
    unclear_spouse: bool
    children: tuple[tuple[Member, Certainty], ...]


def relation_of(record: Mapping[str, Item], prefix: str) -> tuple[str, ...] | None:
    """Return the steps of the relationship, or None when one of them is not known."""
    steps: list[str] = []
    for number in range(1, 5):
        item = record.get(f"{prefix}tsuzukigara{number}")
        if item is None or item.reason in {"not-applicable", "not-recorded"}:
            continue
        if not item.known:
            return None
        steps.extend(_COMBINED.get(str(item.value), (str(item.value),)))
    return tuple(steps) or None


def relatives(claimant: tuple[str, ...] | None, others: Sequence[Member]) -> Relatives:
    """Return spouse and children among the ``others`` of the claimant's household."""
    heirs = sum(1 for m in others if m.relation == (CHILD,)) + (claimant == (CHILD,))
    spouse_roles, child_roles, sure = _roles(claimant, heirs)
    spouses = [m for m in others if m.relation in spouse_roles]
    certain = sure and len(spouses) == 1
    children = tuple(
        (m, Certainty.YES if sure and m.relation is not None else Certainty.UNCLEAR)
        for m in others
        if m.relation is None or not child_roles or m.relation in child_roles
        if m.relation not in spouse_roles
    )
    return Relatives(
        spouses[0] if certain else None,
        bool(spouses and not certain) or claimant is None or not child_roles,
        children,
    )


_Roles = frozenset[tuple[str, ...]]


def _roles(claimant: tuple[str, ...] | None, heirs: int) -> tuple[_Roles, _Roles, bool]:
    """Return the relations of a spouse and of a child, and whether they belong to nobody else.

    Empty child roles mean that any member may be a child.
    """
    own_children = frozenset({(CHILD,), *((s, CHILD) for s in SPOUSES)})
    if claimant == HEAD:
        return frozenset((s,) for s in SPOUSES), own_children, True
    if claimant is not None and len(claimant) == 1 and claimant[0] in SPOUSES:
        return frozenset({HEAD}), own_children, True
    grandchildren = frozenset({(CHILD, CHILD)})
    if claimant == (CHILD,):
        return frozenset((CHILD, s) for s in SPOUSES), grandchildren, heirs == 1
    if claimant is not None and claimant[:1] == (CHILD,) and claimant[1:2] in _SPOUSE_STEPS:
        return frozenset({(CHILD,)}), grandchildren, heirs == 1
    return frozenset(), frozenset(), False


_SPOUSE_STEPS: Final = frozenset((s,) for s in SPOUSES)


def is_child(birth: Item, day: dt.date) -> Judgement:
    """Tell whether somebody born then is a child in the sense of the allowance on ``day``."""
    return until_year_end_of(_birth_date(birth), _CHILD_UNTIL_AGE, day)


def merely_counts(birth: Item, day: dt.date) -> Judgement:
    """Tell whether somebody born then is of an age to count as an elder child on ``day``."""
    return until_year_end_of(_birth_date(birth), _COUNTED_UNTIL_AGE, day)


def _birth_date(birth: Item) -> dt.date | UncertainDate | None:
    if birth.known:
        return dt.date.fromisoformat(birth.value)
    return uncertain_from_json(birth.uncertain) if birth.uncertain else None
