"""What a record of an extract says of a My Number, and why nothing may be taken of it. Pure.

The number is taken from the item 個人番号 of whatever group has it, by its official name; nothing
else of a record is looked at but whose it is (MN-6).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import LostRecord
from adapters.manifest import Manifest, Support
from gateway.api.limits import text_holds_number
from gateway.my_numbers.files import MY_NUMBER_COLUMN, NUMBER_SHAPE
from standard_models.answers import AbsenceReason, Answer, Quality, Severity, StandardRecord, Value
from standard_models.dictionary import Dictionary
from standard_models.values.identifiers import MyNumber

PERSON_UNKNOWN: Final = "PERSON_UNKNOWN"
TWO_NUMBERS: Final = "TWO_NUMBERS"
NUMBER_MALFORMED: Final = "NUMBER_MALFORMED"
NOT_SAID: Final = "NOT_SAID"
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "CHECK_DIGIT_WRONG": ("検査用数字が合わない", "the check digit is wrong"),
    "IDENTIFIER_MALFORMED": ("12 桁の数字ではない", "not twelve digits"),
    PERSON_UNKNOWN: (
        "登録のない宛名番号（先に subject import）",
        "nobody is linked to the 宛名番号 (subject import)",
    ),
    TWO_NUMBERS: (
        "同じ人に別の番号がある。どちらも使わない",
        "another number of the same person; neither is used",
    ),
    NUMBER_MALFORMED: ("宛名番号の形が正しくない", "not a 宛名番号"),
    NOT_SAID: ("個人番号を読めない", "the number cannot be read"),
    "NO_SUBJECT": ("宛名番号がない", "the record does not say whose it is"),
}
"""Why nothing of a record was taken, in Japanese and English. Other codes are of the mapping."""

_BLANK: Final = {
    AbsenceReason.NOT_RECORDED,
    AbsenceReason.NOT_APPLICABLE,
    AbsenceReason.RECORDED_UNKNOWN,
}
_BROKEN: Final = {Severity.ERROR, Severity.REJECT}


@dataclass(frozen=True, slots=True)
class NumberReading:
    """One record: whose it is, the number, and why it may not be used.

    ``codes`` are empty for a record that is good; one without a My Number has none either.
    """

    place: str
    number: str | None = field(repr=False)
    my_number: MyNumber | None = None
    codes: tuple[str, ...] = ()


def my_number_items(manifest: Manifest, dictionary: Dictionary) -> Mapping[str, str]:
    """Return the field of 個人番号 of each group of the adapter that supplies it."""
    gone = {Support.NOT_IMPLEMENTED, Support.IMPOSSIBLE}
    found = {}
    for supply in manifest.supplies:
        missing = {entry.field for entry in supply.except_items if entry.support in gone}
        for item in dictionary.groups[supply.group].items:
            if item.name == MY_NUMBER_COLUMN and item.field_name not in missing:
                found[supply.group] = item.field_name
    return found


def read_record(record: StandardRecord, field_name: str, place: str) -> NumberReading:
    """Return what a record says.

    Raises:
        LookupError: the mapping does not supply the item at all.

    """
    number = record.subject_number
    if not NUMBER_SHAPE.fullmatch(number):
        return NumberReading(place, None, codes=(NUMBER_MALFORMED,))
    if codes := _codes(record):
        return NumberReading(place, number, codes=codes)
    answer = record.answers.get(field_name)
    my_number, codes = _answered(answer)
    if my_number is not None and my_number.reveal() == number:
        # The mapping takes one column for both: which of them it is, nobody can tell.
        return NumberReading(place, None, codes=(NUMBER_MALFORMED,))
    return NumberReading(place, number, None if codes else my_number, codes)


def read_lost(lost: LostRecord) -> NumberReading:
    """Return a record that could not be made. What its reader says is not believed to be clean."""
    place = "" if text_holds_number(lost.place) else lost.place
    codes = tuple(q.code for q in lost.quality if not text_holds_number(q.code))
    return NumberReading(place, None, codes=codes or (NOT_SAID,))


def _answered(answer: Answer | None) -> tuple[MyNumber | None, tuple[str, ...]]:
    if isinstance(answer, Value):
        reading = MyNumber.parse(str(answer.value))
        return reading.number, tuple(q.code for q in (*answer.quality, *reading.quality) if _bad(q))
    if answer is None or answer.reason is AbsenceReason.NOT_SUPPLIED:
        raise LookupError(MY_NUMBER_COLUMN)
    if answer.reason in _BLANK:
        return None, ()
    return None, tuple(q.code for q in answer.quality) or (NOT_SAID,)


def _codes(record: StandardRecord) -> tuple[str, ...]:
    return tuple(q.code for q in record.quality if q.severity is Severity.REJECT)


def _bad(quality: Quality) -> bool:
    return quality.severity in _BROKEN


def reasons(codes: Sequence[str], language: int) -> str:
    """Return reasons as people read them: in Japanese (0) or English (1)."""
    return "、".join(REASONS[code][language] if code in REASONS else code for code in codes)
