"""The facts that can be asked for beside the items of the standard, and what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

from gateway.predicates.rules import LABELS, AgeRule, CodeRule, PeriodRule, ReachedRule, Rule
from standard_models.dictionary import (
    Cardinality,
    CodeTable,
    Condition,
    DataItem,
    DataType,
    Dictionary,
    Edition,
    Group,
)
from standard_models.safe_yaml import safe_load
from standard_models.values.codes import CodeId

BUSINESS: Final = "hantei"
_CODES: Final = CodeTable("1", "判定", {j.value: label for j, label in LABELS.items()})
_SOURCE: Final = "Hitotsu"
KEPT: Final = 256
"""Sets of items of which it is remembered what follows from them; grants are few."""


@dataclass(frozen=True, slots=True)
class Predicate:
    """A fact: its item, the group it is worked out from, and how.

    ``no_without_record``: that the system knows no record of the person means *no*.
    """

    item: DataItem
    source: str
    rule: Rule
    no_without_record: bool

    @property
    def inputs(self) -> frozenset[str]:
        """Return the references of the items that it is worked out from."""
        return frozenset(f"{self.source}.{name}" for name in self.rule.inputs)


class Predicates:
    """Every fact whose inputs the dictionary has."""

    def __init__(
        self, found: Iterable[Predicate] = (), groups: Mapping[str, Group] | None = None
    ) -> None:
        self._groups = groups or {}
        self._by_ref = {predicate.item.ref: predicate for predicate in found}
        self._sources = {
            f"{p.item.business_id}.{p.item.group_key}": p.source for p in self._by_ref.values()
        }
        self._inputs = [(ref, p.inputs) for ref, p in self._by_ref.items()]
        self.from_inputs = lru_cache(KEPT)(self._from_inputs)
        """Return the references of the facts that follow from these items alone."""
        self.touching = lru_cache(KEPT)(self._touching)
        """Return the references of the facts that need one of these items."""

    @classmethod
    def of(cls, dictionary: Dictionary) -> Predicates:
        """Return the facts that can be worked out from the items of ``dictionary``."""
        found = [
            predicate
            for predicate in _shipped()
            if all(dictionary.find_item(ref) is not None for ref in predicate.inputs)
        ]
        return cls(found, {p.source: dictionary.groups[p.source] for p in found})

    def find(self, ref: str) -> Predicate | None:
        """Return the fact of this reference (``hantei.jumin.nenrei_18_ijo``)."""
        return self._by_ref.get(ref)

    def source_of(self, group_ref: str) -> str | None:
        """Return the group that the facts of this group are worked out from; None for others."""
        return self._sources.get(group_ref)

    def group(self, source: str) -> Group:
        """Return a group that facts are worked out from.

        Raises:
            KeyError: there is no such group.
        """
        return self._groups[source]

    @property
    def sources(self) -> Mapping[str, str]:
        """Return for each group of facts the group that they are worked out from."""
        return self._sources

    def _from_inputs(self, items: frozenset[str]) -> frozenset[str]:
        return frozenset(ref for ref, inputs in self._inputs if inputs <= items)

    def _touching(self, items: frozenset[str]) -> frozenset[str]:
        return frozenset(ref for ref, inputs in self._inputs if not inputs.isdisjoint(items))

    def inputs_of(self, items: Iterable[str]) -> frozenset[str]:
        """Return what the facts among ``items`` are worked out from."""
        found = (self._by_ref.get(ref) for ref in items)
        return frozenset[str]().union(*(p.inputs for p in found if p is not None))


@lru_cache(maxsize=4)
def with_predicates(dictionary: Dictionary) -> Dictionary:
    """Return ``dictionary`` with the facts as one more edition beside those of the standard."""
    predicates = [p for p in _shipped() if Predicates.of(dictionary).find(p.item.ref)]
    items: dict[str, list[DataItem]] = {}
    for predicate in predicates:
        items.setdefault(predicate.item.group_key, []).append(predicate.item)
    described = _described()
    groups = tuple(
        _group(key, described["groups"][key], described["edition"], tuple(found))
        for key, found in items.items()
    )
    edition = Edition(
        business_id=BUSINESS,
        edition_id=described["edition"],
        name="判定項目",
        label_en="Facts worked out from items",
        provisional=False,
        published=None,
        source=_SOURCE,
        licence=_SOURCE,
        groups=groups,
        code_tables={CodeId.parse(_CODES.code_id): _CODES},
    )
    in_force = {e.business_id: e.edition_id for e in dictionary.editions}
    return Dictionary([*dictionary.installed, edition], in_force)


@cache
def _described() -> dict[str, Any]:
    text = files("gateway.predicates").joinpath("predicates.yaml").read_text("utf-8")
    data: dict[str, Any] = safe_load(text)
    return data


@cache
def _shipped() -> tuple[Predicate, ...]:
    return tuple(
        Predicate(
            _item(key, name, item), group["from"], _rule(item), group["without_record"] == "no"
        )
        for key, group in _described()["groups"].items()
        for name, item in group["items"].items()
    )


def _rule(item: Mapping[str, Any]) -> Rule:
    if "code" in item:
        code = item["code"]
        other = code.get("open_if", {})
        return CodeRule(
            code["field"],
            frozenset(code["yes"]),
            frozenset(code.get("open", ())),
            other.get("field"),
            frozenset(other.get("codes", ())),
        )
    if "reached" in item:
        return ReachedRule(item["reached"]["field"], item["reached"]["years"])
    if "age" in item:
        return AgeRule(item["age"]["field"])
    return PeriodRule(item["period"]["first"], item["period"]["ended"])


def _item(group_key: str, name: str, item: Mapping[str, Any]) -> DataItem:
    is_age = "age" in item
    return DataItem(
        item_id=item["id"],
        business_id=BUSINESS,
        group_key=group_key,
        field_name=name,
        name=item["name"],
        label_en=item["name_en"],
        data_type=DataType.INTEGER if is_age else DataType.HALF_WIDTH,
        length=3 if is_age else 11,
        fraction=0,
        code_id=None if is_age else _CODES.code_id,
        codes=None if is_age else _CODES,
        repeat=None,
        condition=Condition.OPTIONAL,
        primary_key=False,
        foreign_key=False,
        allows_unknown_date=False,
        address_class=False,
        definition="",
        sample="",
        provisional=False,
    )


def _group(key: str, group: Mapping[str, Any], edition: str, items: tuple[DataItem, ...]) -> Group:
    return Group(
        business_id=BUSINESS,
        key=key,
        name=group["name"],
        label_en=group["name_en"],
        cardinality=Cardinality.ONE,
        edition_id=edition,
        provisional=False,
        items=items,
    )
