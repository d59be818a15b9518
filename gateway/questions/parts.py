"""What became of one part of a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.questions.plan import PlannedPart
from standard_models.answers import Absence, AbsenceReason, Answer, Provenance


class PartStatus(StrEnum):
    """The closed set of outcomes of a part."""

    OK = "ok"
    NOT_FOUND = "not-found"
    NOT_GRANTED = "not-granted"
    NOT_SUPPLIED = "not-supplied"
    UNAVAILABLE_PLANNED = "unavailable-planned"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    STALE = "stale"
    CONFLICT = "conflict"
    LOST_IN_MAPPING = "lost-in-mapping"


_ABSENCE_OF = {
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


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an answer.

    With status ``ok`` every record holds every field asked for and ``absences`` is empty;
    otherwise there is no record and ``absences`` holds every field asked for.
    """

    planned: PlannedPart
    status: PartStatus
    records: Sequence[Mapping[str, Answer]] = ()
    absences: Mapping[str, Answer] = field(default_factory=dict)
    provenance: Provenance | None = None
    opens_at: dt.datetime | None = None
    lost_records: int = 0

    @classmethod
    def without_records(
        cls,
        planned: PlannedPart,
        status: PartStatus,
        *,
        provenance: Provenance | None = None,
        opens_at: dt.datetime | None = None,
        lost_records: int = 0,
    ) -> Part:
        """Return a part that says of every field why it has no value."""
        absence = Absence(_ABSENCE_OF[status])
        absences = dict.fromkeys(planned.fields, absence)
        return cls(planned, status, (), absences, provenance, opens_at, lost_records)
