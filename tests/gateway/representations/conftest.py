"""A family that has come apart, officers who register who acts for whom, and citizens at home.

VICTIM and CHILD live under a measure of protection that names EX, the other parent. GUARDIAN acts
for WARD, AGENT for PRINCIPAL; STRANGER acts for nobody.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.contract import FlagReport, MeasureKind, ProtectionFlag
from gateway.access import Access, AccessRegistry, AccessStore, Caller, Relation
from gateway.access.grants import GrantTerms
from gateway.access.logins import Login, LoginLevel
from gateway.problems import Problem
from gateway.protection.parties import OtherParties, PartiesStore
from gateway.questions.schemas import Question
from gateway.questions.service import QuestionAnswer, QuestionService
from gateway.representations import (
    ListRooms,
    RepresentationList,
    RepresentationRegistry,
    RepresentationService,
    RepresentationStore,
    RepresentationTerms,
)
from gateway.subjects import LinkRow, SubjectService, SubjectStore
from tests.furnished import furnished
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import (
    BLOCK,
    CLIENT,
    NAME,
    PURPOSE,
    TAX,
    TOWN,
    World,
    world,
)
from tests.gateway.questions.scripted import TIME
from tests.gateway.receipts.over_http import KnownCaller

__all__ = ["world"]

CHILD_BORN = dt.date(2018, 2, 17)
PEOPLE = {
    "victim": "R11",
    "child": "R12",
    "ex": "R13",
    "guardian": "R14",
    "ward": "R15",
    "agent": "R16",
    "principal": "R17",
    "stranger": "R18",
    "elder": "R19",
    "former ward": "R20",
    "niece": "R21",
    "grandchild": "R22",
    "younger child": "R23",
}
ALL_ITEMS = (NAME, BLOCK, TAX)


@dataclass
class Family:
    """The people, and what they and the officers do."""

    world: World
    ids: dict[str, str]
    service: RepresentationService
    parties: OtherParties

    def handle(self, who: str, client: str = CLIENT) -> str:
        """Return the handle that a consumer has of a person."""
        return self.world.subjects.handle_for(TOWN, client, self.ids[who])

    def officer(self, name: str = "first") -> RepresentationRegistry:
        """Return the registry as an officer uses it."""
        dictionary = self.world.questions._rooms.dictionary
        store = RepresentationStore(self.world.store)
        return RepresentationRegistry(store, dictionary, clock=self.world.clock, actor=name)

    async def propose(
        self, represented: str, representative: str, kind: str = "parent", **terms: Any
    ) -> str:
        """Let the first officer register a representation; return its id."""
        born = {"birth": CHILD_BORN} if kind in {"parent", "guardian-of-minor"} else {}
        row = await self.officer().propose(
            TOWN,
            self.ids[represented],
            self.ids[representative],
            RepresentationTerms(kind=kind, **{"document": "令和8年第12号"} | born | terms),
        )
        return row.representation_id

    async def register(
        self, represented: str, representative: str, kind: str = "parent", **terms: Any
    ) -> str:
        """Let two officers register a representation; return its id."""
        made = await self.propose(represented, representative, kind, **terms)
        await self.officer("second").approve(TOWN, made)
        return made

    def access(self, who: str | None, purpose: str = PURPOSE, client: str = CLIENT) -> Access:
        """Return the token of somebody who has just logged in, or of the consumer alone."""
        login = None
        if who is not None:
            now = self.world.clock.now()
            login = Login(self.handle(who, client), LoginLevel.PUBLIC_KEY_CARD, now)
        return Access(client, TOWN, purpose, "t", "k", login=login)

    async def ask(
        self, who: str | None, of: str, *items: str, purpose: str = PURPOSE, **more: Any
    ) -> QuestionAnswer:
        """Ask for items of a person, as whoever has logged in."""
        question = Question(
            subject=self.handle(of) if of in self.ids else of,
            purpose=purpose,
            items=items or (NAME,),
            **more,
        )
        access = self.access(who, purpose)
        return await self.world.questions.ask(access, question, Caller("f" * 32, "127.0.0.1"))

    async def may(self, who: str, of: str, *items: str, purpose: str = PURPOSE) -> bool:
        """Return whether somebody gets an answer about another; there is one refusal alone."""
        problem = await self.refusal(who, of, *items, purpose=purpose)
        if problem is None:
            return True
        assert (problem.type.slug, problem.type.status) == ("login-other-subject", 403)
        assert (problem.detail_ja, problem.errors, problem.extensions) == ("", (), {})
        return False

    async def refusal(
        self, who: str | None, of: str, *items: str, purpose: str = PURPOSE
    ) -> Problem | None:
        """Return why somebody gets no answer about another, None if they get one."""
        try:
            await self.ask(who, of, *items, purpose=purpose)
        except Problem as problem:
            return problem
        return None

    async def flags(self, *flags: ProtectionFlag) -> None:
        """Let the resident system report exactly these flags, and read them."""

        async def report(_: object) -> FlagReport:
            return FlagReport(flags, TIME, self.world.clock.now())

        self.world.systems["resident"].protection_flags = report  # type: ignore[method-assign]
        await self.world.protection.pull()

    async def protect(
        self,
        *who: str,
        against: tuple[str, ...] | None = ("ex",),
        kind: MeasureKind = MeasureKind.FULL,
    ) -> None:
        """Let the resident system flag people; None: it does not tell against whom."""
        parties = None if against is None else tuple(PEOPLE[one] for one in against)
        await self.flags(*(ProtectionFlag(PEOPLE[one], kind, None, None, parties) for one in who))

    async def grant(
        self,
        *items: str,
        relation: Relation = Relation.REPRESENTED,
        purpose: str = PURPOSE,
        **terms: Any,
    ) -> str:
        """Let two officers grant items of represented persons; return the grant's id."""
        registry = AccessRegistry(
            AccessStore(self.world.store),
            self.world.questions._rooms.dictionary,
            clock=self.world.clock,
            actor="test",
        )
        usual = {"valid_from": self.world.clock.now().date(), "login_level": 2}
        row = await registry.propose_grant(
            TOWN,
            CLIENT,
            purpose,
            GrantTerms(items=items, relation=relation, **usual | terms),
        )
        await approve(registry, row.grant_id)
        return row.grant_id

    async def listed(self, who: str | None, purpose: str = PURPOSE) -> list[tuple[str, str]]:
        """Return for whom somebody is told that they may act: handle and kind."""
        caller = Caller("f" * 32, "127.0.0.1")
        shown = await self.list().show(self.access(who, purpose), caller)
        return [(one.subject, one.kind) for one in shown.representations]

    def list(self) -> RepresentationList:
        """Return the room that lists representations."""
        rooms = self.world.questions._rooms
        return RepresentationList(
            ListRooms(
                self.service, self.parties, rooms.access, rooms.subjects, rooms.audit, rooms.clock
            )
        )

    def known(self, who: str | None, purpose: str = PURPOSE) -> KnownCaller:
        """Return an access service for which every call comes from ``who``."""
        return KnownCaller(self.world.questions._rooms.access, self.access(who, purpose))


@pytest.fixture
async def family(world: World, keys: Any) -> Family:
    """The people are known; the purpose is granted of represented persons; nobody acts yet."""
    rooms = world.questions._rooms
    parties = OtherParties(PartiesStore(world.store), world.protection)
    service = RepresentationService(
        RepresentationStore(world.store), rooms.access, parties, rooms.audit, clock=world.clock
    )
    world.subjects = SubjectService(
        SubjectStore(world.store), keys, clock=world.clock, representatives=service
    )
    # Patient: that a busy machine is late is not what these tests are about.
    world.questions = QuestionService(replace(rooms, subjects=world.subjects), deadline_s=30)
    found = Family(world, {}, service, parties)
    found.ids = dict(
        await furnished(world.store, ("family", world.clock.now()), lambda: _furnish(found))
    )
    return found


async def _furnish(family: Family) -> dict[str, str]:
    """Link the people and grant the purpose; return their ids by name."""
    subjects = family.world.subjects
    rows = [
        LinkRow(line, (("resident", number), ("tax", f"T{number}")), "my-number-match")
        for line, number in enumerate(PEOPLE.values(), start=2)
    ]
    await subjects.import_links(TOWN, rows, anchor="resident", actor="test")
    ids = {}
    for who, number in PEOPLE.items():
        subject = await subjects.find_by_number(TOWN, "resident", number)
        assert subject is not None
        ids[who] = subject.subject_id
    await family.grant(*ALL_ITEMS)
    return ids
