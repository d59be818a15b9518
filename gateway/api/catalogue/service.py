"""The catalogue: what the installed editions hold, and which systems answer for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from standard_models.catalogue.search import search_key
from standard_models.dictionary import DataItem, Dictionary, Edition, Group


@dataclass(frozen=True, slots=True)
class Supplier:
    """A system that answers for a group in a municipality (6-digit 団体コード)."""

    municipality: str
    adapter_id: str
    system_name: str


class Suppliers(Protocol):
    """Knows who answers for what now."""

    async def by_group(self) -> Mapping[str, Sequence[Supplier]]:
        """Return the suppliers of each group, by group reference; groups without one may lack."""
        ...


class Catalogue:
    """Describes what can be asked, as plain JSON data of the shapes in ``schemas``."""

    def __init__(self, dictionary: Dictionary, suppliers: Suppliers) -> None:
        self._dictionary = dictionary
        self._suppliers = suppliers

    async def overview(self, *, business: str | None = None, text: str | None = None) -> Any:
        """Return the catalogue, or the part of it that is of ``business`` and holds ``text``.

        A group whose own name holds the text stays whole; else only its items that do stay.
        """
        suppliers = await self._suppliers.by_group()
        needle = search_key(text) if text else ""
        editions = [
            edition
            for edition in self._dictionary.editions
            if business is None or edition.business_id == business
        ]
        described = [_business(edition, needle, suppliers) for edition in editions]
        businesses = [b for b in described if b["groups"]]
        count = sum(len(g["items"]) for b in businesses for g in b["groups"])
        return {"item_count": count, "businesses": businesses}

    async def find_group(self, ref: str) -> Any:
        """Return the group of ``business.group`` with the values of its code tables, or None."""
        group = self._dictionary.find_group(ref)
        if group is None:
            return None
        suppliers = await self._suppliers.by_group()
        return _group(group, group.items, suppliers, whole=True)


def _business(
    edition: Edition, needle: str, suppliers: Mapping[str, Sequence[Supplier]]
) -> dict[str, Any]:
    groups = [
        _group(group, items, suppliers, whole=False)
        for group in edition.groups
        if (items := _matching(group, needle))
    ]
    return {
        "id": edition.business_id,
        "label": edition.name,
        "label_en": edition.label_en,
        "edition": edition.edition_id,
        "provisional": edition.provisional,
        "groups": groups,
    }


def _matching(group: Group, needle: str) -> Sequence[DataItem]:
    if not needle or _is_in(needle, group.name, group.label_en, group.ref):
        return group.items
    return [
        item
        for item in group.items
        if _is_in(needle, item.name, item.label_en, item.field_name, item.item_id)
    ]


def _is_in(needle: str, *names: str) -> bool:
    return any(needle in search_key(name) for name in names)


def _group(
    group: Group,
    items: Sequence[DataItem],
    suppliers: Mapping[str, Sequence[Supplier]],
    *,
    whole: bool,
) -> dict[str, Any]:
    return {
        "ref": group.ref,
        "business": group.business_id,
        "label": group.name,
        "label_en": group.label_en,
        "cardinality": group.cardinality.value,
        "edition": group.edition_id,
        "provisional": group.provisional,
        "supplied_by": [
            {
                "municipality": s.municipality,
                "adapter_id": s.adapter_id,
                "system_name": s.system_name,
            }
            for s in suppliers.get(group.ref, ())
        ],
        "items": [_item(item, whole=whole) for item in items],
    }


def _item(item: DataItem, *, whole: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "ref": item.ref,
        "item_id": item.item_id,
        "field_name": item.field_name,
        "label": item.name,
        "label_en": item.label_en,
        "type": item.data_type.value,
        "length": item.length,
        "fraction": item.fraction,
        "repeat": item.repeat,
        "condition": item.condition.value,
        "primary_key": item.primary_key,
        "allows_unknown_date": item.allows_unknown_date,
        "code_list": _code_list(item, whole=whole),
        "provisional": item.provisional,
    }
    if whole:
        described["definition"] = item.definition
    return described


def _code_list(item: DataItem, *, whole: bool) -> dict[str, Any] | None:
    if item.codes is None:
        return None
    described: dict[str, Any] = {"id": item.codes.code_id, "name": item.codes.name}
    if whole:
        described["values"] = [
            {"value": value, "label": label} for value, label in item.codes.labels.items()
        ]
    return described
