"""Persons, their numbers in the systems, and their handles for consumers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from adapters.contract import Clock
from gateway.access.grants import Relation
from gateway.audit import AuditRecord, settings_entry, to_record
from gateway.keys import KeyStore
from gateway.problems import Problem
from gateway.subjects.handles import HandleCipher, new_subject_id
from gateway.subjects.links import (
    ImportReport,
    Known,
    LinkRow,
    Number,
    Plan,
    plan_import,
    require_known,
)
from gateway.subjects.logins import login_number
from gateway.subjects.store import SubjectStore


@dataclass(frozen=True, slots=True)
class Acting:
    """By which representation somebody else acts in a person's place."""

    representation_id: str
    kind: str
    representative_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """A person. ``numbers`` maps each numbering to the person's numbers in it.

    ``acting`` says who acts in the person's place, None where they do so themselves.
    """

    subject_id: str = field(repr=False)
    numbers: Mapping[str, tuple[str, ...]] = field(repr=False)
    acting: Acting | None = None


class Asker(Protocol):
    """Who asks about a person; ``login_handle`` is of the citizen who is there, if one is."""

    @property
    def municipality(self) -> str:
        """The 6-digit 団体コード."""

    @property
    def client_id(self) -> str:
        """The consumer."""

    @property
    def purpose_id(self) -> str:
        """What it asks for."""

    @property
    def login_handle(self) -> str | None:
        """The handle of the citizen who has logged in."""


class Representatives(Protocol):
    """Who knows who may act for whom."""

    async def acting(
        self, asker: Asker, representative: Subject, represented: Subject, items: Sequence[str]
    ) -> Acting | None:
        """Return by what ``representative`` may ask for ``items`` of ``represented``, if at all."""


class NoRepresentatives:
    """Nobody may act for anybody."""

    async def acting(
        self,
        asker: Asker,  # noqa: ARG002 - of the protocol
        representative: Subject,  # noqa: ARG002
        represented: Subject,  # noqa: ARG002
        items: Sequence[str],  # noqa: ARG002
    ) -> Acting | None:
        """Return None."""
        return None


class SubjectService:
    """Who is behind a handle or a number. Nothing here leaves the gateway but handles."""

    def __init__(
        self,
        store: SubjectStore,
        keys: KeyStore,
        *,
        clock: Clock,
        representatives: Representatives | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._representatives = representatives or NoRepresentatives()
        self._cipher = HandleCipher()

    async def resolve(self, asker: Asker, handle: str, items: Sequence[str] = ()) -> Subject:
        """Return the person behind a handle of this consumer.

        ``items`` are the references of what is asked for; a representative may have less than all.

        Raises:
            Problem: ``unknown-subject``, the same for a handle that is malformed, forged, of
                another consumer or municipality, run out, or of a person who is not known;
                ``login-other-subject``: the citizen who has logged in is neither that person nor
                may act for them now, the same whether or not there is such a person.

        """
        subject_id = self._open(asker, handle)
        # The lookup is made in every case, so that a guess takes as long as a find.
        subject = await self._load(asker.municipality, subject_id or new_subject_id())
        only = asker.login_handle
        if only not in {None, handle}:
            own = self._open(asker, only or "")
            if own is None or own != subject_id:
                return await self._represented(asker, own, subject, items)
        if subject is None:
            raise Problem("unknown-subject")
        return subject

    async def resolve_own(self, asker: Asker, handle: str) -> Subject:
        """Return the person behind a handle, for what nobody may be shown in another's place.

        Raises:
            Problem: as ``resolve``.

        """
        if self.relation_to(asker, handle) is not Relation.SELF:
            raise Problem("login-other-subject")
        return await self.resolve(asker, handle)

    def relation_to(self, asker: Asker, handle: str) -> Relation:
        """Return whether the handle is of whoever has logged in or, as it seems, of another.

        Where nobody has logged in the consumer asks about whom it likes. Nothing is looked up.
        """
        only = asker.login_handle
        if only in {None, handle}:
            return Relation.SELF
        subject_id = self._open(asker, handle)
        own = subject_id is not None and subject_id == self._open(asker, only or "")
        return Relation.SELF if own else Relation.REPRESENTED

    async def _represented(
        self, asker: Asker, own: str | None, subject: Subject | None, items: Sequence[str]
    ) -> Subject:
        """Return ``subject`` if whoever has logged in may act for it; as slow for nobody."""
        town = asker.municipality
        nobody = Subject(new_subject_id(), {})
        representative = await self._load(town, own or nobody.subject_id) or nobody
        acting = await self._representatives.acting(asker, representative, subject or nobody, items)
        if acting is None or subject is None:
            raise Problem("login-other-subject")
        return replace(subject, acting=acting)

    def _open(self, asker: Asker, handle: str) -> str | None:
        return self._cipher.open(
            self._keys.keys(), asker.municipality, asker.client_id, handle, self._clock.now()
        )

    async def handle_of_login(
        self, municipality: str, client_id: str, issuer: str, login_id: str
    ) -> str | None:
        """Return the consumer's handle of a citizen who is known by the provider's id."""
        numbering, number = login_number(issuer, login_id)
        subject_id = await self._store.find(municipality, numbering, number)
        return self.handle_for(municipality, client_id, subject_id) if subject_id else None

    async def find(self, municipality: str, subject_id: str) -> Subject | None:
        """Return the person of an internal subject id."""
        return await self._load(municipality, subject_id)

    def handle_for(self, municipality: str, client_id: str, subject_id: str) -> str:
        """Return the handle of a person for one consumer; the same each time."""
        return self._cipher.seal(self._keys.keys(), municipality, client_id, subject_id)

    def handles_for(self, municipality: str, client_id: str, subject_id: str) -> tuple[str, ...]:
        """Return every handle that the consumer may know the person by, the newest first."""
        return self._cipher.seal_all(self._keys.keys(), municipality, client_id, subject_id)

    async def find_all(self, municipality: str, subject_ids: Sequence[str]) -> Sequence[Subject]:
        """Return the persons of internal subject ids, in one lookup, in their order."""
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        for row in await self._store.numbers_of(municipality, subject_ids):
            numbers = found.setdefault(row.subject_id, {})
            numbers[row.numbering] = (*numbers.get(row.numbering, ()), row.number)
        return [Subject(one, found[one]) for one in subject_ids if one in found]

    async def find_by_number(
        self, municipality: str, numbering: str, number: str
    ) -> Subject | None:
        """Return the person with ``number`` in the system's own numbering."""
        subject_id = await self._store.find(municipality, numbering, number)
        return await self._load(municipality, subject_id) if subject_id else None

    async def find_by_numbers(
        self, municipality: str, numbering: str, numbers: Collection[str]
    ) -> Mapping[str, Subject]:
        """Return whoever is known by one of ``numbers``, by that number; nobody is guessed."""
        held: dict[str, tuple[str, defaultdict[str, list[str]]]] = {}
        for row in await self._store.numbers_of_each(municipality, numbering, numbers):
            known = held.setdefault(row.known, (row.subject_id, defaultdict(list)))
            known[1][row.numbering].append(row.number)
        return {
            number: Subject(subject_id, {n: tuple(found) for n, found in all_of_them.items()})
            for number, (subject_id, all_of_them) in held.items()
        }

    async def numbers_in(self, municipality: str, numbering: str) -> Sequence[tuple[str, str]]:
        """Return subject id and number of everybody who has a number in the numbering."""
        return await self._store.numbers_in(municipality, numbering)

    async def import_links(
        self,
        municipality: str,
        rows: Sequence[LinkRow],
        *,
        anchor: str,
        actor: str,
        only_known: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
    ) -> ImportReport:
        """Write the links of a whole file, or nothing. Importing it again changes nothing.

        Args:
            municipality: 6-digit 団体コード.
            rows: what ``read_link_file`` returned.
            anchor: the numbering of which a person has at most one number.
            actor: who imports, for the audit record.
            only_known: refuse rows of which no number is known yet, so that nobody new is made.
            progress: is told how many of all new numbers are written.

        Raises:
            LinkFileError: a number would belong to two persons; with ``only_known`` also that
                nobody is known by a row.

        """

        def plan_with(known: Mapping[Number, Known]) -> tuple[Plan, AuditRecord]:
            if only_known:
                require_known(rows, known)
            plan = plan_import(rows, known, anchor)
            return plan, self._record(municipality, len(rows), len(known), plan, actor)

        plan = await self._store.apply(municipality, plan_with, self._clock.now(), progress)
        return ImportReport(
            rows=len(rows),
            new_subjects=len(plan.subjects),
            new_numbers=len(plan.links),
            strengthened=len(plan.strengthened),
            unchanged=plan.unchanged,
        )

    async def _load(self, municipality: str, subject_id: str) -> Subject | None:
        numbers: defaultdict[str, list[str]] = defaultdict(list)
        for row in await self._store.numbers(municipality, subject_id):
            numbers[row.numbering].append(row.number)
        if not numbers:
            return None
        return Subject(subject_id, {n: tuple(found) for n, found in numbers.items()})

    def _record(
        self, municipality: str, rows: int, before: int, plan: Plan, actor: str
    ) -> AuditRecord:
        return to_record(
            settings_entry(
                municipality,
                self._clock.now(),
                actor,
                "subject-import",
                before={"numbers": before},
                after={
                    "rows": rows,
                    "numbers": before + len(plan.links),
                    "new_subjects": len(plan.subjects),
                    "strengthened": len(plan.strengthened),
                },
            )
        )
