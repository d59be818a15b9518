"""What is wrong with a submission, by its place; no text repeats a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.api.limits import text_holds_number
from gateway.problems import FieldError, Problem
from gateway.submissions.schemas import Submission
from standard_models.answers import JsonScalar
from standard_models.dictionary import DataItem, DataType, Dictionary


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
            f"項目の型に合いません（{finding.code}）。",
            f"Does not fit the item ({finding.code}).",
            "value",
        )
        for place, (entry, item) in enumerate(zip(stated.items, items, strict=True))
        for finding in item.check(entry.value)
    ]


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
