"""What changed between two editions of a business, item by item and code by code.

Items are the same where the bridge between the editions carries one to the other. What is only
called otherwise (romaji, Japanese name, group) is renamed, not new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from standard_models.bridge import bridge
from standard_models.dictionary import CodeTable, Condition, DataItem, DataType, Edition


class ChangeKind(StrEnum):
    """What happened to an item, a group or a code."""

    GROUP_ADDED = "group-added"
    GROUP_REMOVED = "group-removed"
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    WIDENED = "widened"
    NARROWED = "narrowed"
    TYPE_CHANGED = "type-changed"
    CONDITION_CHANGED = "condition-changed"
    KEY_CHANGED = "key-changed"
    REPEAT_CHANGED = "repeat-changed"
    UNKNOWN_DATE_CHANGED = "unknown-date-changed"
    ADDRESS_CLASS_CHANGED = "address-class-changed"
    CODES_CHANGED = "codes-changed"
    CODE_ADDED = "code-added"
    CODE_REMOVED = "code-removed"
    CODE_RELABELLED = "code-relabelled"


BREAKING: Final = frozenset(
    {
        ChangeKind.GROUP_REMOVED,
        ChangeKind.REMOVED,
        ChangeKind.RENAMED,
        ChangeKind.NARROWED,
        ChangeKind.TYPE_CHANGED,
        ChangeKind.KEY_CHANGED,
        ChangeKind.CODE_REMOVED,
        ChangeKind.CODES_CHANGED,
        ChangeKind.CODE_RELABELLED,
    }
)
"""Kinds after which what was right under the old edition can be wrong under the new one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. ``ref`` is that of the old edition; of the new one for what is added.

    ``before`` and ``after`` are lengths, types, names, codes: never contents of a record.
    """

    kind: ChangeKind
    ref: str
    name: str
    before: str = ""
    after: str = ""
    new_ref: str | None = None

    @property
    def breaking(self) -> bool:
        """Tell whether mappings, grants or stored records may have to change."""
        match self.kind:
            case ChangeKind.CONDITION_CHANGED:
                return self.after == Condition.REQUIRED
            case ChangeKind.UNKNOWN_DATE_CHANGED:
                return self.after == "-"
            case ChangeKind.REPEAT_CHANGED:
                return int(self.after) < int(self.before)
            case _:
                return self.kind in BREAKING


@dataclass(frozen=True, slots=True)
class EditionChanges:
    """Every change from ``old`` to ``new``, in the order of the lists."""

    old: Edition
    new: Edition
    changes: tuple[Change, ...]

    def of(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """Return the changes of these kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    def touching(self, ref: str) -> tuple[Change, ...]:
        """Return what concerns the item or the group of this reference in the old edition."""
        return tuple(
            change
            for change in self.changes
            if change.ref == ref or change.ref.startswith(ref + ".")
        )


def compare(old: Edition, new: Edition) -> EditionChanges:
    """Return what changed from ``old`` to ``new``.

    Raises:
        ValueError: the editions are of two businesses.
    """
    if old.business_id != new.business_id:
        raise ValueError("editions of two businesses cannot be compared")
    pairs = dict(_pairs(old, new))
    changes = [*_groups(old, new)]
    for item in old.items:
        other = pairs.get(item.ref)
        if other is None:
            changes.append(Change(ChangeKind.REMOVED, item.ref, item.name))
        else:
            changes += _item_changes(item, other)
    found = {item.ref for item in pairs.values()}
    changes += [
        Change(ChangeKind.ADDED, item.ref, item.name, after=item.condition.value, new_ref=item.ref)
        for item in new.items
        if item.ref not in found
    ]
    return EditionChanges(old, new, tuple(changes))


def _pairs(old: Edition, new: Edition) -> Iterator[tuple[str, DataItem]]:
    for pairs in bridge(old, new).pairs.values():
        for pair in pairs:
            yield pair.source.ref, pair.target


def _groups(old: Edition, new: Edition) -> Iterator[Change]:
    keys = bridge(old, new).group_keys
    for group in old.groups:
        other = new.find_group(keys.get(group.key, ""))
        if other is None:
            yield Change(ChangeKind.GROUP_REMOVED, group.ref, group.name)
        elif (other.key, other.name) != (group.key, group.name):
            before, after = f"{group.name} {group.key}", f"{other.name} {other.key}"
            yield Change(ChangeKind.RENAMED, group.ref, group.name, before, after, other.ref)
    for group in new.groups:
        if group.key not in keys.values():
            yield Change(ChangeKind.GROUP_ADDED, group.ref, group.name, new_ref=group.ref)


def _names(item: DataItem) -> str:
    return f"{item.name} {item.field_name}"


def _mark(*, given: bool) -> str:
    return "○" if given else "-"


def _keys(item: DataItem) -> str:
    return _mark(given=item.primary_key) + _mark(given=item.foreign_key)


_FACTS: Final[Mapping[ChangeKind, Callable[[DataItem], str]]] = {
    ChangeKind.RENAMED: _names,
    ChangeKind.TYPE_CHANGED: lambda item: item.data_type.value,
    ChangeKind.CONDITION_CHANGED: lambda item: item.condition.value,
    ChangeKind.KEY_CHANGED: _keys,
    ChangeKind.REPEAT_CHANGED: lambda item: str(item.repeat or 1),
    ChangeKind.UNKNOWN_DATE_CHANGED: lambda item: _mark(given=item.allows_unknown_date),
    ChangeKind.ADDRESS_CLASS_CHANGED: lambda item: _mark(given=item.address_class),
}


def _item_changes(old: DataItem, new: DataItem) -> Iterator[Change]:
    for kind, fact in _FACTS.items():
        if fact(old) != fact(new):
            yield Change(kind, old.ref, old.name, fact(old), fact(new), new.ref)
    if _sized(old) and _sized(new):
        sizes = (old.length, old.fraction), (new.length, new.fraction)
        narrower = sizes[1][0] < sizes[0][0] or sizes[1][1] < sizes[0][1]
        if sizes[0] != sizes[1]:
            kind = ChangeKind.NARROWED if narrower else ChangeKind.WIDENED
            yield Change(kind, old.ref, old.name, _size(old), _size(new), new.ref)
    yield from _code_changes(old, new)


def _sized(item: DataItem) -> bool:
    fixed = {DataType.DATE, DataType.TIME, DataType.YEAR, DataType.BLOB}
    return item.data_type not in fixed


def _size(item: DataItem) -> str:
    return f"{item.length},{item.fraction}" if item.fraction else str(item.length)


def _labels(table: CodeTable | None) -> Mapping[str, str]:
    return table.labels if table else {}


def _code_changes(old: DataItem, new: DataItem) -> Iterator[Change]:
    if (old.codes is None) != (new.codes is None):
        before, after = old.code_id or "-", new.code_id or "-"
        yield Change(ChangeKind.CODES_CHANGED, old.ref, old.name, before, after, new.ref)
        return
    before_labels, after_labels = _labels(old.codes), _labels(new.codes)
    for code in dict.fromkeys([*before_labels, *after_labels]):
        labels = before_labels.get(code), after_labels.get(code)
        if labels[0] == labels[1]:
            continue
        kind = ChangeKind.CODE_RELABELLED
        if None in labels:
            kind = ChangeKind.CODE_ADDED if labels[0] is None else ChangeKind.CODE_REMOVED
        texts = ["" if label is None else f"{code} {label}" for label in labels]
        yield Change(kind, old.ref, old.name, texts[0], texts[1], new.ref)


def describe(change: Change) -> tuple[str, str]:
    """Return the change in one Japanese and one English sentence part."""
    ja, en = _WORDS[change.kind]
    values: dict[str, Any] = {"before": change.before, "after": change.after}
    return ja.format(**values), en.format(**values)


_WORDS: Final[Mapping[ChangeKind, Sequence[str]]] = {
    ChangeKind.GROUP_ADDED: ("グループの追加", "new group"),
    ChangeKind.GROUP_REMOVED: ("グループの廃止", "group removed"),
    ChangeKind.ADDED: ("項目の追加（{after}）", "new item ({after})"),
    ChangeKind.REMOVED: ("項目の廃止", "item removed"),
    ChangeKind.RENAMED: ("名称の変更：{before} → {after}", "renamed: {before} → {after}"),
    ChangeKind.WIDENED: ("桁数の拡大：{before} → {after}", "widened: {before} → {after}"),
    ChangeKind.NARROWED: ("桁数の縮小：{before} → {after}", "narrowed: {before} → {after}"),
    ChangeKind.TYPE_CHANGED: ("データ型の変更：{before} → {after}", "type: {before} → {after}"),
    ChangeKind.CONDITION_CHANGED: (
        "出力条件の変更：{before} → {after}",
        "condition: {before} → {after}",
    ),
    ChangeKind.KEY_CHANGED: (
        "主キー・外部キーの変更：{before} → {after}",
        "keys: {before} → {after}",
    ),
    ChangeKind.REPEAT_CHANGED: ("繰り返しの変更：{before} → {after}", "repeat: {before} → {after}"),
    ChangeKind.UNKNOWN_DATE_CHANGED: (
        "不詳日の許容の変更：{before} → {after}",
        "unknown dates: {before} → {after}",
    ),
    ChangeKind.ADDRESS_CLASS_CHANGED: (
        "住所に関わる項目かの変更：{before} → {after}",
        "address class: {before} → {after}",
    ),
    ChangeKind.CODES_CHANGED: (
        "コード表の変更：{before} → {after}",
        "code table: {before} → {after}",
    ),
    ChangeKind.CODE_ADDED: ("コードの追加：{after}", "new code: {after}"),
    ChangeKind.CODE_REMOVED: ("コードの廃止：{before}", "code removed: {before}"),
    ChangeKind.CODE_RELABELLED: (
        "コードの意味の変更：{before} → {after}",
        "code means something else: {before} → {after}",
    ),
}
