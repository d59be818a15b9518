"""What a statement says: every item with its name, its value or why it has none. Pure.

What people read (``text``, ``as_of_text``, ``texts``) is signed with what machines read. Whoever
shows a statement shows these words and makes none: no reader can word a value otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from gateway.clock import TOKYO
from gateway.questions.parts import Part
from gateway.questions.service import QuestionAnswer
from standard_models.answers import Absence, Answer, Severity
from standard_models.dictionary import DataItem
from standard_models.display import display_moment, display_value
from standard_models.reference.municipalities import find_municipality
from standard_models.texts import explain

ABSENT: Final[dict[str, tuple[str, str]]] = {
    "not-recorded": ("記録がありません（未申告・未登録）", "Nothing recorded (not filed)"),
    "recorded-unknown": ("不詳", "Recorded as unknown"),
    "not-applicable": ("該当しません", "Does not apply"),
    "ask-office": ("窓口でお聞きください", "Ask at the office"),
}
_OTHER: Final = ("この証明では確認していません", "Not confirmed by this statement")
_NO_TIME: Final = "システムが時点を示していません"


def statement_parts(answer: QuestionAnswer) -> list[dict[str, Any]]:
    """Return the parts of a statement; a part without records has one that says so of each item."""
    return [_part(part) for part in answer.parts]


def statement_texts(municipality: str, issued: dt.datetime, expires: dt.datetime) -> dict[str, str]:
    """Return who issued a statement, when, and until when it is current, as people read it."""
    town = find_municipality(municipality)
    code = f"団体コード {municipality}"
    return {
        "issuer": f"{town.prefecture}{town.name}（{code}）" if town else code,
        "issued": moment_in_words(issued),
        "expires": moment_in_words(expires),
    }


def moment_in_words(moment: dt.datetime) -> str:
    """Return a moment in Japan as people read it."""
    return display_moment(moment.astimezone(TOKYO))


def add_words(part: Part, shown: Mapping[str, Any]) -> None:
    """Add to a part of an answer, as it is sent, the words that its statement will have."""
    records = [*part.records, part.absences]
    for record, said in zip(records, [*shown["records"], shown["absences"]], strict=True):
        for name, answer in record.items():
            _add_text(said[name], part.planned.group.by_field[name], answer)


def _part(part: Part) -> dict[str, Any]:
    found, group = part.provenance, part.planned.group
    return {
        "group": group.ref,
        "name": group.name,
        "edition": group.edition_id,
        "system": found.system_name if found else None,
        "as_of": found.as_of.isoformat() if found and found.as_of else None,
        "as_of_text": moment_in_words(found.as_of) if found and found.as_of else _NO_TIME,
        "retrieved_at": found.retrieved_at.isoformat() if found else None,
        "records": [_record(group.by_field, record) for record in part.records or [part.absences]],
    }


def _record(items: Mapping[str, DataItem], record: Mapping[str, Answer]) -> dict[str, Any]:
    return {name: _item(items[name], answer) for name, answer in record.items()}


def _item(item: DataItem, answer: Answer) -> dict[str, Any]:
    said: dict[str, Any] = {"id": item.item_id, "name": item.name, **answer.to_json()}
    said.pop("quality", None)
    _add_text(said, item, answer)
    # A value that somebody should look at must not pass for one that is beyond doubt.
    if notes := [q.code for q in answer.quality if q.severity is not Severity.INFORMATION]:
        said["notes"] = [explain(code)["ja"]["happened"] for code in notes]
    return said


def _add_text(said: dict[str, Any], item: DataItem, answer: Answer) -> None:
    """Add what people read, unless it stands there already as label or value."""
    text = _absence(answer) if isinstance(answer, Absence) else display_value(item, answer)
    if text != _plain(said):
        said["text"] = text


def _absence(answer: Absence) -> str:
    if answer.uncertain is not None:
        return answer.uncertain.text
    return ABSENT.get(answer.reason.value, _OTHER)[0]


def _plain(said: Mapping[str, Any]) -> str:
    return str(said.get("label") or said.get("value"))


def in_words(said: Mapping[str, Any]) -> str:
    """Return an item of a statement as people read it: the signed words, with their notes."""
    notes = [f"（※{note}）" for note in said.get("notes", ())]
    return "".join([said.get("text") or _plain(said), *notes])


def recorded(said: Mapping[str, Any]) -> str:
    """Return the value as it stands in the record where the words differ, for comparing."""
    value = str(said.get("value", ""))
    return value if value != (said.get("text") or _plain(said)) else ""
