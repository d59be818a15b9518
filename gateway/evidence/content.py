"""What a statement says: every item with its name, its value or why it has none. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gateway.questions.parts import Part
from gateway.questions.service import QuestionAnswer
from standard_models.answers import Answer, Severity
from standard_models.dictionary import DataItem
from standard_models.texts import explain

ABSENT: Final[dict[str, tuple[str, str]]] = {
    "not-recorded": ("記録がありません（未申告・未登録）", "Nothing recorded (not filed)"),
    "recorded-unknown": ("不詳", "Recorded as unknown"),
    "not-applicable": ("該当しません", "Does not apply"),
    "ask-office": ("窓口でお聞きください", "Ask at the office"),
}
_OTHER: Final = ("この証明では確認していません", "Not confirmed by this statement")


def statement_parts(answer: QuestionAnswer) -> list[dict[str, Any]]:
    """Return the parts of a statement; a part without records has one that says so of each item."""
    return [_part(part) for part in answer.parts]


def _part(part: Part) -> dict[str, Any]:
    found, group = part.provenance, part.planned.group
    return {
        "group": group.ref,
        "name": group.name,
        "edition": group.edition_id,
        "system": found.system_name if found else None,
        "as_of": found.as_of.isoformat() if found and found.as_of else None,
        "retrieved_at": found.retrieved_at.isoformat() if found else None,
        "records": [_record(group.by_field, record) for record in part.records or [part.absences]],
    }


def _record(items: Mapping[str, DataItem], record: Mapping[str, Answer]) -> dict[str, Any]:
    return {name: _item(items[name], answer) for name, answer in record.items()}


def _item(item: DataItem, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"id": item.item_id, "name": item.name, **answer.to_json()}
    said.pop("quality", None)
    # A value that somebody should look at must not pass for one that is beyond doubt.
    if notes := [q.code for q in answer.quality if q.severity is not Severity.INFORMATION]:
        said["notes"] = [explain(code)["ja"]["happened"] for code in notes]
    return said


def in_words(said: Mapping[str, Any]) -> str:
    """Return an item of a statement as people read it."""
    if "absent" in said:
        uncertain = said.get("uncertain")
        return str(uncertain["text"]) if uncertain else ABSENT.get(said["absent"], _OTHER)[0]
    value = str(said.get("label") or said["value"])
    return "".join([value, *(f"（※{note}）" for note in said.get("notes", ()))])
