"""What became of one part of a question."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.households import Basis
from gateway.questions.plan import PlannedPart
from standard_models.answers import Absence, AbsenceReason, Answer, Provenance, Quality
from standard_models.values.three_valued import Judgement


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
    NO_HISTORY = "no-history"


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
    PartStatus.NO_HISTORY: AbsenceReason.NO_HISTORY,
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


class NotShown(StrEnum):
    """Why nothing is said of a member who counts. One reason stands for protection and doubt."""

    ASK_OFFICE = "ask-office"
    CONSENT_NEEDED = "consent-needed"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Household:
    """Who belongs together, by which basis, on which day; nobody is named here.

    ``size`` counts everybody who belongs to it on the day, whoever is shown; None where the list
    could not be read whole. ``dropped_rows`` are rows of the list that are of somebody else's
    household.
    """

    basis: Basis
    reference_date: dt.date
    status: PartStatus
    size: int | None
    not_shown: Mapping[NotShown, int] = field(default_factory=dict)
    provenance: Provenance | None = None
    opens_at: dt.datetime | None = None
    lost_records: int = 0
    dropped_rows: int = 0
    quality: tuple[Quality, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One member who is shown. ``matches``: whether the filter holds, as far as one can tell."""

    handle: str
    is_subject: bool
    matches: Judgement
    parts: tuple[Part, ...]
    relationship: str | None = None
    receipt: str | None = None
