"""The shape of every answer: a value with its quality, or a typed reason for its absence.

No requested item is ever silently empty. Everything here is immutable and knows how to become
plain JSON data, so the same objects travel from a mapping to the wire.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

JsonScalar = str | int | float | bool
"""What a standard item can hold on the wire. ``9V`` decimals travel as strings."""


class Severity(StrEnum):
    """How far a quality code limits the use of a value.

    ``I`` worth knowing; ``W`` usable, but somebody should look; ``E`` the item is withheld from
    use and the record goes on; ``R`` the whole record goes to quarantine.
    """

    INFORMATION = "I"
    WARNING = "W"
    ERROR = "E"
    REJECT = "R"


@dataclass(frozen=True, slots=True)
class Quality:
    """One thing that was seen or done while a value was made.

    ``code`` is ``UPPER_SNAKE`` and stable; ``params`` never contain a personal value.
    """

    code: str
    severity: Severity
    params: Mapping[str, str | int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return ``{code, severity[, params]}``."""
        data: dict[str, Any] = {"code": self.code, "severity": self.severity.value}
        if self.params:
            data["params"] = dict(self.params)
        return data


class DatePrecision(StrEnum):
    """How exactly a date is known; ``approximate-`` is 頃, ``estimated-`` is 推定."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    SEASON = "season"
    TEN_DAY = "ten-day"
    RANGE = "range"
    UNKNOWN = "unknown"
    NON_CALENDAR_DAY = "non-calendar-day"
    APPROXIMATE_DAY = "approximate-day"
    APPROXIMATE_MONTH = "approximate-month"
    APPROXIMATE_YEAR = "approximate-year"
    APPROXIMATE_SEASON = "approximate-season"
    APPROXIMATE_TEN_DAY = "approximate-ten-day"
    APPROXIMATE_RANGE = "approximate-range"
    ESTIMATED_DAY = "estimated-day"
    ESTIMATED_MONTH = "estimated-month"
    ESTIMATED_YEAR = "estimated-year"
    ESTIMATED_RANGE = "estimated-range"


@dataclass(frozen=True, slots=True)
class UncertainDate:
    """A date that is not exactly one calendar day, as the register states it.

    ``text`` is what the register says (at most 72 full-width characters); ``earliest`` and
    ``latest`` are inclusive real days, or None where nothing bounds them. No day is ever made up.

    Source: resident specification 1.0, the fourteen patterns of unknown dates.
    """

    precision: DatePrecision
    text: str
    earliest: dt.date | None
    latest: dt.date | None

    def to_json(self) -> dict[str, Any]:
        """Return ``{precision, text, earliest, latest}`` with ISO days or null."""
        return {
            "precision": self.precision.value,
            "text": self.text,
            "earliest": self.earliest.isoformat() if self.earliest else None,
            "latest": self.latest.isoformat() if self.latest else None,
        }


class AbsenceReason(StrEnum):
    """Why a requested item has no value. A closed set: each member has texts for people."""

    NOT_RECORDED = "not-recorded"
    RECORDED_UNKNOWN = "recorded-unknown"
    NOT_APPLICABLE = "not-applicable"
    NOT_GRANTED = "not-granted"
    ASK_OFFICE = "ask-office"
    UNDER_INVESTIGATION = "under-investigation"
    NOT_SUPPLIED = "not-supplied"
    UNAVAILABLE_PLANNED = "unavailable-planned"
    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    STALE = "stale"
    CONFLICT = "conflict"
    LOST_IN_MAPPING = "lost-in-mapping"
    NO_HISTORY = "no-history"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a standard item in canonical form.

    ``value`` is what the edition's data type prescribes (ISO day, code value, full-width text,
    integer). ``label`` is the meaning of a code value; both are in the words of the edition.
    """

    value: JsonScalar
    label: str | None = None
    quality: tuple[Quality, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return ``{value[, label][, quality]}``."""
        data: dict[str, Any] = {"value": self.value}
        if self.label is not None:
            data["label"] = self.label
        if self.quality:
            data["quality"] = [q.to_json() for q in self.quality]
        return data


@dataclass(frozen=True, slots=True)
class Absence:
    """The typed reason why an item has no value.

    ``uncertain`` accompanies ``recorded-unknown`` dates. ``quality`` says what was seen, for
    example why an item was lost in mapping.
    """

    reason: AbsenceReason
    quality: tuple[Quality, ...] = ()
    uncertain: UncertainDate | None = None

    def to_json(self) -> dict[str, Any]:
        """Return ``{absent[, uncertain][, quality]}``."""
        data: dict[str, Any] = {"absent": self.reason.value}
        if self.uncertain is not None:
            data["uncertain"] = self.uncertain.to_json()
        if self.quality:
            data["quality"] = [q.to_json() for q in self.quality]
        return data


Answer = Value | Absence
"""What an item of a record is: never None, never missing."""


class Method(StrEnum):
    """How a record reached us."""

    LIVE = "live"
    SNAPSHOT = "snapshot"
    STATED = "stated"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the records of a part come from.

    ``as_of`` is the time up to which the *source* claims its data to be complete (None when the
    source makes no claim); ``retrieved_at`` is when we read it. Both are aware datetimes.
    ``reference_date`` is the day for which the source was asked, None for the present.
    """

    adapter: str
    adapter_version: str
    mapping_version: str
    system_name: str
    edition: str
    method: Method
    as_of: dt.datetime | None
    retrieved_at: dt.datetime
    stale: bool = False
    reference_date: dt.date | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the provenance with RFC 3339 times; a day only where one was asked for."""
        day = {"reference_date": self.reference_date.isoformat()} if self.reference_date else {}
        return {
            "adapter": self.adapter,
            "adapter_version": self.adapter_version,
            "mapping_version": self.mapping_version,
            "system_name": self.system_name,
            "edition": self.edition,
            "method": self.method.value,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "retrieved_at": self.retrieved_at.isoformat(),
            "stale": self.stale,
            **day,
        }


@dataclass(frozen=True, slots=True)
class StandardRecord:
    """One record of a group in standard items.

    ``subject_number`` is the number of the person *as the source echoed it*, in the source's own
    numbering and canonical form: the wrong-person guard compares it with what was asked for.
    ``answers`` holds an entry for every item of the group that the mapping covers, by romaji
    field name. ``quality`` are findings about the record as a whole.
    """

    group: str
    subject_number: str
    answers: Mapping[str, Answer]
    quality: tuple[Quality, ...] = ()
