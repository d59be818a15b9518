"""What a question asks of its answer as a whole: how old it may be, which parts it must have."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.clock import TOKYO
from gateway.problems import FieldError, Problem
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import Plan, PlannedPart
from gateway.questions.schemas import Asked
from standard_models.answers import Absence, AbsenceReason, Answer

_NOT_GRANTED: Final = Absence(AbsenceReason.NOT_GRANTED)
_ANSWERED: Final = frozenset({PartStatus.OK, PartStatus.NOT_FOUND})


def check_require(require: Sequence[str], plan: Plan) -> None:
    """Do nothing if every required group is one that is asked.

    Raises:
        Problem: ``invalid-body``, pointing at each that is not.
    """
    asked = {part.group.ref for part in plan.parts}
    wrong = [
        FieldError(
            f"/require/{position}",
            "照会する項目のないグループです。",
            "No item of this group is asked for.",
        )
        for position, ref in enumerate(require)
        if ref not in asked
    ]
    if wrong:
        raise Problem("invalid-body", errors=wrong)


def aged(parts: Iterable[Part], max_age_s: int | None, now: dt.datetime) -> tuple[Part, ...]:
    """Return ``parts``; one whose data is older than ``max_age_s`` says so and nothing else.

    The age is that of the source's own claim, or of the reading where it makes none. Rule FR-2.
    """
    if max_age_s is None:
        return tuple(parts)
    limit = now - dt.timedelta(seconds=max_age_s)
    return tuple(_stale(part) if _too_old(part, limit) else part for part in parts)


def check_dated(asked: Asked) -> None:
    """Do nothing unless a day is asked for together with what a person stated, which has none.

    Raises:
        Problem: ``invalid-body``.
    """
    if asked.as_of is not None and asked.prefer_stated:
        raise Problem(
            "invalid-body",
            errors=[
                FieldError(
                    "/prefer_stated",
                    "基準日（as_of）のある照会では、本人の申告は使えません。",
                    "What a person stated cannot stand for a day (as_of).",
                )
            ],
        )


def held_on(parts: Iterable[Part], day: dt.date | None) -> tuple[Part, ...]:
    """Return ``parts``; one that says what holds now, and not on ``day``, says no more than that.

    What a source holds now holds for today if its own data is of today. Rule FO-7.
    """
    if day is None:
        return tuple(parts)
    return tuple(_without_history(part) if _is_of_before(part, day) else part for part in parts)


def _is_of_before(part: Part, day: dt.date) -> bool:
    found = part.provenance
    if found is None or found.reference_date is not None:
        return False
    return (found.as_of or found.retrieved_at).astimezone(TOKYO).date() < day


def _without_history(part: Part) -> Part:
    made = Part.without_records(part.planned, PartStatus.NO_HISTORY)
    return replace(made, provenance=part.provenance)


def with_not_granted(parts: Iterable[Part], asked: Plan) -> tuple[Part, ...]:
    """Return a part for everything that was asked; items outside the grant say that they are.

    Rule PL-4. It needs no look at the person, so it says nothing about anybody.
    """
    by_ref = {part.planned.group.ref: part for part in parts}
    whole: list[Part] = []
    for planned in asked.parts:
        part = by_ref.get(planned.group.ref)
        if part is None:
            whole.append(Part.without_records(planned, PartStatus.NOT_GRANTED))
        elif part.planned.fields == planned.fields:
            whole.append(part)
        else:
            whole.append(_filled(part, planned))
    return tuple(whole)


def _filled(part: Part, planned: PlannedPart) -> Part:
    def fill(answers: Mapping[str, Answer]) -> dict[str, Answer]:
        return {name: answers.get(name, _NOT_GRANTED) for name in planned.fields}

    records = [fill(record) for record in part.records]
    absences = fill(part.absences) if part.absences else {}
    return replace(part, planned=planned, records=records, absences=absences)


def require_answers(parts: Sequence[Part], require: Sequence[str], now: dt.datetime) -> None:
    """Do nothing if the answer may go out: not every system is closed, no required part is missing.

    Rules NW-2 and PA-4. That a system knows no record is an answer.

    Raises:
        Problem: ``systems-closed`` with the time when all of them are open, ``required-part-late``
            or ``required-part-unavailable``, pointing at what is missing.
    """
    closed = [part for part in parts if part.status is PartStatus.UNAVAILABLE_PLANNED]
    if parts and len(closed) == len(parts):
        raise _with_reopening("systems-closed", (), closed, now)
    by_ref = {part.planned.group.ref: part for part in parts}
    missing = {
        position: by_ref[ref]
        for position, ref in enumerate(require)
        if by_ref[ref].status not in _ANSWERED
    }
    if not missing:
        return
    errors = [
        FieldError(
            f"/require/{position}",
            f"回答がありません（{part.status.value}）。",
            f"There is no answer ({part.status.value}).",
        )
        for position, part in missing.items()
    ]
    late = all(part.status is PartStatus.TIMEOUT for part in missing.values())
    slug = "required-part-late" if late else "required-part-unavailable"
    raise _with_reopening(slug, errors, missing.values(), now)


def _with_reopening(
    slug: str, errors: Sequence[FieldError], missing: Iterable[Part], now: dt.datetime
) -> Problem:
    """Return a problem that says, where it is known, when all of the missing can be asked."""
    times = [part.opens_at for part in missing]
    known = [time for time in times if time is not None]
    if not known or len(known) < len(times):
        return Problem(slug, errors=errors)
    opens_at = max(known)
    seconds = max(1, math.ceil((opens_at - now).total_seconds()))
    return Problem(
        slug,
        errors=errors,
        headers={"Retry-After": str(seconds)},
        extensions={"opens_at": opens_at.isoformat()},
    )


def _too_old(part: Part, limit: dt.datetime) -> bool:
    found = part.provenance
    return found is not None and (found.as_of or found.retrieved_at) < limit


def _stale(part: Part) -> Part:
    made = Part.without_records(part.planned, PartStatus.STALE)
    stale = replace(part.provenance, stale=True) if part.provenance else None
    return replace(made, provenance=stale)
