"""Items whose text is a value of its own: relationships, parts of names, numbers, bank kana.

The rules are those of ``standard_models.values``; here they only become answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from adapters.mapping.conversions import about, checked, finding, lost
from adapters.mapping.model import ItemRule, Text
from adapters.mapping.value_rules import NamePart, Number, NumberKind, Relationship
from standard_models.answers import Absence, AbsenceReason, Answer, Quality, Severity
from standard_models.dictionary import DataItem
from standard_models.values.bank_kana import to_bank_kana
from standard_models.values.identifiers import AddresseeNumber, HouseholdNumber, MunicipalityCode
from standard_models.values.names import parse_name
from standard_models.values.personal_numbers import PensionNumber
from standard_models.values.relationships import parse_relationship

Finish = Callable[[str, tuple[Quality, ...]], Answer]
"""From a text without local characters, and what was seen in it, to the answer."""
_Digits = tuple[str | None, tuple[Quality, ...]]


def value_item(item: DataItem, rule: ItemRule) -> Finish | None:
    """Return how the text of ``rule`` becomes a value; None where it is a text and no more."""
    if rule.relationship is not None:
        return _relationship(item, rule.relationship)
    if rule.name is not None:
        return _name_part(item, rule.name)
    if rule.number is not None:
        return _number(item, rule.number)
    return _bank_kana(item) if rule.text is Text.BANK_KANA else None


def _relationship(item: DataItem, rule: Relationship) -> Finish:
    """Return a link as the code whose label it is, or as words where the item has no codes.

    A chain with fewer links has no such link: ``not-applicable``. Words that the register does not
    have are lost; whoever knows them declares what they mean by a step.
    """
    codes = {label: code for code, label in item.codes.labels.items()} if item.codes else None
    unmapped = finding(item, "UNMAPPED_CODE", Severity.WARNING)

    def finish(text: str, quality: tuple[Quality, ...]) -> Answer:
        reading = parse_relationship(text)
        seen = (*quality, *about(item, reading.quality))
        if reading.relationship is None:
            return lost(*seen)
        links = reading.relationship.links
        if rule.link is not None and rule.link > len(links):
            return Absence(AbsenceReason.NOT_APPLICABLE)
        words = str(reading.relationship) if rule.link is None else links[rule.link - 1]
        if codes is None:
            return checked(item, words, seen)
        return checked(item, codes[words], seen) if words in codes else lost(*seen, unmapped)

    return finish


def _name_part(item: DataItem, rule: NamePart) -> Finish:
    unsplit = finding(item, "NAME_NOT_SPLIT", Severity.WARNING)

    def finish(text: str, quality: tuple[Quality, ...]) -> Answer:
        reading = parse_name(text)
        seen = tuple(q for q in reading.quality if q.code != unsplit.code)
        seen = (*quality, *about(item, seen))
        parts = reading.name.parts if reading.name is not None else ()
        if len(parts) != rule.of:
            return Absence(AbsenceReason.NOT_RECORDED, (*seen, unsplit))
        return checked(item, parts[rule.part - 1], seen)

    return finish


def _number(item: DataItem, rule: Number) -> Finish:
    read = _NUMBERS[rule.kind]

    def finish(text: str, quality: tuple[Quality, ...]) -> Answer:
        digits, found = read(text, rule.width)
        seen = (*quality, *about(item, found))
        if digits is not None:
            return checked(item, digits, seen)
        return lost(*seen) if found else Absence(AbsenceReason.NOT_RECORDED, seen)

    return finish


def _addressee(text: str, width: int | None) -> _Digits:
    reading = AddresseeNumber.parse(text, width)
    return reading.number.value if reading.number else None, reading.quality


def _household(text: str, width: int | None) -> _Digits:
    reading = HouseholdNumber.parse(text, width)
    return reading.number.value if reading.number else None, reading.quality


def _municipality(text: str, _width: int | None) -> _Digits:
    reading = MunicipalityCode.parse(text)
    return reading.number.value if reading.number else None, reading.quality


def _pension(text: str, _width: int | None) -> _Digits:
    reading = PensionNumber.parse(text)
    return reading.number.reveal() if reading.number else None, reading.quality


_NUMBERS: Final[Mapping[NumberKind, Callable[[str, int | None], _Digits]]] = {
    NumberKind.ADDRESSEE: _addressee,
    NumberKind.HOUSEHOLD: _household,
    NumberKind.MUNICIPALITY: _municipality,
    NumberKind.PENSION: _pension,
}


def _bank_kana(item: DataItem) -> Finish:
    def finish(text: str, quality: tuple[Quality, ...]) -> Answer:
        reading = to_bank_kana(text)
        seen = (*quality, *about(item, reading.quality))
        return lost(*seen) if reading.text is None else checked(item, reading.text, seen)

    return finish
