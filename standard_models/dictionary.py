"""The standard as data: editions with their groups, items and code tables, side by side.

An item is referred to as ``business.group.field`` (``001.juminkihonjoho.shimei``): the 業務ID, our
romaji key of the group and the official romaji name of the item.

Source: column legend of the national item lists (基本データリスト 凡例).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path

EDITIONS = Path(__file__).parent / "editions"


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
    """The values an item may take. ``labels`` maps each code value to its meaning."""

    code_id: str
    name: str
    labels: Mapping[str, str]


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


@dataclass(frozen=True)
class Group:
    """A group (グループ): a record type, and the unit of one output file."""

    business_id: str
    key: str
    name: str
    label_en: str
    cardinality: Cardinality
    edition_id: str
    provisional: bool
    items: tuple[DataItem, ...]

    @property
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
    code_tables: Mapping[int, CodeTable]

    @property
    def items(self) -> Iterator[DataItem]:
        """Iterate over every item, group by group."""
        for group in self.groups:
            yield from group.items


class Dictionary:
    """Editions in force, one for each business. Immutable."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        self.editions = tuple(sorted(editions, key=lambda e: e.business_id))
        self._groups = {group.ref: group for e in self.editions for group in e.groups}
        self._items = {item.ref: item for e in self.editions for item in e.items}
        self._ids = {item.item_id: item for item in self._items.values()}

    @property
    def groups(self) -> Mapping[str, Group]:
        """Return every group by reference."""
        return self._groups

    def find_edition(self, business_id: str) -> Edition | None:
        """Return the edition of the business in force."""
        return next((e for e in self.editions if e.business_id == business_id), None)

    def find_group(self, ref: str) -> Group | None:
        """Return the group of ``business.group``."""
        return self._groups.get(ref)

    def find_item(self, ref: str) -> DataItem | None:
        """Return the item of ``business.group.field``."""
        return self._items.get(ref)

    def find_item_by_id(self, item_id: str) -> DataItem | None:
        """Return the item of this official or provisional id."""
        return self._ids.get(item_id)

    def group_of(self, item: DataItem) -> Group:
        """Return the group that holds ``item``."""
        return self._groups[f"{item.business_id}.{item.group_key}"]


@cache
def load_builtin() -> Dictionary:
    """Return the dictionary of the editions that come with the package.

    Raises:
        EditionError: a file of an edition is malformed.
    """
    from standard_models.edition_files import load_edition

    return Dictionary(load_edition(folder) for folder in sorted(EDITIONS.glob("*/*/")))
