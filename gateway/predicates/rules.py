"""How a fact is worked out from the records of one group. Pure.

Each rule takes the current records of the person and the day in Tokyo. Rule TX-2: what comes out
holds nothing of what went in but the judgement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from standard_models.answers import Absence, AbsenceReason, Answer, UncertainDate, Value
from standard_models.values.ages import ages_on, reached
from standard_models.values.three_valued import Judgement, some

Record = Mapping[str, Answer]

LABELS: Final = {
    Judgement.YES: "該当する",
    Judgement.NO: "該当しない",
    Judgement.UNDECIDABLE: "判定できない",
}
_UNDECIDED: Final = frozenset({AbsenceReason.RECORDED_UNKNOWN, AbsenceReason.LOST_IN_MAPPING})


class Rule(Protocol):
    """One way to work out a fact."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the romaji fields that are needed."""

    def answer(self, records: Sequence[Record], day: dt.date) -> Answer:
        """Return the fact on ``day``; ``records`` are not empty and hold every input."""


def judged(judgement: Judgement) -> Value:
    """Return a judgement as the value of an item."""
    return Value(judgement.value, LABELS[judgement])


@dataclass(frozen=True, slots=True)
class CodeRule:
    """Whether a code is among ``yes``; ``open_codes`` decide nothing, nor does another item's."""

    field: str
    yes: frozenset[str]
    open_codes: frozenset[str] = frozenset()
    other_field: str | None = None
    other_codes: frozenset[str] = frozenset()

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the romaji fields that are needed."""
        return (self.field,) if self.other_field is None else (self.field, self.other_field)

    def answer(self, records: Sequence[Record], day: dt.date) -> Answer:  # noqa: ARG002
        """Return the fact: yes where one record says so."""
        return _some(self._of(record) for record in records)

    def _of(self, record: Record) -> Judgement | Absence:
        found = record[self.field]
        if isinstance(found, Absence):
            return _absent(found)
        if self.other_field is not None:
            other = record[self.other_field]
            if isinstance(other, Absence) or other.value in self.other_codes:
                return Judgement.UNDECIDABLE
        if found.value in self.open_codes:
            return Judgement.UNDECIDABLE
        return Judgement.of(found.value in self.yes)


@dataclass(frozen=True, slots=True)
class ReachedRule:
    """Whether an age is completed at the end of the day; uncertain births may leave it open."""

    field: str
    years: int

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the romaji fields that are needed."""
        return (self.field,)

    def answer(self, records: Sequence[Record], day: dt.date) -> Answer:
        """Return the fact of the first record."""
        found = records[0][self.field]
        birth = _date(found)
        if birth is None and isinstance(found, Absence):
            made = _absent(found)
            return judged(made) if isinstance(made, Judgement) else made
        try:
            return judged(reached(birth, self.years, day))
        except ValueError:
            return judged(Judgement.UNDECIDABLE)


@dataclass(frozen=True, slots=True)
class AgeRule:
    """The age in completed years at the end of the day, where there is exactly one."""

    field: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the romaji fields that are needed."""
        return (self.field,)

    def answer(self, records: Sequence[Record], day: dt.date) -> Answer:
        """Return the age, or that it is not known."""
        found = records[0][self.field]
        birth = _date(found)
        if birth is None:
            reason = found.reason if isinstance(found, Absence) else AbsenceReason.RECORDED_UNKNOWN
            return Absence(reason)
        try:
            ages = ages_on(birth, day)
        except ValueError:
            return Absence(AbsenceReason.RECORDED_UNKNOWN)
        if ages.lowest is None or ages.lowest != ages.highest:
            return Absence(AbsenceReason.RECORDED_UNKNOWN)
        return Value(ages.lowest)


@dataclass(frozen=True, slots=True)
class PeriodRule:
    """Whether the day lies in the period of one record: from ``first`` until before ``ended``."""

    first: str
    ended: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the romaji fields that are needed."""
        return (self.first, self.ended)

    def answer(self, records: Sequence[Record], day: dt.date) -> Answer:
        """Return the fact: yes where one record says so."""
        return _some(self._of(record, day) for record in records)

    def _of(self, record: Record, day: dt.date) -> Judgement | Absence:
        first, ended = record[self.first], record[self.ended]
        if isinstance(first, Absence) and first.reason is not AbsenceReason.RECORDED_UNKNOWN:
            return _absent(first)
        begun = _not_after(_date(first), day)
        if isinstance(ended, Absence) and ended.reason is AbsenceReason.NOT_RECORDED:
            return begun
        if isinstance(ended, Absence) and ended.reason is not AbsenceReason.RECORDED_UNKNOWN:
            return _absent(ended)
        return begun & ~_not_after(_date(ended), day)


def _some(found: Iterable[Judgement | Absence]) -> Answer:
    """Return yes where one is. A record of which nothing may be told keeps *no* from being said."""
    judgements: list[Judgement] = []
    absences: list[Absence] = []
    for one in found:
        if isinstance(one, Absence):
            absences.append(one)
        else:
            judgements.append(one)
    if absences and Judgement.YES not in judgements:
        return absences[0]
    return judged(some(judgements))


def _absent(found: Absence) -> Judgement | Absence:
    """Return what follows from an input without a value; what was seen of it stays behind."""
    if found.reason in _UNDECIDED:
        return Judgement.UNDECIDABLE
    return Absence(found.reason)


def _date(answer: Answer) -> dt.date | UncertainDate | None:
    if isinstance(answer, Value):
        return dt.date.fromisoformat(str(answer.value))
    return answer.uncertain


def _not_after(date: dt.date | UncertainDate | None, day: dt.date) -> Judgement:
    """Return whether ``date`` is ``day`` or lies before it."""
    if date is None:
        return Judgement.UNDECIDABLE
    if isinstance(date, dt.date):
        return Judgement.of(date <= day)
    if date.latest is not None and date.latest <= day:
        return Judgement.YES
    if date.earliest is not None and date.earliest > day:
        return Judgement.NO
    return Judgement.UNDECIDABLE
