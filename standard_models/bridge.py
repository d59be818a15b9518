"""A record of one edition in another, with a list of everything that has no place there.

Nothing is cut, guessed or filled in: what does not fit is lost, by name and rule, and the answer
says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from standard_models.answers import Absence, AbsenceReason, Answer, Quality, Severity, Value
from standard_models.dictionary import DataItem, DataType, Edition, Group
from standard_models.safe_yaml import safe_load

_NUMBERS: Final = frozenset({DataType.INTEGER, DataType.SIGNED_INTEGER})


class LossKind(StrEnum):
    """Why something of a record is not in the other edition."""

    NO_PLACE = "no-place"
    DOES_NOT_FIT = "does-not-fit"
    NOT_SUPPLIED = "not-supplied"
    REBUILT = "rebuilt"


@dataclass(frozen=True, slots=True)
class Loss:
    """One loss: the item (``business.group.field``), why, and the codes of the rules it breaks.

    ``rebuilt`` is no loss of a value: the value was made from another item, named in ``detail``.
    Holds no content of the record.
    """

    kind: LossKind
    ref: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Bridged:
    """A converted record: an answer for every item of the new group, and the losses."""

    group: Group
    edition_id: str
    answers: Mapping[str, Answer]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class ItemPair:
    """One item under its two names, with the code values that differ (old → new)."""

    source: DataItem
    target: DataItem
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Bridge:
    """The way from one edition to another. ``pairs`` are by group key of the old edition."""

    old: Edition
    new: Edition
    group_keys: Mapping[str, str]
    pairs: Mapping[str, tuple[ItemPair, ...]]
    flags: Mapping[str, str] = field(default_factory=dict)
    dropped_flags: Mapping[str, str] = field(default_factory=dict)

    def convert(self, group_key: str, answers: Mapping[str, Answer]) -> Bridged:
        """Return a record of the old group ``group_key`` as one of the new edition.

        Raises:
            KeyError: the new edition has no group for such records.
        """
        source = self.old.find_group(group_key)
        target = self.new.find_group(self.group_keys[group_key])
        if source is None or target is None:
            raise KeyError(group_key)
        converted: dict[str, Answer] = {}
        losses: list[Loss] = []
        for pair in self.pairs[group_key]:
            answer = answers.get(pair.source.field_name)
            if answer is not None:
                converted[pair.target.field_name] = _carried(pair, answer, losses)
        losses += self._without_place(source, answers)
        for item in target.items:
            if item.field_name not in converted:
                converted[item.field_name] = self._rebuilt(item, converted, losses)
        order = {name: converted[name] for name in target.by_field}
        return Bridged(target, self.new.edition_id, order, tuple(losses))

    def losses_of_design(self) -> tuple[Loss, ...]:
        """Return what every record loses, whatever it holds: items that the new edition lacks."""
        return tuple(
            Loss(LossKind.NO_PLACE, item.ref)
            for group in self.old.groups
            for item in group.items
            if not self._has_place(group.key, item)
        )

    def _has_place(self, group_key: str, item: DataItem) -> bool:
        return item.field_name in self.dropped_flags or any(
            pair.source.field_name == item.field_name for pair in self.pairs.get(group_key, ())
        )

    def _without_place(self, group: Group, answers: Mapping[str, Answer]) -> Iterator[Loss]:
        for item in group.items:
            answer = answers.get(item.field_name)
            if not _holds_something(answer) or self._has_place(group.key, item):
                if item.field_name in self.dropped_flags:
                    yield from _contradicted(item, answers, self.dropped_flags)
                continue
            yield Loss(LossKind.NO_PLACE, item.ref)

    def _rebuilt(
        self, item: DataItem, converted: Mapping[str, Answer], losses: list[Loss]
    ) -> Answer:
        """Return a flag from the text beside it; otherwise say that nothing supplies the item."""
        text = self.flags.get(item.field_name)
        answer = converted.get(text) if text else None
        if isinstance(answer, Value) or _says_nothing(answer):
            losses.append(Loss(LossKind.REBUILT, item.ref, str(text)))
            return Value("1" if isinstance(answer, Value) else "0")
        losses.append(Loss(LossKind.NOT_SUPPLIED, item.ref))
        return Absence(AbsenceReason.NOT_SUPPLIED)


def _holds_something(answer: Answer | None) -> bool:
    return isinstance(answer, Value) or (
        answer is not None and answer.reason is AbsenceReason.RECORDED_UNKNOWN
    )


def _says_nothing(answer: Answer | None) -> bool:
    empty = {AbsenceReason.NOT_RECORDED, AbsenceReason.NOT_APPLICABLE}
    return isinstance(answer, Absence) and answer.reason in empty


def _contradicted(
    item: DataItem, answers: Mapping[str, Answer], texts: Mapping[str, str]
) -> Iterator[Loss]:
    """Yield a loss where the flag says unknown and no text beside it would say so again."""
    flag, text = answers.get(item.field_name), answers.get(texts[item.field_name])
    if isinstance(flag, Value) and flag.value == "1" and not isinstance(text, Value):
        yield Loss(LossKind.NO_PLACE, item.ref, texts[item.field_name])


def _carried(pair: ItemPair, answer: Answer, losses: list[Loss]) -> Answer:
    if not isinstance(answer, Value):
        unknown = answer.reason is AbsenceReason.RECORDED_UNKNOWN
        if unknown and not pair.target.allows_unknown_date:
            losses.append(Loss(LossKind.DOES_NOT_FIT, pair.source.ref, "unknown date"))
        return answer
    value: Any = pair.codes.get(str(answer.value), answer.value)
    if pair.target.data_type in _NUMBERS and isinstance(value, str) and value.isdecimal():
        value = int(value)
    elif pair.target.data_type not in _NUMBERS and isinstance(value, int):
        value = str(value)
    if found := pair.target.check(value):
        losses.append(
            Loss(LossKind.DOES_NOT_FIT, pair.source.ref, ", ".join(q.code for q in found))
        )
        lost = Quality("LOST_IN_BRIDGE", Severity.ERROR, {"item_id": pair.target.item_id})
        return Absence(AbsenceReason.LOST_IN_MAPPING, (*answer.quality, *found, lost))
    label = pair.target.codes.labels.get(str(value)) if pair.target.codes else None
    return Value(value, label, answer.quality)


def bridge(old: Edition, new: Edition) -> Bridge:
    """Return the bridge from ``old`` to ``new``.

    Where the package knows the two (``bridges/``, either way round) its names are used; the rest
    goes by group name, official item id, and romaji name.

    Raises:
        ValueError: the editions are of two businesses.
    """
    if old.business_id != new.business_id:
        raise ValueError("there is no bridge between two businesses")
    known = _known(old, new)
    renamed = {entry["old"]: entry for entry in known["items"]}
    groups = dict(_group_keys(old, new, {g["old"]: g["new"] for g in known["groups"]}))
    pairs = {key: tuple(_pairs(old, new, key, other, renamed)) for key, other in groups.items()}
    flags = {entry["new"]: entry["text"] for entry in known["flags"]}
    backwards = known["backwards"]
    return Bridge(old, new, groups, pairs, {} if backwards else flags, flags if backwards else {})


def _group_keys(old: Edition, new: Edition, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    names = {group.name: group.key for group in new.groups}
    for group in old.groups:
        other = known.get(group.key) or names.get(group.name)
        if other is not None:
            yield group.key, other


def _pairs(
    old: Edition, new: Edition, key: str, other: str, renamed: Mapping[str, Mapping[str, Any]]
) -> Iterator[ItemPair]:
    source, target = old.find_group(key), new.find_group(other)
    if source is None or target is None:
        raise ValueError(f"the bridge names a group that is not there: {key}, {other}")
    official = not (old.provisional or new.provisional or old.api or new.api)
    ids = {item.item_id: item for item in target.items} if official else {}
    for item in source.items:
        entry = renamed.get(item.field_name, {})
        found = ids.get(item.item_id) or target.by_field.get(entry.get("new", item.field_name))
        if found is not None:
            yield ItemPair(item, found, entry.get("codes", {}))


def _known(old: Edition, new: Edition) -> dict[str, Any]:
    empty: dict[str, Any] = {"groups": [], "items": [], "flags": [], "backwards": False}
    for content in _files():
        if content["business"] != old.business_id:
            continue
        ends = (content["old"], content["new"])
        if ends == (old.edition_id, new.edition_id):
            return {**empty, **content}
        if ends == (new.edition_id, old.edition_id):
            return {**empty, **content, **_reversed(content), "backwards": True}
    return empty


def _reversed(content: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "groups": [{"old": g["new"], "new": g["old"]} for g in content["groups"]],
        "items": [
            {
                "old": entry["new"],
                "new": entry["old"],
                "codes": {new: old for old, new in entry.get("codes", {}).items()},
            }
            for entry in content["items"]
        ],
    }


@cache
def _files() -> tuple[dict[str, Any], ...]:
    folder = files("standard_models").joinpath("bridges")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".yaml")), key=lambda p: p.name)
    return tuple(safe_load(path.read_text("utf-8")) for path in paths)
