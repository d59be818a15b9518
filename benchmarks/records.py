"""Compare the model of a group with a pydantic model written by hand for the same fields.

Both validate one record of 80 items from plain Python values and from JSON. The model by hand has
what a careful developer writes: types, lengths, digits, the values of code tables. It lacks what
the edition's model does beyond that: width classes, forbidden characters, length as people see it.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import time
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from standard_models.builtin import load_builtin
from standard_models.dictionary import Condition, DataItem, DataType, Group
from standard_models.records import model_for

ITEMS = 80
ROUNDS, REPEATS = 9, 300
GOAL = 1.5


def eighty_items() -> Group:
    """Return a group of the first 80 items with a sample of the lists, each under its own name."""
    items: dict[str, DataItem] = {}
    for edition in load_builtin().installed:
        for item in edition.items:
            if item.repeat is None and item.field_name not in items and _sample(item) is not None:
                items[item.field_name] = item
    template = load_builtin().groups["001.juminkihonjoho"]
    values = vars(template) | {"items": tuple(items.values())[:ITEMS]}
    return Group(**{name: values[name] for name in Group.__dataclass_fields__})


def _sample(item: DataItem) -> Any:
    """Return the sample as a value of its item, None if it is none."""
    value: Any = item.sample
    if item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER} and value.isdecimal():
        value = int(value)
    if not item.sample or item.check(value):
        return None
    return dt.date.fromisoformat(value) if item.data_type is DataType.DATE else value


def by_hand(group: Group) -> type[BaseModel]:
    """Return what a careful developer writes for these fields."""
    fields: dict[str, Any] = {}
    for item in group.items:
        kind = _kind_by_hand(item)
        required = item.condition is Condition.REQUIRED and not item.allows_unknown_date
        fields[item.field_name] = (kind, ...) if required else (kind | None, None)
    config = ConfigDict(frozen=True, extra="forbid", strict=True)
    return create_model("ByHand", __config__=config, **fields)


def _kind_by_hand(item: DataItem) -> Any:  # noqa: PLR0911 - one line for each type
    if item.codes is not None and item.data_type is DataType.HALF_WIDTH:
        return Literal[tuple(item.codes.labels)]
    match item.data_type:
        case DataType.INTEGER:
            return Annotated[int, Field(ge=0, lt=10**item.length)]
        case DataType.SIGNED_INTEGER:
            return Annotated[int, Field(gt=-(10**item.length), lt=10**item.length)]
        case DataType.DATE:
            return dt.date
        case DataType.HALF_WIDTH:
            pattern = r"^[ -~]+$"
            return Annotated[str, Field(min_length=1, max_length=item.length, pattern=pattern)]
        case DataType.TIME:
            return Annotated[str, Field(pattern=r"^\d\d:\d\d(:\d\d)?$")]
        case _:
            return Annotated[str, Field(min_length=1, max_length=item.length or None)]


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(REPEATS):
        work()
    return (time.perf_counter() - start) / REPEATS


def main() -> None:
    """Print microseconds of both and their ratio, from Python values and from JSON."""
    group = eighty_items()
    record = {item.field_name: _sample(item) for item in group.items}
    text = json.dumps(record, ensure_ascii=False, default=str)
    ours, theirs = model_for(group), by_hand(group)
    cases: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "Python values": (
            lambda: ours.model_validate(record),
            lambda: theirs.model_validate(record),
        ),
        "JSON": (
            lambda: ours.model_validate_json(text),
            lambda: theirs.model_validate_json(text),
        ),
    }
    for name, (own, hand) in cases.items():
        pairs = [(_seconds(own), _seconds(hand)) for _ in range(ROUNDS)]
        ratio = statistics.median(mine / other for mine, other in pairs)
        mine, other = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
        print(
            f"{len(group.items)} items from {name}: edition {mine:.1f} µs, "
            f"by hand {other:.1f} µs, ratio {ratio:.2f} (goal {GOAL})"
        )


if __name__ == "__main__":
    main()
