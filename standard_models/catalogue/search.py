"""Find items and groups by Japanese name, English label, romaji or id.

Keys are for finding only: width, case, hiragana and katakana, blanks and ``_`` do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from standard_models.dictionary import Dictionary, Edition


class Match(IntEnum):
    """Why something was found, the best reason first."""

    ID = 0
    EXACT = 1
    BEGINNING = 2
    INSIDE = 3
    BESIDE = 4
    """Each word is in one of the names, no name has all of them."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An item, or a group (``item_id`` None), and why it was found."""

    ref: str
    item_id: str | None
    name: str
    label_en: str
    edition_id: str
    provisional: bool
    match: Match


@dataclass(frozen=True, slots=True)
class _Entry:
    hit: Hit
    names: tuple[str, ...]
    beside: str


_APART = re.compile(r"[\s_＿・]+")
_KANA = {code: code + 0x60 for code in range(0x3041, 0x3097)}


def search_key(text: str) -> str:
    """Return what names and queries are compared by; idempotent."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    key = _APART.sub("", folded.translate(_KANA))
    return key if key == text else search_key(key)


def search(dictionary: Dictionary, query: str, limit: int = 30) -> list[Hit]:
    """Return at most ``limit`` items and groups of the editions in force, the best first.

    Several words must all be found. An id finds items of every edition installed. Equal matches
    stand in the order of the lists, shorter names first.
    """
    words = [key for word in query.split() if (key := search_key(word))]
    if not words:
        return []
    whole = search_key(query)
    found = [
        (match, len(entry.names[0]), position, entry.hit)
        for position, entry in enumerate(_entries(dictionary.editions))
        if (match := _match(entry, whole, words)) is not None
    ]
    item = dictionary.find_item_by_id(query.strip().upper())
    hits = [
        Hit(hit.ref, hit.item_id, hit.name, hit.label_en, hit.edition_id, hit.provisional, match)
        for match, _, _, hit in sorted(found, key=lambda entry: entry[:3])
        if item is None or hit.item_id != item.item_id
    ]
    if item is not None:
        edition_id = dictionary.group_of(item).edition_id
        hit = Hit(
            item.ref, item.item_id, item.name, item.label_en, edition_id, item.provisional, Match.ID
        )
        hits.insert(0, hit)
    return hits[:limit]


def _entries(editions: Iterable[Edition]) -> Iterator[_Entry]:
    for edition in editions:
        for group in edition.groups:
            yield _entry(
                Hit(
                    group.ref, None, group.name, group.label_en, edition.edition_id,
                    edition.provisional, Match.BESIDE,
                ),
                group.key,
                edition.name + edition.label_en,
            )  # fmt: skip
            for item in group.items:
                yield _entry(
                    Hit(
                        item.ref, item.item_id, item.name, item.label_en, edition.edition_id,
                        edition.provisional, Match.BESIDE,
                    ),
                    item.field_name,
                    edition.name + group.name + group.label_en + item.definition,
                )  # fmt: skip


def _entry(hit: Hit, romaji: str, beside: str) -> _Entry:
    names = (hit.name, romaji, hit.label_en, hit.ref)
    return _Entry(hit, tuple(search_key(name) for name in names), search_key(beside))


def _match(entry: _Entry, whole: str, words: list[str]) -> Match | None:
    if whole in entry.names:
        return Match.EXACT
    if any(name.startswith(whole) for name in entry.names):
        return Match.BEGINNING
    if any(all(word in name for word in words) for name in entry.names):
        return Match.INSIDE
    around = "".join((*entry.names, entry.beside))
    if len(words) > 1 and all(word in around for word in words):
        return Match.BESIDE
    return None
