"""An answer as JSON data, with the texts for people that its reasons and codes need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.questions.parts import Part
from gateway.questions.service import QuestionAnswer
from standard_models.answers import Absence, Answer
from standard_models.texts import explain


def render_answer(answer: QuestionAnswer) -> dict[str, Any]:
    """Return the answer in the shape that ``docs/api.md`` describes."""
    return {
        "question_id": answer.question_id,
        "outcome": answer.outcome,
        "municipality": answer.municipality,
        "purpose": answer.purpose,
        "answered_at": answer.answered_at.isoformat(),
        "parts": [render_part(part) for part in answer.parts],
        "receipt": answer.receipt,
        "explanations": {code: explain(code) for code in sorted(set(_codes(answer.parts)))},
    }


def render_part(part: Part) -> dict[str, Any]:
    """Return one part; fields stand in the order in which they were asked."""
    group = part.planned.group
    data: dict[str, Any] = {
        "group": group.ref,
        "business": group.business_id,
        "label": group.name,
        "edition": group.edition_id,
        "provisional": group.provisional,
        "status": part.status.value,
        "provenance": part.provenance.to_json() if part.provenance else None,
        "records": [
            {name: answer.to_json() for name, answer in record.items()} for record in part.records
        ],
        "absences": {name: absence.to_json() for name, absence in part.absences.items()},
    }
    if part.opens_at:
        data["opens_at"] = part.opens_at.isoformat()
    if part.lost_records:
        data["lost_records"] = part.lost_records
    return data


def _codes(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        for answer in _answers(part):
            if isinstance(answer, Absence):
                yield answer.reason.value
            for quality in answer.quality:
                yield quality.code


def _answers(part: Part) -> Iterator[Answer]:
    for record in part.records:
        yield from record.values()
    yield from part.absences.values()
