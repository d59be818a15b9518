"""What an extract looks like as a whole, item by item, without anybody in it. Pure.

Of each item: how often it has a value, why it has none, the sum of what is a number, and the shape
of its values: the codes of a code table, the year of a date, the length of a text, the number of
digits. A code that is in no table is counted as such and not named: in a wrong column stands
anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from standard_models.answers import Absence, AbsenceReason, StandardRecord, Value
from standard_models.dictionary import DataItem, DataType

NUMBERS: Final = frozenset({DataType.INTEGER, DataType.SIGNED_INTEGER, DataType.DECIMAL})
OTHER: Final = "other"
MOST_SHAPES: Final = 400
"""Shapes of an item that are told apart; further ones are counted as ``other``."""

_ABSENT: Final = {reason: reason.value for reason in AbsenceReason}


@dataclass(frozen=True, slots=True)
class ItemProfile:
    """One item. ``total`` is None where it holds no numbers, or one that cannot be read."""

    filled: int
    absent: Mapping[str, int]
    total: Decimal | None
    shapes: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        total = None if self.total is None else str(self.total)
        return {
            "filled": self.filled,
            "absent": dict(self.absent),
            "total": total,
            "shapes": dict(self.shapes),
        }

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> ItemProfile:
        """Return what ``to_json`` said."""
        total = None if said["total"] is None else Decimal(said["total"])
        return cls(said["filled"], said["absent"], total, said["shapes"])


@dataclass(frozen=True, slots=True)
class Profile:
    """A whole extract of a group; ``lost`` are records that could not be made."""

    records: int
    lost: int
    items: Mapping[str, ItemProfile]

    def of_many(self, fewest: int) -> Profile:
        """Return the profile without sums and shapes of items that fewer people have: to be kept.

        A sum of two amounts tells whoever knows one of them the other.
        """
        items = {
            name: item if item.filled >= fewest else ItemProfile(item.filled, item.absent, None, {})
            for name, item in self.items.items()
        }
        return Profile(self.records, self.lost, items)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        items = {name: item.to_json() for name, item in self.items.items()}
        return {"records": self.records, "lost": self.lost, "items": items}

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Profile:
        """Return what ``to_json`` said."""
        items = {name: ItemProfile.of_json(item) for name, item in said["items"].items()}
        return cls(said["records"], said["lost"], items)


@dataclass(slots=True)
class _Tally:
    item: DataItem
    filled: int = 0
    absent: Counter[AbsenceReason] = field(default_factory=Counter)
    total: Decimal | int | None = None
    shapes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.item.data_type in NUMBERS:
            self.total = 0

    def take(self, values: list[Any]) -> None:
        self.filled += len(values)
        if self.item.data_type in NUMBERS and self.total is not None:
            self.total = _sum(self.total, values)
        self.shapes.update(self._shapes(values))

    def _shapes(self, values: list[Any]) -> Any:
        if self.item.codes is not None:
            known = self.item.codes.labels
            return (str(v) if str(v) in known else OTHER for v in values)
        if self.item.data_type is DataType.DATE:
            return (str(v)[:4] for v in values)
        return map(str, map(len, map(str, values)))

    def profile(self) -> ItemProfile:
        total = None if self.total is None else Decimal(self.total)
        absent = {_ABSENT[reason]: count for reason, count in sorted(self.absent.items())}
        named = [s for s, _ in self.shapes.most_common(MOST_SHAPES) if s != OTHER]
        shapes = {name: self.shapes[name] for name in sorted(named)}
        if rest := self.filled - sum(shapes.values()):
            shapes[OTHER] = rest
        return ItemProfile(self.filled, absent, total, shapes)


class Profiler:
    """Takes the profile of an extract while its records go by, in bounded memory."""

    def __init__(self, items: Sequence[DataItem]) -> None:
        self._tallies = {item.field_name: _Tally(item) for item in items}
        self.records = 0

    def see(self, records: Sequence[StandardRecord]) -> None:
        """Count records. An item that is not in a record at all is counted as not supplied."""
        self.records += len(records)
        nothing = Absence(AbsenceReason.NOT_SUPPLIED)
        said = [record.answers for record in records]
        for name, tally in self._tallies.items():
            values = []
            for answers in said:
                answer = answers.get(name, nothing)
                if type(answer) is Value:
                    values.append(answer.value)
                else:
                    tally.absent[answer.reason] += 1  # type: ignore[union-attr]  # an Absence
            if values:
                tally.take(values)

    def profile(self, lost: int) -> Profile:
        """Return the profile of all that was seen."""
        items = {name: tally.profile() for name, tally in self._tallies.items()}
        return Profile(self.records, lost, items)


def _sum(total: Decimal | int, values: list[Any]) -> Decimal | int | None:
    """Return the exact sum, None if one of the values is no number."""
    if all(type(value) is int for value in values):
        whole: int = sum(values)
        return total + whole
    try:
        return total + sum((Decimal(str(value)) for value in values), Decimal(0))
    except InvalidOperation:
        return None
