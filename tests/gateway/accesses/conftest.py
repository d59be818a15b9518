"""Residents, a service that shows them who asked, and consumers that ask.

Every whole list that a resident sees is held to the report on paper at that moment.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.access import OWN_ACCESSES, OWN_ACCESSES_AT_COUNTER, Access, AccessService, Caller
from gateway.access.grants import GrantTerms
from gateway.accesses import AccessesRooms, AccessesService, AccessesStore, DisclosureHolds
from gateway.accesses.reports import DisclosureReport, DisclosureReports, write_report
from gateway.accesses.routes import accesses_router
from gateway.accesses.schemas import AccessesDocument
from gateway.accesses.view import AccessView
from gateway.keys import FileKeyStore
from standard_models.builtin import load_builtin
from tests.gateway.access.consumers import (
    access_registry,
    access_service,
    approve,
    public_jwks,
)
from tests.gateway.accesses.paper import Paper, read_paper
from tests.gateway.questions.conftest import CLIENT, TOWN, World, world

__all__ = ["world"]

MY_PAGE = "my-page"
COUNTER = "counter"


@dataclass
class Residents:
    """The view under test."""

    world: World
    service: AccessesService
    access: AccessService
    holds: DisclosureHolds
    reports: DisclosureReports
    keys: FileKeyStore

    def handle(self, who: str, client: str = MY_PAGE) -> str:
        """Return the handle that a consumer has of a named person."""
        subject_id = self.ids[who]
        return self.world.subjects.handle_for(TOWN, client, subject_id)

    ids: dict[str, str]

    async def view(
        self,
        who: str = "ordinary",
        *,
        client: str = MY_PAGE,
        purpose: str = MY_PAGE,
        cursor: str | None = None,
        limit: int = 20,
    ) -> AccessesDocument:
        """Return the page that a person sees."""
        handle = self.handle(who, client) if who in self.ids else who
        access = Access(client, TOWN, purpose, "t", "key")
        caller = Caller("e" * 32, "192.0.2.9")
        page = await self.service.show(access, handle, cursor, limit, caller)
        if cursor is None and page.next is None and who in self.ids:
            await self._held_to_the_report(who, page, at_counter=client == COUNTER)
        return page

    async def file(self, who: str = "ordinary", *, at_counter: bool = False) -> bytes:
        """Return the file of the report of a person."""
        subject = await self.world.subjects.find(TOWN, self.ids[who])
        assert subject is not None
        report = await self.reports.make(TOWN, subject, at_counter=at_counter, actor="cli:tanaka")
        return self.written(report)

    def written(self, report: DisclosureReport) -> bytes:
        """Return the file of a report."""
        file = io.BytesIO()
        write_report(file, report, self.keys.keys().head_key)
        return file.getvalue()

    async def paper(self, who: str = "ordinary", *, at_counter: bool = False) -> Paper:
        """Return what the report of a person says."""
        return read_paper((await self.file(who, at_counter=at_counter)).decode())

    async def _held_to_the_report(
        self, who: str, page: AccessesDocument, *, at_counter: bool
    ) -> None:
        """AU citizen view: the report has the same content; the look itself is the newest use."""
        paper = await self.paper(who, at_counter=at_counter)
        assert (paper.municipality, paper.withheld) == (page.municipality, page.withheld)
        looks, others = paper.accesses[:1], paper.accesses[1:]
        assert others == page.accesses
        assert [a.function for a in looks] == ([] if page.withheld else ["own-accesses"])

    async def asked(self, who: str = "ordinary", **question: Any) -> list[tuple[str, str]]:
        """Return what a person sees of questions: purpose and outcome, newest first."""
        page = await self.view(who, **question)
        return [(a.purpose.id, a.outcome) for a in page.accesses if a.function == "question"]

    def router(self):
        """Return the HTTP routes."""
        return accesses_router(self.service, self.access)


@pytest.fixture
async def residents(world: World, store, keys, audit_log, clock) -> Residents:
    """Beside the consumer that asks, one shows residents their list, and one does at a counter."""
    registry = access_registry(store, clock)
    for client, right in ((MY_PAGE, OWN_ACCESSES), (COUNTER, OWN_ACCESSES_AT_COUNTER)):
        await registry.add_purpose(
            TOWN, client, name_ja="本人開示", name_en="Own view", legal_basis="法76条", organ="総務"
        )
        await registry.add_client(client, name=client, contact="課", jwks=public_jwks())
        row = await registry.propose_grant(
            TOWN,
            client,
            client,
            GrantTerms(items=[right], valid_from=clock.now().date()),
        )
        await approve(registry, row.grant_id)
    row = await registry.propose_grant(
        TOWN,
        CLIENT,
        "other",
        GrantTerms(
            items=["001.juminkihonjoho.shimei"], valid_from=clock.now().date(), valid_to=None
        ),
    )
    await approve(registry, row.grant_id)
    access = access_service(store, keys, audit_log, clock)
    rooms = AccessesRooms(
        access=access,
        subjects=world.subjects,
        protection=world.protection,
        audit=audit_log,
        keys=keys,
        dictionary=load_builtin(),
        clock=clock,
    )
    ids = {}
    for who, number in (("ordinary", "R1"), ("protected", "R2"), ("newcomer", "R3")):
        subject = await world.subjects.find_by_number(TOWN, "resident", number)
        assert subject is not None
        ids[who] = subject.subject_id
    holds = DisclosureHolds(AccessesStore(store), clock=clock, actor="test")
    view = AccessView(AccessesStore(store), world.protection, audit_log, rooms.dictionary, clock)
    reports = DisclosureReports(view, audit_log, clock=clock)
    service = AccessesService(AccessesStore(store), rooms)
    return Residents(world, service, access, holds, reports, keys, ids)
