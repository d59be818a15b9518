"""From the items of a question to its parts: one part for each business and group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from gateway.access import GrantedItems
from gateway.problems import FieldError, Problem
from standard_models.dictionary import Dictionary, Group

PLANS: Final = 512
"""Plans that are kept; they hold nothing of anybody."""


@dataclass(frozen=True, eq=False)
class PlannedPart:
    """One group and the romaji fields asked of it, in the order of the question."""

    group: Group
    fields: tuple[str, ...]

    @cached_property
    def wanted(self) -> frozenset[str]:
        """Return what every record must hold: what is asked, and the key of the group."""
        return frozenset(self.fields) | self.group.key_fields

    @cached_property
    def item_ids(self) -> tuple[tuple[str, str], ...]:
        """Return each field with the official id of its item, by the id."""
        named = ((name, self.group.item(name).item_id) for name in self.fields)
        return tuple(sorted(named, key=lambda pair: pair[1]))


@dataclass(frozen=True, eq=False)
class Plan:
    """The parts of a question, and the official ids of its items for the audit record."""

    parts: tuple[PlannedPart, ...]
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permitted:
    """What may be answered (``plan``) of what is asked, and the grants that allow it."""

    plan: Plan
    asked: Plan
    granted: GrantedItems

    @property
    def by_consent(self) -> tuple[str, ...]:
        """Return the references of ``plan`` that need the live consent of the person."""
        if not self.granted.by_consent:
            return ()
        planned = [f"{p.group.ref}.{name}" for p in self.plan.parts for name in p.fields]
        return tuple(ref for ref in planned if ref in self.granted.by_consent)


def plan_question(items: Sequence[str], dictionary: Dictionary) -> Plan:
    """Return the plan for these item references (``001.juminkihonjoho.shimei``).

    Raises:
        Problem: ``unknown-item``, naming every wrong place; ``invalid-body`` for an item that is
            named twice. Neither repeats what was sent.
    """
    return _plan(tuple(items), dictionary)


@lru_cache(PLANS)
def _plan(items: tuple[str, ...], dictionary: Dictionary) -> Plan:
    """Return the plan; a service asks the same items of one person after the other."""
    _refuse_repeats(items)
    wrong: list[FieldError] = []
    fields: dict[str, list[str]] = {}
    groups: dict[str, Group] = {}
    ids: list[str] = []
    for position, reference in enumerate(items):
        item = dictionary.find_item(reference)
        if item is None:
            wrong.append(
                FieldError(
                    f"/items/{position}",
                    "この参照名の項目は登録されている版にありません。",
                    "No installed edition has an item of this reference.",
                )
            )
            continue
        group = dictionary.group_of(item)
        groups[group.ref] = group
        fields.setdefault(group.ref, []).append(item.field_name)
        ids.append(item.item_id)
    if wrong:
        raise Problem(
            "unknown-item",
            "存在しない項目が含まれています。",
            "The question names items that do not exist.",
            errors=wrong,
        )
    parts = tuple(PlannedPart(groups[ref], tuple(names)) for ref, names in fields.items())
    return Plan(parts, tuple(sorted(ids)))


def _refuse_repeats(items: Sequence[str]) -> None:
    seen: set[str] = set()
    repeats: list[FieldError] = []
    for position, reference in enumerate(items):
        if reference in seen:
            repeats.append(
                FieldError(
                    f"/items/{position}",
                    "同じ項目が二度指定されています。",
                    "The item is named twice.",
                )
            )
        seen.add(reference)
    if repeats:
        raise Problem("invalid-body", errors=repeats)
