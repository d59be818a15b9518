"""An answer as JSON data, with the texts for people that its reasons and codes need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.questions.part_problems import PartProblems
from gateway.questions.parts import Household, Member, Part
from gateway.questions.rooms import QuestionAnswer
from standard_models.answers import Absence, AbsenceReason
from standard_models.texts import explain

_EXPLAINED: Final = frozenset(reason.value for reason in AbsenceReason)


def render_answer(answer: QuestionAnswer, problems: PartProblems | None = None) -> dict[str, Any]:
    """Return the answer in the shape that ``docs/api.md`` describes.

    With ``problems`` each part that is not there says why in a document of its own.
    """
    codes = set(_codes_of(answer.household))
    for part in (*answer.parts, *(part for member in answer.members for part in member.parts)):
        _add_codes(codes, part)
    document = {
        "question_id": answer.question_id,
        "outcome": answer.outcome,
        "municipality": answer.municipality,
        "purpose": answer.purpose,
        "answered_at": answer.answered_at.isoformat(),
        "parts": [render_part(part, problems) for part in answer.parts],
        "receipt": answer.receipt,
        "explanations": {code: explain(code) for code in sorted(codes)},
    }
    if answer.household is not None:
        document["household"] = render_household(answer.household, problems)
        document["members"] = [render_member(member, problems) for member in answer.members]
    return document


def render_household(household: Household, problems: PartProblems | None = None) -> dict[str, Any]:
    """Return by which basis and day people belong together, and how many they are."""
    data: dict[str, Any] = {
        "kind": "household",
        "basis": household.basis.id,
        "label": household.basis.name,
        "source": household.basis.source,
        "reference_date": household.reference_date.isoformat(),
        "status": household.status.value,
        "size": household.size,
        "not_shown": [
            {"reason": reason.value, "count": count}
            for reason, count in household.not_shown.items()
        ],
        "provenance": household.provenance.to_json() if household.provenance else None,
    }
    if problems is not None and (why := problems.document(household.status, household.opens_at)):
        data["problem"] = why
    if household.opens_at:
        data["opens_at"] = household.opens_at.isoformat()
    if household.lost_records:
        data["lost_records"] = household.lost_records
    if household.dropped_rows:
        data["dropped_rows"] = household.dropped_rows
    if household.quality:
        data["quality"] = [quality.to_json() for quality in household.quality]
    return data


def render_member(member: Member, problems: PartProblems | None = None) -> dict[str, Any]:
    """Return one member who is shown; the relationship where it was asked for."""
    data: dict[str, Any] = {
        "subject": member.handle,
        "is_subject": member.is_subject,
        "matches": member.matches.value,
        "parts": [render_part(part, problems) for part in member.parts],
        "receipt": member.receipt,
    }
    if member.relationship is not None:
        data["relationship"] = member.relationship
    return data


def render_part(part: Part, problems: PartProblems | None = None) -> dict[str, Any]:
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
    if problems is not None and (why := problems.document(part.status, part.opens_at)):
        data["problem"] = why
    if part.opens_at:
        data["opens_at"] = part.opens_at.isoformat()
    if part.lost_records:
        data["lost_records"] = part.lost_records
    return data


def _codes_of(household: Household | None) -> Iterator[str]:
    if household is None:
        return
    yield from (reason.value for reason in household.not_shown if reason in _EXPLAINED)
    if household.status.value in _EXPLAINED:
        yield household.status.value
    yield from (quality.code for quality in household.quality)


def _add_codes(codes: set[str], part: Part) -> None:
    for answers in (*part.records, part.absences):
        for answer in answers.values():
            if isinstance(answer, Absence):
                codes.add(answer.reason.value)
            if answer.quality:
                codes.update([quality.code for quality in answer.quality])
