"""What is wrong with a submission, by its place; no text repeats a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.api.limits import text_holds_number
from gateway.problems import FieldError, Problem
from gateway.submissions.schemas import Submission
from standard_models.answers import JsonScalar
from standard_models.dictionary import DataItem, DataType, Dictionary

_FORMS: Final[Mapping[DataType, tuple[str, str]]] = {
    DataType.HALF_WIDTH: (
        "半角 {length} 文字以内の文字列",
        "a string of at most {length} half-width characters",
    ),
    DataType.FULL_WIDTH: (
        "全角 {length} 文字以内の文字列",
        "a string of at most {length} full-width characters",
    ),
    DataType.INTEGER: (
        "{length} 桁以内の 0 以上の整数（引用符なし）",
        "a JSON integer of at most {length} digits, not negative",
    ),
    DataType.SIGNED_INTEGER: (
        "{length} 桁以内の整数（引用符なし）",
        "a JSON integer of at most {length} digits",
    ),
    DataType.DECIMAL: (
        "整数部 {length} 桁・小数部 {fraction} 桁以内の数の文字列",
        "a string with a number of at most {length} digits before and {fraction} after the point",
    ),
    DataType.YEAR: ("西暦 4 桁の文字列", "a string with a year of four digits"),
    DataType.DATE: ("暦にある日付（YYYY-MM-DD）の文字列", "a string with a day (YYYY-MM-DD)"),
    DataType.TIME: (
        "時刻（HH:MM か HH:MM:SS）の文字列",
        "a string with a time (HH:MM or HH:MM:SS)",
    ),
    DataType.BLOB: ("base64 の文字列", "a string in base64"),
}


def at_item(place: int, detail_ja: str, detail_en: str, member: str = "item") -> FieldError:
    """Return what is wrong with one member of an item."""
    return FieldError(f"/items/{place}/{member}", detail_ja, detail_en)


def known_items(stated: Submission, dictionary: Dictionary) -> list[DataItem]:
    """Return the items.

    Raises:
        Problem: ``unknown-item``; ``invalid-body`` for one that is named twice.

    """
    found = [dictionary.find_item(entry.item) for entry in stated.items]
    wrong = [
        at_item(place, "この参照名の項目はありません。", "No such item.")
        for place, item in enumerate(found)
        if item is None
    ]
    if wrong:
        raise Problem("unknown-item", errors=wrong)
    references = [entry.item for entry in stated.items]
    twice = [
        at_item(place, "同じ項目が二度あります。", "The item is named twice.")
        for place, reference in enumerate(references)
        if reference in references[:place]
    ]
    if twice:
        raise Problem("invalid-body", errors=twice)
    return [item for item in found if item is not None]


def misfits(stated: Submission, items: Sequence[DataItem]) -> Sequence[FieldError]:
    """Return every value that does not have the form of its item."""
    return [
        at_item(
            place,
            f"{wanted[0]}にしてください（{finding.code}）。",
            f"Must be {wanted[1]} ({finding.code}).",
            "value",
        )
        for place, (entry, item) in enumerate(zip(stated.items, items, strict=True))
        for wanted in (_wanted(item),)
        for finding in item.check(entry.value)
    ]


def _wanted(item: DataItem) -> tuple[str, str]:
    """Say what a value of the item looks like, in both languages."""
    if item.codes is not None:
        code = item.codes.code_id
        return f"コード表 {code} にあるコードの文字列", f"a string with a code of table {code}"
    limits = {"length": item.length, "fraction": item.fraction}
    japanese, english = _FORMS[item.data_type]
    return japanese.format(**limits), english.format(**limits)


def numbers_in_texts(stated: Submission, items: Sequence[DataItem]) -> Sequence[FieldError]:
    """Return every text in which somebody has typed a My Number. Rule MN-2.

    It is refused and not masked: a text that was changed would be another than the person stated,
    and what is kept goes to systems that may not have the number. Items of numbers and codes are
    not looked at: twelve digits are something else there.
    """
    return [
        at_item(
            place,
            "個人番号とみられる数字があります。個人番号を除いて送ってください。",
            "There is what looks like an individual number: send the text without it.",
            "value",
        )
        for place, (entry, item) in enumerate(zip(stated.items, items, strict=True))
        if item.data_type is DataType.FULL_WIDTH
        and isinstance(entry.value, str)
        and text_holds_number(entry.value)
    ]


def by_group(
    stated: Submission, items: Sequence[DataItem]
) -> Mapping[str, Mapping[str, JsonScalar]]:
    """Return the stated values by group and field."""
    values: dict[str, dict[str, JsonScalar]] = {}
    for entry, item in zip(stated.items, items, strict=True):
        group = f"{item.business_id}.{item.group_key}"
        values.setdefault(group, {})[item.field_name] = entry.value
    return values
