"""Finding a person and looking at them, through the same engine and doors as every consumer.

Whoever looks, from where, at which desk and for which purpose stands in the audit record of the
question. Protection withholds on every page; what officers have opened stays closed until it is
shown on purpose (DV-14).
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from adapters.contract import Clock
from gateway.access import Access, AccessService, Caller
from gateway.audit import AuditEntry, AuditKind, AuditLog
from gateway.connections import Connections
from gateway.console.persons.store import ViewStore
from gateway.console.staff import Duty, Member, Right
from gateway.households import household_bases
from gateway.problems import Problem
from gateway.protection import ProtectionService, ProtectionStatus, withhold
from gateway.questions.door import through_the_door
from gateway.questions.parts import Part, PartStatus
from gateway.questions.schemas import MAX_ITEMS, Question
from gateway.questions.service import QuestionService
from gateway.store.tables import StaffViewRow
from gateway.subjects import Subject, SubjectService
from standard_models.answers import Absence, AbsenceReason, Value
from standard_models.dictionary import Dictionary

_NOBODY = "unknown"
"""A handle of nobody: the engine refuses and records it like every other one."""


class ViewOver(Exception):
    """A reference is not of this session, or the right to look has been taken back."""


@dataclass(frozen=True, slots=True)
class PersonRooms:
    """The rooms that a look at a person passes through."""

    views: ViewStore
    questions: QuestionService
    access: AccessService
    subjects: SubjectService
    protection: ProtectionService
    connections: Connections
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock


@dataclass(frozen=True, slots=True)
class Looking:
    """A member of staff who looks at a person for a duty, and from where."""

    member: Member
    duty: Duty
    reference: str
    subject: Subject = field(repr=False)
    caller: Caller

    @property
    def access(self) -> Access:
        """Return as whom the engine is asked."""
        return access_of(self.member, self.duty)


@dataclass(frozen=True, slots=True)
class Sheets:
    """What a page shows of a person. ``guarded``: the banner must stand on it."""

    parts: tuple[Part, ...] = field(repr=False)
    guarded: bool


def access_of(member: Member, duty: Duty) -> Access:
    """Return as whom the engine is asked for a duty of a member."""
    return Access(duty.client_id, member.municipality, duty.purpose_id, "console", "")


class Persons:
    """Finds persons for members of staff and shows what their duty allows."""

    def __init__(self, rooms: PersonRooms) -> None:
        self._rooms = rooms

    def numberings(self, municipality: str) -> Mapping[str, str]:
        """Return the numberings of the systems that are open: id to name."""
        return {
            c.manifest.numbering.id: c.manifest.numbering.name_ja
            for c in self._rooms.connections.all()
            if c.municipality == municipality
        }

    async def find(
        self, member: Member, duty: Duty, person: tuple[str, str], caller: Caller
    ) -> str | None:
        """Return a reference to the person with (numbering, number); None where there is nobody.

        That nobody was found is recorded as well.

        Raises:
            Problem: what is granted to the desk does not allow it; ``audit-unavailable``.
        """
        found = await self._rooms.subjects.find_by_number(member.municipality, *person)
        if found is None:
            await self._nobody(member, duty, caller)
            return None
        return await self._look_at(member, duty, found.subject_id, caller)

    async def also_for(self, looking: Looking, duty: Duty) -> str:
        """Return a reference to the same person for another duty of the member.

        Raises:
            Problem: ``audit-unavailable``.
        """
        subject_id = looking.subject.subject_id
        return await self._look_at(looking.member, duty, subject_id, looking.caller)

    async def looking(self, member: Member, reference: str, caller: Caller) -> Looking:
        """Return what a reference stands for.

        Raises:
            ViewOver: it is of another session, or the right has been taken back.
        """
        row = await self._rooms.views.find(member.session, reference)
        if row is None:
            raise ViewOver
        duty = member.find_duty(Right.VIEW_PERSON, row.client_id, row.purpose_id)
        subject = await self._rooms.subjects.find(member.municipality, row.subject_id)
        if duty is None or subject is None:
            raise ViewOver
        return Looking(member, duty, reference, subject, caller)

    async def businesses(self, looking: Looking) -> dict[str, str]:
        """Return the businesses of which the duty may see items: 業務ID to name.

        Raises:
            Problem: nothing is granted to the desk for the purpose today.
        """
        found = {ref.partition(".")[0] for ref in await self.granted(looking)}
        return {b: self._business(b) for b in sorted(found)}

    async def sheets(self, looking: Looking, business: str) -> Sheets:
        """Return everything that is granted of one business, as protection lets it leave.

        Raises:
            Problem: as ``QuestionService.ask``.
        """
        items = [r for r in await self.granted(looking) if r.startswith(f"{business}.")]
        parts: list[Part] = []
        for piece in self._pieces(items):
            parts += await self._ask(looking, piece, use_openings=False)
        # Looked up once more: a flag that came after the answer hides what the answer showed.
        own, status = await self.own_status(looking), await self.status(looking)
        shown = [through_the_door(part, status, frozenset()) for part in parts]
        if own is ProtectionStatus.CLEAR is not status:
            shown = [without_members(part, status) for part in shown]
        return Sheets(tuple(shown), status is not ProtectionStatus.CLEAR)

    async def shown(self, looking: Looking, items: Sequence[str]) -> tuple[Part, ...]:
        """Return items that officers have opened to this member, once.

        The officer on duty is told, also where it is somebody else of the household who is
        protected, of which the engine knows nothing (DV-17).

        Raises:
            Problem: as ``QuestionService.ask``.
        """
        parts = tuple(await self._ask(looking, items, use_openings=True))
        if await self.own_status(looking) is ProtectionStatus.CLEAR:
            shown = sum(
                isinstance(answer, Value)
                for part in parts
                for record in part.records
                for answer in record.values()
            )
            if shown:
                asker = looking.duty.asker
                self._rooms.protection.revealed(looking.member.municipality, asker, shown)
        return parts

    async def granted(self, looking: Looking) -> list[str]:
        """Return the references of the items that the duty may see today, in their order.

        Raises:
            Problem: ``purpose-not-granted`` or ``unknown-purpose``.
        """
        return await self._items(looking.access)

    async def status(self, looking: Looking) -> ProtectionStatus:
        """Return what counts for where the person lives now: also for whoever lives with them.

        Whose household protects somebody is shown with the banner and without an address, as the
        protected person is; the page does not tell the two apart (DV-9, DV-14).

        Raises:
            Problem: ``audit-unavailable``.
        """
        own = await self.own_status(looking)
        if own is not ProtectionStatus.CLEAR:
            return own
        return await self._rooms.questions.protection_of_household(
            looking.access, looking.subject, self._from(looking)
        )

    async def own_status(self, looking: Looking) -> ProtectionStatus:
        """Return what is known of the person's own protection now."""
        return await self._rooms.protection.status(
            looking.member.municipality, looking.subject.numbers
        )

    async def _ask(
        self, looking: Looking, items: Sequence[str], *, use_openings: bool
    ) -> Sequence[Part]:
        access = looking.access
        handle = self._rooms.subjects.handle_for(
            access.municipality, access.client_id, looking.subject.subject_id
        )
        question = Question(
            subject=handle, purpose=access.purpose_id, items=tuple(items), receipt=False
        )
        with self._rooms.questions.place():
            answer = await self._rooms.questions.ask(
                access, question, self._from(looking), use_openings=use_openings
            )
        return answer.parts

    async def _nobody(self, member: Member, duty: Duty, caller: Caller) -> None:
        access = access_of(member, duty)
        items = tuple((await self._items(access))[:1])
        question = Question(subject=_NOBODY, purpose=duty.purpose_id, items=items, receipt=False)
        where = Caller(caller.trace_id, member.at(caller.terminal))
        try:
            await self._rooms.questions.ask(access, question, where)
        except Problem as problem:
            if problem.type.slug != "unknown-subject":
                raise

    async def _items(self, access: Access) -> list[str]:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        groups = {ref.rpartition(".")[0] for ref in granted.items}
        found = [self._rooms.dictionary.find_group(ref) for ref in sorted(groups)]
        items = [i.ref for group in found if group for i in group.items if i.ref in granted.items]
        if not items:
            raise Problem("purpose-not-granted")
        return items

    @staticmethod
    def _pieces(items: Sequence[str]) -> Iterable[list[str]]:
        """Yield the items in questions that are small enough, each group within one if it fits."""
        piece: list[str] = []
        for group in _by_group(items):
            if piece and len(piece) + len(group) > MAX_ITEMS:
                yield piece
                piece = []
            piece += group
            while len(piece) > MAX_ITEMS:
                yield piece[:MAX_ITEMS]
                piece = piece[MAX_ITEMS:]
        if piece:
            yield piece

    async def _look_at(self, member: Member, duty: Duty, subject_id: str, caller: Caller) -> str:
        """Return a new reference, after it has been recorded who found whom.

        Whoever has a reference can learn that the banner stands, without asking for any item.
        """
        now = self._rooms.clock.now()
        await self._rooms.audit.append(
            AuditEntry(
                municipality=member.municipality,
                at=now,
                kind=AuditKind.EVENT,
                outcome="found",
                trace_id=caller.trace_id,
                terminal=member.at(caller.terminal),
                client_id=duty.client_id,
                purpose=duty.purpose_id,
                subject_key=self._rooms.audit.pseudonym(member.municipality, subject_id),
                function="console-find",
            )
        )
        row = StaffViewRow(
            reference=_reference(),
            session=member.session,
            subject_id=subject_id,
            client_id=duty.client_id,
            purpose_id=duty.purpose_id,
            made_at=now,
        )
        await self._rooms.views.add(row)
        return row.reference

    def _business(self, business_id: str) -> str:
        edition = self._rooms.dictionary.find_edition(business_id)
        return edition.name if edition else business_id

    @staticmethod
    def _from(looking: Looking) -> Caller:
        caller = looking.caller
        return Caller(caller.trace_id, looking.member.at(caller.terminal))


def without_members(part: Part, status: ProtectionStatus) -> Part:
    """Return a list of a household with one line that says nothing, whoever and however many.

    A row would tell that somebody who is protected lives with the person (DV-9, DV-11). Every
    other part stays as it is.
    """
    lists = {basis.group for basis in household_bases().by_id.values()}
    if part.planned.group.ref not in lists or part.status is not PartStatus.OK:
        return part
    fields = frozenset(part.planned.fields)
    nothing = dict.fromkeys(part.planned.fields, Absence(AbsenceReason.UNAVAILABLE))
    return replace(part, records=[withhold(nothing, fields, status)], lost_records=0)


def _reference() -> str:
    """Return 112 random bits in letters: digits in an address could look like a number."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(24))


def _by_group(items: Iterable[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for ref in items:
        groups.setdefault(ref.rpartition(".")[0], []).append(ref)
    return list(groups.values())
