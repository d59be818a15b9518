"""What a new edition of the standard means for the grants that were made under the old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from standard_models.edition_changes import Change, ChangeKind, EditionChanges

_LOST = (ChangeKind.REMOVED, ChangeKind.GROUP_REMOVED)


@dataclass(frozen=True, slots=True)
class GrantEffect:
    """One grant and a change that concerns it. ``ref`` is the granted item."""

    ref: str
    change: Change
    text_ja: str
    text_en: str


def grant_effects(granted: Iterable[str], changes: EditionChanges) -> Iterator[GrantEffect]:
    """Yield what the changes mean for a grant of ``granted`` (references of items).

    A grant holds items, never groups, so an edition cannot widen it. The loss of a group is an
    effect on every item of it that is granted.
    """
    for ref in granted:
        group = ref.rpartition(".")[0]
        for change in changes.changes:
            if change.ref in {ref, group} and (texts := _texts(change)):
                yield GrantEffect(ref, change, *texts)


def _texts(change: Change) -> tuple[str, str] | None:
    if change.kind in _LOST:
        return (
            "新しい版にないため、この許可では回答されなくなります。",
            "not in the new edition: this grant will no longer be answered",
        )
    if change.kind is ChangeKind.RENAMED:
        return (
            f"名前が変わります（{change.after}）。新しい名前で許可し直す必要があります。",
            f"it has another name ({change.after}): grant it again under the new one",
        )
    if change.kind is ChangeKind.ADDRESS_CLASS_CHANGED:
        return (
            "住所に関わる項目の指定が変わり、保護の効き方が変わります。",
            "the address class changes, and protection with it",
        )
    return None
