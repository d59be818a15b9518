"""Households: who belongs to one, on which basis and day, and in which order they are listed.

There is no *the* household. Every household names its basis and its day; who left or came after
that day does not change it.

Source: resident specification 1.0, order of members (5.2) and relationships (1.1.11); names of the
bases: our own (D).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from standard_models.answers import Quality, Severity, UncertainDate
from standard_models.values.relationships import LODGER, RELATIVE, Relationship
from standard_models.values.unknown_dates import order_key


class HouseholdBasis(StrEnum):
    """By which rule people count as one household."""

    REGISTER = "register"
    NHI = "nhi"
    TAX = "tax"
    COUPLE = "couple"
    GUARDIAN = "guardian"
    INSURANCE = "insurance"
    SUPPORTERS = "supporters"
    LATE_ELDERLY = "late-elderly"


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a household. ``since`` and ``until`` are inclusive days, None where open.

    ``relationship`` is None where it is not known. ``number`` only orders people born on one day.
    """

    number: str
    relationship: Relationship | None
    birth: dt.date | UncertainDate | None = None
    since: dt.date | None = None
    until: dt.date | None = None

    def belongs_on(self, day: dt.date) -> bool:
        """Tell whether the person belongs to the household on ``day``."""
        return (self.since or dt.date.min) <= day <= (self.until or dt.date.max)


@dataclass(frozen=True, slots=True)
class Household:
    """The members on the reference day, in order, and what is not right with the head."""

    basis: HouseholdBasis
    reference_date: dt.date
    members: tuple[Member, ...]
    quality: tuple[Quality, ...] = ()

    @property
    def head(self) -> Member | None:
        """Return the head, None where none or more than one is recorded."""
        heads = [m for m in self.members if m.relationship and m.relationship.is_head]
        return heads[0] if len(heads) == 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return ``{basis, reference_date, size[, quality]}``: nobody is named."""
        data: dict[str, Any] = {
            "basis": self.basis.value,
            "reference_date": self.reference_date.isoformat(),
            "size": len(self.members),
        }
        if self.quality:
            data["quality"] = [quality.to_json() for quality in self.quality]
        return data


def household_on(
    reference_date: dt.date, basis: HouseholdBasis, members: Iterable[Member]
) -> Household:
    """Return the household of ``members`` on ``reference_date``.

    A head that is not set is passed on as unset: ``HEAD_UNSET`` (W). Two heads contradict each
    other: ``HEAD_CONFLICT`` (E), and none of them is taken. Nobody becomes head by guess.
    """
    present = sorted((m for m in members if m.belongs_on(reference_date)), key=_order)
    heads = sum(m.relationship is not None and m.relationship.is_head for m in present)
    quality: tuple[Quality, ...] = ()
    if present and heads == 0:
        quality = (Quality("HEAD_UNSET", Severity.WARNING),)
    elif heads > 1:
        quality = (Quality("HEAD_CONFLICT", Severity.ERROR, {"heads": heads}),)
    return Household(basis, reference_date, tuple(present), quality)


_SPOUSES = ("夫", "妻", "夫（未届）", "妻（未届）")
_CHILDREN = ("子", "子（子の夫）", "子（子の妻）")
_PARENTS = ("父", "母")
_SIBLINGS = ("兄", "姉", "弟", "妹")


def rank_of(relationship: Relationship | None) -> tuple[int, int]:
    """Return rank (1–4) and place within the rank in which a member is listed.

    1 head, spouse, children; 2 the families of children; 3 parents, siblings, grandparents of the
    head; 4 other relatives, 縁故者, 同居人, and whoever has no known relationship. Which child a
    grandchild belongs to does not follow from the relationship, so families are not put together.
    """
    if relationship is None:
        return 4, 4
    first, *rest = relationship.links
    if relationship.is_head:
        return 1, 1
    if not rest:
        return _rank_of_one(first)
    if first in _CHILDREN:
        return 2, 2 if len(rest) == 1 and rest[0] in _SPOUSES else 3
    if first in _PARENTS and len(rest) == 1 and rest[0] in _PARENTS:
        return 3, 3
    return 4, 1


def _rank_of_one(link: str) -> tuple[int, int]:
    places = {
        **dict.fromkeys(_SPOUSES, (1, 2)),
        **dict.fromkeys(_CHILDREN, (1, 3)),
        **dict.fromkeys(_PARENTS, (3, 1)),
        **dict.fromkeys(_SIBLINGS, (3, 2)),
        RELATIVE: (4, 2),
        LODGER: (4, 3),
    }
    return places[link]


def _order(member: Member) -> tuple[tuple[int, int], tuple[dt.date, dt.date], str]:
    born = order_key(member.birth) if member.birth is not None else (dt.date.max, dt.date.max)
    return rank_of(member.relationship), born, member.number
