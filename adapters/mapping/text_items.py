"""A text of a record as a text item: local characters, forms, parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.mapping.conversions import (
    REPLACEMENT,
    about,
    checked,
    checker,
    finding,
    lost,
    plain_text,
)
from adapters.mapping.model import ItemRule, Split, Text
from adapters.mapping.value_items import Finish, value_item
from standard_models.answers import Absence, AbsenceReason, Answer, Quality, Severity, Value
from standard_models.characters.gaiji import GaijiTable
from standard_models.dictionary import DataItem, DataType
from standard_models.values.text import (
    BLANK_WIDE,
    is_full_width,
    is_half_width,
    remove_controls,
    to_full_width,
    to_full_width_name,
    to_half_width,
)


@dataclass(frozen=True, slots=True)
class SystemCharacters:
    """The local characters (外字) of the system that a mapping describes."""

    system: str
    table: GaijiTable


def text_content(
    item: DataItem, rule: ItemRule, characters: SystemCharacters
) -> Callable[[Any], Answer]:
    """Return how the content of a text item is read.

    Controls go, local characters (外字) become the ones they stand for; then the declared form, or
    the value that the text is. ``WRONG_TYPE`` (E) for a content that is no text, ``UNDECODABLE``
    (E) for one in which somebody before us has lost a character.
    """
    value = value_item(item, rule)
    style = Text.AS_IS if value is not None else _style(item, rule)
    finish = _split(item, rule.split) if rule.split is not None else value
    wrong = lost(finding(item, "WRONG_TYPE", Severity.ERROR, expected="text"))
    undecodable = lost(finding(item, "UNDECODABLE", Severity.ERROR))
    check = checker(item)
    stands = _stands(item, style) if finish is None else None

    def convert(raw: Any) -> Answer:
        if not isinstance(raw, str):
            return wrong
        if stands is not None and stands(raw):
            return Value(raw)
        text: str | None = raw
        quality: tuple[Quality, ...] = ()
        # Python counts every control, format and private-use character as not printable, and
        # the full-width blank; so this lets only plain text pass, at the price of one scan.
        if REPLACEMENT in raw:
            return undecodable
        if not raw.replace(BLANK_WIDE, "").isprintable():
            text, quality = _readable(item, raw, characters)
        if text is not None and style is not Text.AS_IS:
            text, quality = _in_style(text, style, quality)
        if text is None:
            return Absence(AbsenceReason.NOT_RECORDED, quality)
        return check(text, quality) if finish is None else finish(text, quality)

    if rule.number is None:
        return convert
    return lambda raw: convert(plain_text(raw) if isinstance(raw, int) else raw)


def _stands(item: DataItem, style: Text) -> Callable[[str], bool] | None:
    """Return what tells that a text is the value as it stands; None where none is for certain.

    Most texts are: then nothing of what is below has anything to do. A text of which it says no
    may still become a value.
    """
    if item.codes is not None or style not in {Text.AS_IS, Text.FULL_WIDTH}:
        return None
    if item.data_type is DataType.HALF_WIDTH and style is Text.AS_IS:
        return lambda text: 0 < len(text) <= item.length and is_half_width(text)
    if item.data_type is DataType.FULL_WIDTH:
        return lambda text: (
            0 < len(text) <= item.length
            and is_full_width(text)
            and text.replace(BLANK_WIDE, "").isprintable()
            and REPLACEMENT not in text
        )
    return None


def _style(item: DataItem, rule: ItemRule) -> Text:
    wide = item.data_type is DataType.FULL_WIDTH
    return rule.text or (Text.FULL_WIDTH if wide else Text.AS_IS)


def _readable(
    item: DataItem, raw: str, characters: SystemCharacters
) -> tuple[str | None, tuple[Quality, ...]]:
    """Return the text without controls and without local characters (外字)."""
    reading = remove_controls(raw)
    text, quality = reading.text, reading.quality
    if text is None:
        return None, quality
    resolved = characters.table.resolve(characters.system, text)
    return resolved.text, (*quality, *about(item, resolved.quality))


def _in_style(
    text: str, style: Text, quality: tuple[Quality, ...]
) -> tuple[str | None, tuple[Quality, ...]]:
    if style is Text.FULL_WIDTH_NAME:
        reading = to_full_width_name(text)
        return reading.text, (*quality, *reading.quality)
    if style is Text.HALF_WIDTH:
        return to_half_width(text), quality
    return text if is_full_width(text) else to_full_width(text), quality


def _split(item: DataItem, split: Split) -> Finish:
    def finish(text: str, quality: tuple[Quality, ...]) -> Answer:
        first, separator, second = text.partition(split.at)
        if not separator or split.at in second:
            unsplit = finding(item, "NAME_NOT_SPLIT", Severity.WARNING)
            return Absence(AbsenceReason.NOT_RECORDED, (*quality, unsplit))
        return checked(item, first if split.part == 1 else second, quality)

    return finish
