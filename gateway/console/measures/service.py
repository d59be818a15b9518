"""What a protection officer does with measures and holds, as at the command line.

The list tells nobody's number, as ``hitotsu protection list`` does not. Whose a measure is, is told
of one at a time, and each such look is recorded (AU-11).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from adapters.contract import Clock
from gateway.access import Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.clock import TOKYO
from gateway.console.staff import Member
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.protection.measures import HoldCause, MeasureKind, Measures
from gateway.protection.store import MeasureStore, Wanted
from gateway.protection.terms import MeasureState, term_of
from gateway.store.tables import ProtectionMeasureRow
from gateway.subjects import Subject, SubjectService

PAGE_ROWS: Final = 50
MOST_PARTIES: Final = 20


class DraftRefused(Exception):
    """What was typed cannot be set; ``field`` and ``key`` of the text say why."""

    def __init__(self, field_name: str, key: str) -> None:
        super().__init__(field_name)
        self.field = field_name
        self.key = key


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A measure or hold that is about to be set, by what was typed.

    ``person`` and ``parties`` are numbering and number. ``since`` is today without a day, and
    ``until`` a year later (DV-5).
    """

    person: tuple[str, str] = field(repr=False)
    kind: MeasureKind | HoldCause
    since: dt.date | None = None
    until: dt.date | None = None
    parties: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """One measure, with its state; ``guarded``: the banner must stand where it stands."""

    row: ProtectionMeasureRow = field(repr=False)
    state: MeasureState
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class ShownPage:
    """A part of the list. ``known`` is false where a number was asked for that nobody has."""

    measures: tuple[Shown, ...]
    total: int
    number: int
    known: bool = True
    guarded: bool = False

    @property
    def pages(self) -> int:
        """Return how many pages there are, one at least."""
        return max(1, -(-self.total // PAGE_ROWS))


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft at a second look: its term, and whether the person is known by the number."""

    since: dt.date
    until: dt.date
    known: bool


class MeasureDesk:
    """Shows, sets, prolongs and ends measures for members who hold the right ``protection``."""

    def __init__(
        self,
        store: MeasureStore,
        subjects: SubjectService,
        protection: ProtectionService,
        audit: AuditLog,
        clock: Clock,
    ) -> None:
        self._store = store
        self._subjects = subjects
        self._protection = protection
        self._audit = audit
        self._clock = clock

    async def list(
        self,
        member: Member,
        caller: Caller,
        wanted: Wanted,
        *,
        person: tuple[str, str] | None = None,
        number: int = 1,
    ) -> ShownPage:
        """Return a page of the list, of one person where one is named; it is recorded.

        A person's measures are found by whichever of their numbers they were set. A page that is
        too far is the last one.

        Raises:
            Problem: ``audit-unavailable``.
        """
        town = member.municipality
        subject, numbers, guarded = None, wanted.numbers, False
        if person is not None:
            subject = await self._subjects.find_by_number(town, *person)
            numbers = (person, *(_pairs(subject) if subject else ()))
            guarded = await self._guarded(town, subject, person)
        await self._record(member, caller, "console-measures", "listed", subject)
        looked_for = Wanted(
            state=wanted.state,
            kind=wanted.kind,
            end_proposed=wanted.end_proposed,
            numbers=numbers,
        )
        measures = self._measures(member)
        number = max(1, number)
        found, total = await measures.page(
            town, looked_for, limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS
        )
        if not found and total:
            number = -(-total // PAGE_ROWS)
            found, total = await measures.page(
                town, looked_for, limit=PAGE_ROWS, offset=(number - 1) * PAGE_ROWS
            )
        shown = tuple(Shown(row, state) for row, state in found)
        known = person is None or subject is not None
        return ShownPage(shown, total, number, known, guarded)

    async def look(self, member: Member, caller: Caller, measure_id: str) -> Shown:
        """Return one measure with whose it is, after the look has been recorded.

        Raises:
            MeasureRefusedError: there is none.
            Problem: ``audit-unavailable``.
        """
        row, state = await self._measures(member).get(member.municipality, measure_id)
        person = (row.numbering, row.number)
        subject = await self._subjects.find_by_number(member.municipality, *person)
        await self._record(member, caller, "console-measure", "looked", subject, measure_id)
        return Shown(row, state, await self._guarded(member.municipality, subject, person))

    async def check(self, member: Member, draft: Draft) -> Checked:
        """Return what would be set.

        Raises:
            DraftRefused: the term ends before it begins; other parties that nobody knows, that a
                hold cannot have, that are too many, or one who is the person.
        """
        subject = await self._subjects.find_by_number(member.municipality, *draft.person)
        await self._party_ids(member, draft, subject)
        since, until = self._term(draft)
        return Checked(since, until, subject is not None)

    async def set(self, member: Member, draft: Draft) -> ProtectionMeasureRow:
        """Set it; it counts from the next question on.

        Raises:
            DraftRefused: as ``check``.
        """
        town, (since, until) = member.municipality, self._term(draft)
        subject = await self._subjects.find_by_number(town, *draft.person)
        parties = await self._party_ids(member, draft, subject)
        return await self._measures(member).set(
            town,
            *draft.person,
            draft.kind,
            since=since,
            until=until,
            subject_key=self._key(town, subject),
            other_parties=parties,
        )

    async def extend(self, member: Member, measure_id: str, until: dt.date) -> None:
        """Set a later last day.

        Raises:
            DraftRefused: the day is not later.
            MeasureRefusedError: there is no such measure.
        """
        measures = self._measures(member)
        row, _ = await measures.get(member.municipality, measure_id)
        if until <= row.until:
            raise DraftRefused("until", "measures.not-later")
        await measures.extend(member.municipality, measure_id, until)

    async def end(self, member: Member, measure_id: str) -> bool:
        """Propose the end or, as another officer, agree to it; return whether it has ended.

        Raises:
            MeasureRefusedError: as ``Measures.end``.
        """
        return await self._measures(member).end(member.municipality, measure_id)

    def _measures(self, member: Member) -> Measures:
        return Measures(self._store, clock=self._clock, actor=member.actor)

    def _term(self, draft: Draft) -> tuple[dt.date, dt.date]:
        since = draft.since or self._clock.now().astimezone(TOKYO).date()
        until = draft.until or term_of(since)
        if until < since:
            raise DraftRefused("until", "measures.term")
        return since, until

    async def _party_ids(
        self, member: Member, draft: Draft, subject: Subject | None
    ) -> Sequence[str]:
        """Return the subject ids of the other parties; whoever is not known cannot be named."""
        if draft.parties and not isinstance(draft.kind, MeasureKind):
            raise DraftRefused("parties", "measures.no-parties")
        if len(draft.parties) > MOST_PARTIES:
            raise DraftRefused("parties", "measures.many-parties")
        found = []
        for numbering, number in draft.parties:
            party = await self._subjects.find_by_number(member.municipality, numbering, number)
            if party is None:
                raise DraftRefused("parties", "measures.unknown-party")
            if subject is not None and party.subject_id == subject.subject_id:
                raise DraftRefused("parties", "measures.own-party")
            found.append(party.subject_id)
        return found

    async def _guarded(
        self, municipality: str, subject: Subject | None, person: tuple[str, str]
    ) -> bool:
        numbers = subject.numbers if subject else {person[0]: (person[1],)}
        status = await self._protection.status(municipality, numbers)
        return status is not ProtectionStatus.CLEAR

    def _key(self, municipality: str, subject: Subject | None) -> str | None:
        return self._audit.pseudonym(municipality, subject.subject_id) if subject else None

    async def _record(
        self,
        member: Member,
        caller: Caller,
        function: str,
        outcome: str,
        subject: Subject | None,
        measure_id: str | None = None,
    ) -> None:
        await self._audit.append(
            AuditEntry(
                municipality=member.municipality,
                at=self._clock.now(),
                kind=AuditKind.EVENT,
                outcome=outcome,
                trace_id=caller.trace_id,
                terminal=member.at(caller.terminal),
                subject_key=self._key(member.municipality, subject),
                function=function,
                after={"measure": measure_id} if measure_id else None,
            )
        )


def _pairs(subject: Subject) -> list[tuple[str, str]]:
    return [(n, number) for n, numbers in subject.numbers.items() for number in numbers]
