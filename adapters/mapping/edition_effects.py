"""What a new edition means for a mapping that was written for the old one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from adapters.mapping.model import ItemRule
from adapters.mapping.model import Mapping as MappingDocument
from standard_models.dictionary import Condition
from standard_models.edition_changes import Change, ChangeKind, EditionChanges


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to do, or to know, because of a change. ``breaking``: it does not work without."""

    change: Change
    breaking: bool
    text_ja: str
    text_en: str


_TEXTS: Mapping[ChangeKind, tuple[str, str]] = {
    ChangeKind.GROUP_REMOVED: (
        "このグループは新しい版にありません。対応表から外すか、別のグループへ移してください。",
        "the group is not in the new edition: take it out or move it to another group",
    ),
    ChangeKind.REMOVED: (
        "この項目は新しい版にありません。対応表から外してください。",
        "the item is not in the new edition: take it out of the mapping",
    ),
    ChangeKind.RENAMED: (
        "名前が変わります（{after}）。対応表の名前を直してください。",
        "it has another name ({after}): change the name in the mapping",
    ),
    ChangeKind.NARROWED: (
        "{after} 桁を超える値は移せなくなります（今は {before} 桁）。実データで確かめてください。",
        "values longer than {after} (now {before}) will be lost: look at the real data",
    ),
    ChangeKind.TYPE_CHANGED: (
        "データ型が {before} から {after} に変わります。変換を見直してください。",
        "the type changes from {before} to {after}: look at the conversion",
    ),
    ChangeKind.CODES_CHANGED: (
        "コード表の有無が変わります（{before} → {after}）。読み替え表を見直してください。",
        "the code table comes or goes ({before} → {after}): look at the code translation",
    ),
    ChangeKind.CODE_REMOVED: (
        "コード「{before}」がなくなります。読み替え表のこの行は使えなくなります。",
        "the code {before} goes: rows of the code translation that lead to it fail",
    ),
    ChangeKind.CODE_RELABELLED: (
        "コードの意味が変わります（{before} → {after}）。読み替え表を見直してください。",
        "a code means something else ({before} → {after}): look at the code translation",
    ),
    ChangeKind.CODE_ADDED: (
        "コード「{after}」が増えます。元のシステムに当たる値があれば読み替え表に加えてください。",
        "the code {after} is new: add a row if the source has a value for it",
    ),
    ChangeKind.CONDITION_CHANGED: (
        "出力条件が {before} から {after} に変わります。",
        "the condition changes from {before} to {after}",
    ),
    ChangeKind.UNKNOWN_DATE_CHANGED: (
        "不詳日の扱いが変わります（{before} → {after}）。",
        "whether the date may be unknown changes ({before} → {after})",
    ),
    ChangeKind.REPEAT_CHANGED: (
        "繰り返しの数が変わります（{before} → {after}）。",
        "the number of repetitions changes ({before} → {after})",
    ),
    ChangeKind.KEY_CHANGED: (
        "主キー・外部キーが変わります（{before} → {after}）。",
        "the keys change ({before} → {after})",
    ),
    ChangeKind.ADDRESS_CLASS_CHANGED: (
        "住所に関わる項目の指定が変わります（{before} → {after}）。保護の効き方が変わります。",
        "whether a place of living follows changes ({before} → {after}), and protection with it",
    ),
    ChangeKind.WIDENED: (
        "桁数が {before} から {after} に広がります。対応は不要です。",
        "wider, from {before} to {after}: nothing to do",
    ),
}


def mapping_effects(document: MappingDocument, changes: EditionChanges) -> Iterator[Effect]:
    """Yield what the changes mean for ``document``, in the order of the lists.

    Changes of items that the mapping does not fill have no effect on it; an item that becomes
    mandatory, or a new mandatory one, in a group that it fills has.
    """
    for change in changes.changes:
        group = change.ref.rpartition(".")[0] if change.ref.count(".") == 2 else change.ref
        rule = document.groups.get(group)
        if rule is None:
            continue
        field = change.ref.rpartition(".")[2]
        filled: ItemRule | None = rule.items.get(field)
        if change.kind is ChangeKind.ADDED:
            yield from _added(change)
        elif change.ref == group or filled is not None:
            yield from _touched(change)
        elif change.kind is ChangeKind.CONDITION_CHANGED and change.breaking:
            yield _effect(
                change, "必須になりますが、対応表にありません。", "now mandatory, not mapped"
            )


def _added(change: Change) -> Iterator[Effect]:
    if change.after == Condition.REQUIRED:
        yield Effect(
            change,
            breaking=True,
            text_ja="必須の項目が増えます。対応表に加えてください。",
            text_en="a new mandatory item: add it to the mapping",
        )
    else:
        yield Effect(
            change,
            breaking=False,
            text_ja=f"項目が増えます（{change.after}）。元のシステムにあれば対応表に加えてください。",
            text_en="a new item: map it if the source has it",
        )


def _touched(change: Change) -> Iterator[Effect]:
    if texts := _TEXTS.get(change.kind):
        values = {"before": change.before, "after": change.after}
        yield _effect(change, texts[0].format(**values), texts[1].format(**values))


def _effect(change: Change, text_ja: str, text_en: str) -> Effect:
    return Effect(change, change.breaking, text_ja, text_en)
