"""Persons, their numbers in the systems, and their handles for consumers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from adapters.contract import Clock
from gateway.audit import AuditEntry, AuditKind, AuditRecord, to_record
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
class Subject:
    """A person. ``numbers`` maps each numbering to the person's numbers in it."""

    subject_id: str = field(repr=False)
    numbers: Mapping[str, tuple[str, ...]] = field(repr=False)


class Asker(Protocol):
    """Who asks about a person; ``login_handle`` is of the one person that it may ask about."""

    @property
    def municipality(self) -> str:
        """The 6-digit 団体コード."""

    @property
    def client_id(self) -> str:
        """The consumer."""

    @property
    def login_handle(self) -> str | None:
        """The handle of the citizen who has logged in."""


class SubjectService:
    """Who is behind a handle or a number. Nothing here leaves the gateway but handles."""

    def __init__(self, store: SubjectStore, keys: KeyStore, *, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._cipher = HandleCipher()

    async def resolve(self, asker: Asker, handle: str) -> Subject:
        """Return the person behind a handle of this consumer.

        Raises:
            Problem: ``unknown-subject``, the same for a handle that is malformed, forged, of
                another consumer or municipality, run out, or of a person who is not known;
                ``login-other-subject``: the token is good for the citizen who has logged in alone.

        """
        subject_id = self._open(asker, handle)
        # The lookup is made in every case, so that a guess takes as long as a find.
        subject = await self._load(asker.municipality, subject_id or new_subject_id())
        if subject is None:
            raise Problem("unknown-subject")
        only = asker.login_handle
        if only not in {None, handle} and self._open(asker, only or "") != subject_id:
            raise Problem("login-other-subject")
        return subject

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
            AuditEntry(
                municipality=municipality,
                at=self._clock.now(),
                kind=AuditKind.SETTINGS,
                outcome="changed",
                trace_id="",
                terminal=actor,
                function="subject-import",
                before={"numbers": before},
                after={
                    "rows": rows,
                    "numbers": before + len(plan.links),
                    "new_subjects": len(plan.subjects),
                    "strengthened": len(plan.strengthened),
                },
            )
        )
