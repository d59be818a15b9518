"""What a page shows of an answer: groups, records, values with their source. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.api.language import Language
from gateway.clock import TOKYO
from gateway.questions.parts import Part, PartStatus
from standard_models.answers import Absence, AbsenceReason, Answer, Method
from standard_models.dictionary import DataItem, DataType
from standard_models.texts import explain
from standard_models.values.eras import era_of

_STATUS_CODES: Final = {
    PartStatus.NOT_FOUND: AbsenceReason.NOT_RECORDED,
    PartStatus.NOT_GRANTED: AbsenceReason.NOT_GRANTED,
    PartStatus.NOT_SUPPLIED: AbsenceReason.NOT_SUPPLIED,
    PartStatus.UNAVAILABLE_PLANNED: AbsenceReason.UNAVAILABLE_PLANNED,
    PartStatus.UNAVAILABLE: AbsenceReason.UNAVAILABLE,
    PartStatus.TIMEOUT: AbsenceReason.TIMEOUT,
    PartStatus.STALE: AbsenceReason.STALE,
    PartStatus.CONFLICT: AbsenceReason.CONFLICT,
    PartStatus.LOST_IN_MAPPING: AbsenceReason.LOST_IN_MAPPING,
}
_METHODS: Final = {
    Method.LIVE: ("照会時点", "asked now"),
    Method.SNAPSHOT: ("受け取ったデータ", "from a delivery"),
    Method.STATED: ("本人の申告", "stated by the person"),
}


@dataclass(frozen=True, slots=True)
class SheetItem:
    """One item: its name, and a value or why there is none. ``notes`` are what was seen."""

    name: str
    text: str
    has_value: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """One group of one business. ``absent`` says why it has no record."""

    ref: str
    business: str
    name: str
    source: str
    as_of: str
    read_at: str
    method: str
    records: tuple[tuple[SheetItem, ...], ...]
    absent: str = ""


def sheet_of(
    parts: Sequence[Part], businesses: Mapping[str, str], language: Language
) -> tuple[SheetGroup, ...]:
    """Return what the page shows. ``businesses`` are names by 業務ID."""
    return tuple(_group(part, businesses, language) for part in parts)


def _group(part: Part, businesses: Mapping[str, str], language: Language) -> SheetGroup:
    group, found = part.planned.group, part.provenance
    items = {name: group.item(name) for name in part.planned.fields}
    absent = ""
    if part.status is not PartStatus.OK:
        absent = _happened(_STATUS_CODES[part.status].value, language)
    return SheetGroup(
        ref=group.ref,
        business=businesses.get(group.business_id, group.business_id),
        name=group.name,
        source=found.system_name if found else "",
        as_of=moment(found.as_of) if found and found.as_of else "",
        read_at=moment(found.retrieved_at) if found else "",
        method=_METHODS[found.method][language is Language.EN] if found else "",
        records=tuple(
            tuple(_item(items[name], answer, language) for name, answer in record.items())
            for record in part.records
        ),
        absent=absent,
    )


def _item(item: DataItem, answer: Answer, language: Language) -> SheetItem:
    notes = tuple(_happened(quality.code, language) for quality in answer.quality)
    if isinstance(answer, Absence):
        if answer.uncertain is not None:
            return SheetItem(item.name, answer.uncertain.text, has_value=True, notes=notes)
        return SheetItem(item.name, _happened(answer.reason.value, language), False, notes)  # noqa: FBT003
    text = str(answer.value)
    if item.data_type is DataType.DATE:
        text = both_calendars(text)
    if answer.label is not None:
        text = f"{answer.label}（{text}）"
    return SheetItem(item.name, text, has_value=True, notes=notes)


def both_calendars(text: str) -> str:
    """Return an ISO day with its era year; anything else as it is."""
    try:
        day = dt.date.fromisoformat(text)
        era = era_of(day)
    except ValueError:
        return text
    year = era.year_of(day.year)
    return f"{era.name}{'元' if year == 1 else year}年{day.month}月{day.day}日（{text}）"


def moment(time: dt.datetime) -> str:
    """Return a time to the minute, in Tokyo, with its era year."""
    local = time.astimezone(TOKYO)
    return f"{both_calendars(local.date().isoformat())} {local:%H:%M}"


def _happened(code: str, language: Language) -> str:
    """Return what happened; what the person could do about it is not for staff."""
    return explain(code)[language.value]["happened"]
