"""From 基本4情報 to a handle: one person, or nobody.

A match needs name, birth date and address, whatever the source finds by less (MN-6). More than one
person who agrees is no match. Whoever is protected is matched by nobody: to agree would confirm an
address (DV-8); they are looked for at the counter. Every miss has one answer, which depends on the
question alone, and misses are counted (API6).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from adapters.contract import Clock, Deadline, EventLog, FourFacts, SearchRequest
from adapters.errors import AdapterError, PlannedUnavailable
from gateway.access import Access, AccessService, Caller
from gateway.access.entries import operation_entry
from gateway.access.registration import MATCH_SUBJECTS
from gateway.audit import AuditLog
from gateway.connections import Connection, Connections
from gateway.matching.comparison import (
    BIRTH,
    BLOCK,
    BUILDING,
    FIELDS,
    GROUP,
    NAMES,
    PLACE,
    READINGS,
    SEX,
    agrees,
)
from gateway.matching.misses import NO_MATCH, MissLimit
from gateway.matching.schemas import MatchDocument, StatedFacts
from gateway.matching.store import MissStore
from gateway.problems import Problem
from gateway.protection import ProtectionService, ProtectionStatus
from gateway.routes import RouteService
from gateway.subjects import Subject, SubjectService
from standard_models.answers import StandardRecord
from standard_models.dictionary import Dictionary

FUNCTION: Final = "subject-match"
MATCH: Final = "match"
MAX_PAGES: Final = 4
"""Of candidates; whoever has so many namesakes of one birth date is not matched."""
_ADDRESS: Final = frozenset({*PLACE, *BLOCK, BUILDING})


@dataclass(frozen=True, slots=True)
class MatchingRooms:
    """The rooms that a match passes through."""

    store: MissStore
    access: AccessService
    subjects: SubjectService
    routes: RouteService
    connections: Connections
    protection: ProtectionService
    audit: AuditLog
    dictionary: Dictionary
    clock: Clock
    log: EventLog


class MatchingService:
    """Finds the person with stated 基本4情報.

    Args:
        deadline_s: seconds that the register has for one search.
        misses_per_hour: how often one consumer may look in vain.
    """

    def __init__(self, rooms: MatchingRooms, *, deadline_s: float, misses_per_hour: int) -> None:
        self._rooms = rooms
        self._deadline_s = deadline_s
        self._limit = MissLimit(
            rooms.store, rooms.clock, rooms.log, function=FUNCTION, per_hour=misses_per_hour
        )

    async def match(self, access: Access, stated: StatedFacts, caller: Caller) -> MatchDocument:
        """Return the handle of the one person who agrees; the record of it is durable.

        Raises:
            Problem: a refusal, itself recorded: ``right-not-granted``, ``purpose-not-granted``,
                ``login-other-subject``, ``too-many-misses``, ``systems-closed``,
                ``register-unavailable``; ``audit-unavailable``, and nothing leaves.
        """
        with self._limit.under_way(access) as under_way:
            return await self._match(access, stated, caller, under_way)

    async def _match(
        self, access: Access, stated: StatedFacts, caller: Caller, under_way: int
    ) -> MatchDocument:
        try:
            await self._permit(access, under_way)
            agreed = await self._agreed(access.municipality, stated, caller)
        except Problem as problem:
            await self._record(access, caller, "refused", stated, problem=problem.type.slug)
            raise
        subject, may_be_named = agreed
        outcome = MATCH if may_be_named else NO_MATCH
        await self._record(access, caller, outcome, stated, subject=subject)
        handle = (
            self._rooms.subjects.handle_for(
                access.municipality, access.client_id, subject.subject_id
            )
            if subject is not None and may_be_named
            else None
        )
        return MatchDocument(outcome=outcome, subject=handle, facts_missing=stated.missing)

    async def refuse(self, access: Access, caller: Caller, problem: Problem) -> NoReturn:
        """Record that a known client sent something that cannot be read, and refuse it.

        Raises:
            Problem: ``problem``, or ``audit-unavailable``.
        """
        await self._record(access, caller, "refused", None, problem=problem.type.slug)
        raise problem

    async def _permit(self, access: Access, under_way: int) -> None:
        granted = await self._rooms.access.grants_of(access, access.purpose_id)
        if MATCH_SUBJECTS not in granted.items:
            granted.require_login([MATCH_SUBJECTS])
            raise Problem("right-not-granted")
        if access.login_handle is not None:
            raise Problem("login-other-subject")
        await self._limit.require_few(access, under_way)

    async def _agreed(
        self, municipality: str, stated: StatedFacts, caller: Caller
    ) -> tuple[Subject | None, bool]:
        """Return the one person who agrees, and whether the caller may be told.

        Raises:
            Problem: the register cannot be asked, or nobody's protection is known now.
        """
        register = await self._register(municipality)
        if await self._status(municipality, {}) is ProtectionStatus.UNKNOWN:
            raise Problem("register-unavailable")
        if stated.jusho is None:
            return None, False
        numbers = await self._search(register, stated.facts, caller.trace_id)
        number = next(iter(numbers)) if len(numbers) == 1 else None
        # Looked up in every case, so that the time it takes tells nothing (DV-8).
        subject = await self._rooms.subjects.find_by_number(
            municipality, register.manifest.numbering.id, number or "-"
        )
        status = await self._status(municipality, subject.numbers if subject else {"-": ("-",)})
        return subject, subject is not None and status is ProtectionStatus.CLEAR

    async def _status(
        self, municipality: str, numbers: Mapping[str, Sequence[str]]
    ) -> ProtectionStatus:
        return await self._rooms.protection.status(municipality, numbers)

    async def _register(self, municipality: str) -> Connection:
        routes = await self._rooms.routes.for_groups(municipality, [GROUP])
        route = routes.get(GROUP)
        found = self._rooms.connections.find(municipality, route.adapter_id) if route else None
        if found is None:
            raise Problem("register-unavailable")
        return found

    async def _search(
        self, register: Connection, facts: FourFacts, trace_id: str
    ) -> frozenset[str]:
        """Return the numbers of everybody who agrees.

        Looked for by the written name and by the reading, each with the birth date: a register
        compares letter by letter, and one of them may be written otherwise there.
        """
        deadline = Deadline.after(self._deadline_s)
        birth = FourFacts(seinengappi=facts.seinengappi)
        agreed: set[str] = set()
        unsure = False
        for looked_for in (
            replace(birth, shimei=facts.shimei),
            replace(birth, shimei_kana=facts.shimei_kana),
        ):
            if looked_for == birth:
                continue
            candidates, whole = await self._candidates(register, looked_for, deadline, trace_id)
            unsure = unsure or not whole
            agreed |= {
                c.subject_number
                for c in candidates
                if c.group == GROUP and c.subject_number and agrees(c.answers, facts)
            }
        # Somebody whose record cannot be read may agree as well.
        return frozenset() if unsure else frozenset(agreed)

    async def _candidates(
        self, register: Connection, facts: FourFacts, deadline: Deadline, trace_id: str
    ) -> tuple[list[StandardRecord], bool]:
        """Return candidates, and whether they are all that the register has.

        Raises:
            Problem: ``systems-closed`` or ``register-unavailable``.
        """
        request = SearchRequest(facts, GROUP, FIELDS, deadline, trace_id)
        found: list[StandardRecord] = []
        for _ in range(MAX_PAGES):
            try:
                page = await register.search(request)
            except PlannedUnavailable as closed:
                raise self._closed(closed) from None
            except AdapterError:
                raise Problem("register-unavailable") from None
            found += page.candidates.records
            if page.candidates.lost:
                return found, False
            if page.next_page is None:
                return found, True
            request = replace(request, page=page.next_page)
        return found, False

    def _closed(self, closed: PlannedUnavailable) -> Problem:
        if closed.until is None:
            return Problem("systems-closed")
        seconds = math.ceil((closed.until - self._rooms.clock.now()).total_seconds())
        return Problem(
            "systems-closed",
            headers={"Retry-After": str(max(1, seconds))},
            extensions={"opens_at": closed.until.isoformat()},
        )

    async def _record(
        self,
        access: Access,
        caller: Caller,
        outcome: str,
        stated: StatedFacts | None,
        *,
        subject: Subject | None = None,
        problem: str | None = None,
    ) -> None:
        key = (
            self._rooms.audit.pseudonym(access.municipality, subject.subject_id)
            if subject
            else None
        )
        now = self._rooms.clock.now()
        entry = operation_entry(
            access,
            caller,
            now,
            function=FUNCTION,
            outcome=outcome,
            subject_key=key,
            problem=problem,
            items_asked=self._elements(stated) if stated else (),
        )
        await self._rooms.audit.append(entry)

    def _elements(self, stated: StatedFacts) -> tuple[str, ...]:
        """Return the official ids of what was searched by, for the audit record (AU-1)."""
        by_fact = {
            "shimei": NAMES[:1],
            "shimei_kana": READINGS[:1],
            "seinengappi": BIRTH[:1],
            "seibetsu": (SEX,),
            "jusho": tuple(sorted(_ADDRESS)),
        }
        fields = [f for fact in stated.model_dump(exclude_none=True) for f in by_fact[fact]]
        items = (self._rooms.dictionary.find_item(f"{GROUP}.{field}") for field in fields)
        return tuple(item.item_id for item in items if item is not None)
