"""A made town of 60 items for each person, twice, with differences planted in the second one.

What stands of a person follows from their place in the list, so that neither of the two towns has
to be held.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from adapters.contract import CheckResult, ControlTotals, Deadline, ExtractChunk
from adapters.manifest import Manifest
from gateway.comparison import Columns, Difference, Kind
from standard_models.answers import Absence, AbsenceReason, Answer, StandardRecord, Value
from standard_models.dictionary import DataItem, DataType, Dictionary, Group

GROUP: Final = "001.juminkihonjoho"
HOUSEHOLD: Final = "setaibango"
ITEMS: Final = 60
AT_ONCE: Final = 500
_NAMES: Final = "架空見本例示試験仮名模擬想定作成設例参考"
_ANSWERS: Final = 997
"""Answers of each item; a prime, so that each item goes through them in an order of its own."""
_DAY: Final = dt.date(1930, 1, 1)


class Planted(StrEnum):
    """What is planted. ``swapped`` takes two people, one behind the other."""

    VALUE = "value"
    ABSENCE = "absence"
    MISSING = "missing"
    EXTRA = "extra"
    SWAPPED = "swapped"
    HOUSEHOLD = "household"


def enlarged(dictionary: Dictionary) -> Dictionary:
    """Return the dictionary with amounts added to the resident record, up to 60 items."""
    group = dictionary.groups[GROUP]
    amount = next(
        item
        for item in dictionary.groups["010.kazeikihonjoho"].items
        if item.data_type is DataType.INTEGER and not item.primary_key and item.length >= 8
    )
    more = [
        replace(
            amount,
            item_id=f"001T{n:04d}",
            business_id=group.business_id,
            group_key=group.key,
            field_name=f"kingaku{n}",
            name=f"金額{n}",
        )
        for n in range(ITEMS - len(group.items))
    ]
    large = replace(group, items=(*group.items, *more))
    editions = [
        replace(e, groups=tuple(large if g is group else g for g in e.groups))
        for e in dictionary.installed
    ]
    return Dictionary(editions)


@dataclass
class Town:
    """Residents 0 to ``size``, with ``planted`` by place."""

    group: Group
    size: int
    planted: Mapping[int, Planted] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._answers = [
            (item.field_name, [_answer(item, n, column) for n in range(_ANSWERS)], 2 * column + 1)
            for column, item in enumerate(self.group.items)
        ]

    def __iter__(self) -> Iterator[StandardRecord]:
        for place in range(self.size):
            if self.planted.get(place - 1) is Planted.SWAPPED:
                yield self._swapped(place, place - 1)
            else:
                yield from self._of(place)

    def _of(self, place: int) -> Iterator[StandardRecord]:
        match self.planted.get(place):
            case None:
                yield self.resident(place)
            case Planted.MISSING:
                return
            case Planted.EXTRA:
                yield self.resident(place)
                yield self.resident(self.size + place)
            case Planted.SWAPPED:
                yield self._swapped(place, place + 1)
            case Planted.VALUE:
                yield self._with(place, self.item(place), changed=True)
            case Planted.ABSENCE:
                yield self._with(place, self.item(place), changed=False)
            case Planted.HOUSEHOLD:
                yield self._with(place, self.group.item(HOUSEHOLD), changed=True)

    def expected(self) -> set[tuple[Kind, str, str]]:
        """Return what a comparison with the town as it was is to find: kind, number, items."""
        found = set()
        for place, kind in self.planted.items():
            match kind:
                case Planted.MISSING:
                    found.add((Kind.ONLY_LEFT, number(place), ""))
                case Planted.EXTRA:
                    found.add((Kind.ONLY_RIGHT, number(self.size + place), ""))
                case Planted.SWAPPED:
                    found.add((Kind.SWAPPED, number(place), number(place + 1)))
                    found.add((Kind.SWAPPED, number(place + 1), number(place)))
                case Planted.VALUE:
                    found.add((Kind.CHANGED, number(place), f"{self.item(place).field_name}:"))
                case Planted.ABSENCE:
                    found.add((Kind.CHANGED, number(place), f":{self.item(place).field_name}"))
                case Planted.HOUSEHOLD:
                    found.add((Kind.CHANGED, number(place), f"{HOUSEHOLD}:"))
        return found

    def item(self, place: int) -> DataItem:
        """Return an item that this person has and that tells of no household."""
        record = self.resident(place)
        filled = [
            item
            for item in self.group.items
            if isinstance(record.answers[item.field_name], Value)
            and not item.primary_key
            and item.field_name != HOUSEHOLD
        ]
        return filled[place % len(filled)]

    def resident(self, place: int) -> StandardRecord:
        """Return what stands of a person."""
        answers: dict[str, Answer] = {
            name: known[place * step % _ANSWERS] for name, known, step in self._answers
        }
        answers["atenabango"] = Value(number(place))
        answers["rirekibango"] = Value(1)
        answers[HOUSEHOLD] = Value(_household(place))
        return StandardRecord(GROUP, number(place), answers)

    def _with(self, place: int, item: DataItem, *, changed: bool) -> StandardRecord:
        record = self.resident(place)
        answer: Answer = Absence(AbsenceReason.UNDER_INVESTIGATION)
        if changed:
            answer = _answer(item, place + 1, 0)
            if not isinstance(answer, Value) or answer == record.answers[item.field_name]:
                answer = Value("異")
        return replace(record, answers={**record.answers, item.field_name: answer})

    def _swapped(self, place: int, other: int) -> StandardRecord:
        mine, theirs = self.resident(place), self.resident(other)
        keys = {name: mine.answers[name] for name in self.group.key_fields}
        return replace(mine, answers={**theirs.answers, **keys})


class Handing:
    """An adapter whose system hands over a town."""

    mapping_version = "1.0.0"

    def __init__(self, records: Any, totals: ControlTotals | None = None) -> None:
        self.records = records
        self.totals = totals or ControlTotals()

    async def check(self, deadline: Deadline) -> CheckResult:  # noqa: ARG002 - the contract
        """Be well."""
        return CheckResult(ok=True, message="")

    async def aclose(self) -> None:
        """Do nothing."""

    async def control_totals(
        self,
        group: str,  # noqa: ARG002
        deadline: Deadline,  # noqa: ARG002
    ) -> ControlTotals:
        """Return what the system states."""
        return self.totals

    async def extract(
        self,
        group: str,  # noqa: ARG002 - it has one
        after: str | None = None,  # noqa: ARG002 - it is never resumed
    ) -> AsyncIterator[ExtractChunk]:
        """Hand over all of it."""
        piece: list[StandardRecord] = []
        for record in self.records:
            piece.append(record)
            if len(piece) == AT_ONCE:
                yield ExtractChunk(tuple(piece), (), 0, len(piece), "")
                piece = []
        yield ExtractChunk(tuple(piece), (), 0, len(piece), "")


def manifest_of(adapter_id: str, group: str = GROUP) -> Manifest:
    """Return the manifest of a system that gives files each night."""
    return Manifest.model_validate(
        {
            "id": adapter_id,
            "version": "1.0.0",
            "name_ja": "作られた町",
            "name_en": "made town",
            "vendor": "benchmark",
            "contacts": [{"name": "a", "email": "a@test"}, {"name": "b", "email": "b@test"}],
            "licence": "Apache-2.0",
            "contract": {"minimum": "1.0", "maximum": "1.0"},
            "lifecycle": "incubating",
            "product": {"name_ja": "作られた町", "name_en": "made town"},
            "numbering": {"id": "resident", "name_ja": "宛名番号"},
            "capabilities": ["extract"],
            "supplies": [{"group": group, "edition": "provisional-2026"}],
            "freshness": {"kind": "deliveries", "every_s": 86_400},
            "limits": {"max_concurrency": 1, "timeout_s": 5},
            "personal_data": {"processed": []},
        }
    )


def told(columns: Columns, one: Difference) -> tuple[Kind, str, str]:
    """Return a difference in the form of ``Town.expected``."""
    mine = columns.key_of(one.key)[0]
    if one.kind is Kind.SWAPPED and one.other is not None:
        return one.kind, mine, columns.key_of(one.other)[0]
    if one.kind is Kind.CHANGED:
        return one.kind, mine, f"{','.join(one.values)}:{','.join(one.absences)}"
    return one.kind, mine, ""


def number(place: int) -> str:
    """Return the number of a person, in no order."""
    return f"{(place * 7_368_787 + 12_345) % 1_000_000_007:012d}"


def _household(place: int) -> str:
    return f"{place // 2:012d}"


def _answer(item: DataItem, place: int, column: int) -> Answer:
    mixed = (place * 2_654_435_761 + column * 40_503) & 0xFFFFFFFF
    if mixed % 7 == 0:
        return Absence(AbsenceReason.NOT_RECORDED)
    if item.codes is not None and item.codes.labels:
        codes = list(item.codes.labels)
        return Value(codes[mixed % len(codes)])
    if item.data_type is DataType.DATE:
        return Value((_DAY + dt.timedelta(days=mixed % 36_000)).isoformat())
    if item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER}:
        return Value(mixed % 10 ** min(item.length, 8))
    start = mixed % len(_NAMES)
    return Value((_NAMES[start:] + str(mixed))[: min(item.length, 24)])
