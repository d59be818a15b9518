"""The standard as data: editions with their groups, items and code tables, side by side.

An item is referred to as ``business.group.field`` (``001.juminkihonjoho.shimei``): the 業務ID, our
romaji key of the group and the official romaji name of the item.

Source: column legend of the national item lists (基本データリスト 凡例).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from standard_models.answers import Quality
from standard_models.api_specifications import ApiSpecification
from standard_models.checks import CHECKS, check_code
from standard_models.values.codes import CodeId

_OF_OTHERS: Final = ("被扶養者_", "納税管理人等_", "保護者_")
"""How the standard names items of somebody else than the person whose record it is."""
_OF_OTHERS_IN: Final = {"039": ("申請者_",)}
"""In records of the dead, whoever applies is somebody else; elsewhere it is the person."""


class DataType(StrEnum):
    """Data types of the national item lists (データ型)."""

    HALF_WIDTH = "X"
    FULL_WIDTH = "Ｎ"
    INTEGER = "9"
    DECIMAL = "9V"
    SIGNED_INTEGER = "S9"
    BLOB = "BLOB"
    YEAR = "YEAR"
    DATE = "DATE"
    TIME = "TIME"


class Condition(StrEnum):
    """Whether an item must be in an output (データ出力条件)."""

    REQUIRED = "必須"
    CONDITIONAL = "条件付き必須"
    OPTIONAL = "任意"


class Cardinality(StrEnum):
    """How many current records of a group one person can have."""

    ONE = "one"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class CodeTable:
    """The values an item may take. ``labels`` maps each code value to its meaning.

    ``code_id`` is as written; ids compare as numbers (``002`` in the list is ``2`` in the table).
    The table 999 (自治体固有コード) has no labels: the municipality decides its values.
    """

    code_id: str
    name: str
    labels: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class DataItem:
    """One data item (データ項目).

    ``length`` counts characters as people see them; ``fraction`` are the digits after the point of
    type ``9V``. ``codes`` is None where the item has no code table, or where the municipality
    decides the values (code 999). ``allows_unknown_date`` tells whether a DATE may be 不詳.
    ``address_class`` tells whether a place of living follows from it.
    """

    item_id: str
    business_id: str
    group_key: str
    field_name: str
    name: str
    label_en: str
    data_type: DataType
    length: int
    fraction: int
    code_id: str | None
    codes: CodeTable | None
    repeat: int | None
    condition: Condition
    primary_key: bool
    foreign_key: bool
    allows_unknown_date: bool
    address_class: bool
    definition: str
    sample: str
    provisional: bool

    @property
    def ref(self) -> str:
        """Return ``business.group.field``."""
        return f"{self.business_id}.{self.group_key}.{self.field_name}"

    def check(self, value: object) -> tuple[Quality, ...]:
        """Return what speaks against ``value`` (one, where the item repeats); empty if it fits.

        Looks at the type of characters, the length as people see it, the bounds of numbers, the
        form of dates and the code table. Every finding is an ``E`` and holds no part of the value.
        """
        found = CHECKS[self.data_type](value, self.length, self.fraction)
        if found or self.codes is None:
            return found
        return check_code(value, self.codes.code_id, self.codes.labels)


@dataclass(frozen=True)
class Group:
    """A group (グループ): a record type, and the unit of one output file.

    ``protection_register`` marks a group whose records tell that, or why, a person is protected:
    that one exists is itself secret.
    """

    business_id: str
    key: str
    name: str
    label_en: str
    cardinality: Cardinality
    edition_id: str
    provisional: bool
    items: tuple[DataItem, ...]
    protection_register: bool = False

    @cached_property
    def ref(self) -> str:
        """Return ``business.group``."""
        return f"{self.business_id}.{self.key}"

    @cached_property
    def by_field(self) -> Mapping[str, DataItem]:
        """Return the items by romaji name, in the order of the list."""
        return {item.field_name: item for item in self.items}

    @cached_property
    def primary_key(self) -> tuple[DataItem, ...]:
        """Return the items that identify a record."""
        return tuple(item for item in self.items if item.primary_key)

    @cached_property
    def key_fields(self) -> frozenset[str]:
        """Return the romaji names of the primary key."""
        return frozenset(item.field_name for item in self.primary_key)

    @cached_property
    def address_class(self) -> frozenset[str]:
        """Return the romaji names of the items from which a place of living follows."""
        return frozenset(item.field_name for item in self.items if item.address_class)

    @cached_property
    def address_of_others(self) -> frozenset[str]:
        """Return those of ``address_class`` that tell where somebody else lives."""
        names = (*_OF_OTHERS, *_OF_OTHERS_IN.get(self.business_id, ()))
        return frozenset(f for f in self.address_class if self.item(f).name.startswith(names))

    def item(self, field_name: str) -> DataItem:
        """Return the item of this romaji name.

        Raises:
            KeyError: the group has none.
        """
        return self.by_field[field_name]


@dataclass(frozen=True)
class Edition:
    """One published (or provisional) version of a business's item list and code tables."""

    business_id: str
    edition_id: str
    name: str
    label_en: str
    provisional: bool
    published: str | None
    source: str
    licence: str
    groups: tuple[Group, ...]
    code_tables: Mapping[CodeId, CodeTable]
    api: ApiSpecification | None = None

    @property
    def items(self) -> Iterator[DataItem]:
        """Iterate over every item, group by group."""
        for group in self.groups:
            yield from group.items

    def find_group(self, key: str) -> Group | None:
        """Return the group of this romaji key."""
        return next((g for g in self.groups if g.key == key), None)

    def find_item_by_id(self, item_id: str) -> DataItem | None:
        """Return the item of this official or provisional id."""
        return next((i for i in self.items if i.item_id == item_id), None)

    def find_code_table(self, code_id: str | int) -> CodeTable | None:
        """Return the code table of this id; ``002``, ``2`` and 2 are one id.

        Raises:
            ValueError: ``code_id`` does not end in a number.
        """
        return self.code_tables.get(CodeId.parse(str(code_id)))


class Dictionary:
    """Editions side by side, one of each business in force. Immutable.

    References (``001.juminkihonjoho.shimei``) are looked up in the editions in force. Which one
    that is can be said by ``in_force`` (業務ID → edition); otherwise an official edition goes
    before a provisional one, and the one published last before earlier ones.
    """

    def __init__(
        self, editions: Iterable[Edition], in_force: Mapping[str, str] | None = None
    ) -> None:
        self.installed = tuple(sorted(editions, key=lambda e: (e.business_id, e.edition_id)))
        self._by_id = {(e.business_id, e.edition_id): e for e in self.installed}
        if len(self._by_id) != len(self.installed):
            raise ValueError("an edition of a business is given twice")
        for named in (in_force or {}).items():
            if named not in self._by_id:
                raise ValueError(f"the edition {named[1]} of {named[0]} is not installed")
        self.editions = tuple(self._choose(in_force or {}))
        self._groups = {group.ref: group for e in self.editions for group in e.groups}
        self._items = {item.ref: item for e in self.editions for item in e.items}
        self._ids = {i.item_id: i for e in (*self.installed, *self.editions) for i in e.items}

    def _choose(self, in_force: Mapping[str, str]) -> Iterator[Edition]:
        for business_id in dict.fromkeys(e.business_id for e in self.installed):
            if business_id in in_force:
                yield self._by_id[business_id, in_force[business_id]]
                continue
            yield max(
                (e for e in self.installed if e.business_id == business_id),
                key=lambda e: (not e.provisional, e.published or "", e.edition_id),
            )

    @property
    def groups(self) -> Mapping[str, Group]:
        """Return every group of the editions in force by reference."""
        return self._groups

    def find_edition(self, business_id: str, edition_id: str | None = None) -> Edition | None:
        """Return this edition of the business; without ``edition_id`` the one in force."""
        if edition_id is not None:
            return self._by_id.get((business_id, edition_id))
        return next((e for e in self.editions if e.business_id == business_id), None)

    def find_group(self, ref: str) -> Group | None:
        """Return the group of ``business.group`` in force."""
        return self._groups.get(ref)

    def find_item(self, ref: str) -> DataItem | None:
        """Return the item of ``business.group.field`` in force."""
        return self._items.get(ref)

    def find_item_by_id(self, item_id: str) -> DataItem | None:
        """Return the item of this official or provisional id, of any edition installed."""
        return self._ids.get(item_id)

    def find_code_table(self, business_id: str, code_id: str | int) -> CodeTable | None:
        """Return a code table of the business in force; ``002`` and 2 are one id."""
        edition = self.find_edition(business_id)
        return edition.find_code_table(code_id) if edition else None

    def group_of(self, item: DataItem) -> Group:
        """Return the group that holds ``item``, in force or not.

        Raises:
            KeyError: no edition installed holds the item.
        """
        ref = f"{item.business_id}.{item.group_key}"
        in_force = self._groups.get(ref)
        if in_force is not None and in_force.by_field.get(item.field_name) is item:
            return in_force
        for edition in (*self.editions, *self.installed):
            for group in edition.groups:
                if group.ref == ref and group.by_field.get(item.field_name) == item:
                    return group
        raise KeyError(item.ref)
