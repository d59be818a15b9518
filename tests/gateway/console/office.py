"""An office with a console: desks, members of staff, and browsers in which they work."""

from __future__ import annotations

import base64
import datetime as dt
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import httpx
import lxml.html
import pytest
from fastapi import APIRouter, FastAPI

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from gateway.access import AccessRegistry, AccessStore, Caller
from gateway.access.grants import GrantTerms
from gateway.accesses import AccessesStore
from gateway.accesses.reports import DisclosureReports
from gateway.accesses.view import AccessView
from gateway.api.application import ApiOptions, build_api
from gateway.audit.searches import SearchStore
from gateway.console.measures import MeasureDesk
from gateway.console.persons import PersonRooms, Persons, Reveals, ViewStore
from gateway.console.records import Disclosures, Searches
from gateway.console.staff import Right, StaffRegistry, StaffService, StaffStore
from gateway.console.staff.factors import PasswordCosts, Passwords, code_at
from gateway.console.web import ConsoleRooms, console_pages
from gateway.console.web.shell import COOKIE, Shell
from gateway.protection.store import MeasureStore, OpeningStore
from gateway.store.engine import Store
from tests.gateway.access.consumers import approve
from tests.gateway.questions.conftest import (
    BLOCK,
    BUILDING,
    MAIL,
    NAME,
    PURPOSE,
    STATE,
    TAX,
    TOWN,
    World,
)
from tests.gateway.questions.scripted import TIME, Script, record

LIST, MEMBER = "001.setaiinjoho", "setaiin_atenabango"
MEMBER_NAME = f"{LIST}.setaiin_shimei"
URL = "https://gateway.test"
TAX_DESK, WELFARE_DESK = "zeimu-mado", "fukushi-mado"
SECRET_BLOCK, SECRET_MAIL = "みどり一丁目", "あおば二丁目"
PASSWORD = "long and easy to remember"
ADDRESS = "192.0.2.40"
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what asks nothing of a database that other tests do not ask of both."""
CHEAP = PasswordCosts(memory_kib=8, iterations=1)
"""Argon2id with next to no work: these tests log in a few hundred times."""


CALLER = Caller("", ADDRESS)


@dataclass
class Browser:
    """What one member of staff holds: cookies and the page that is open."""

    http: httpx.AsyncClient
    page: httpx.Response | None = None

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        self.page = await self.http.get(f"/console{path}")
        return self.page

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form as the open page would: with its hidden token."""
        data = {"csrf": self.csrf, **fields}
        self.page = await self.http.post(
            f"/console{path}",
            data={name: str(value) for name, value in data.items()},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        return self.page

    @property
    def csrf(self) -> str:
        """The token of the forms on the open page."""
        if self.page is None or not self.page.text.startswith("<!doctype"):
            return ""
        found = self.html.xpath("//input[@name='csrf']/@value")
        return found[0] if found else ""

    @property
    def html(self) -> Any:
        """The open page."""
        assert self.page is not None
        return lxml.html.fromstring(self.page.text)

    @property
    def words(self) -> str:
        """The text of the open page."""
        return " ".join(self.html.text_content().split())

    @property
    def has_banner(self) -> bool:
        """Whether the banner stands on the open page, before its heading."""
        found = self.html.xpath("//main/*[1][self::section][contains(@class, 'guard')]")
        assert not found or self.page is None or "取扱注意" in self.words
        return bool(found)


@dataclass
class Office:
    """The console of a town."""

    world: World
    store: Store
    keys: Any
    audit: Any
    app: FastAPI = field(init=False)
    secrets: dict[str, bytes] = field(default_factory=dict)
    extra: tuple[APIRouter, ...] = ()
    idle: dt.timedelta = dt.timedelta(minutes=30)
    households: list[tuple[str, ...]] = field(default_factory=list)
    """Numbers of the resident system of people who live together; everybody else lives alone."""

    listed_instead: tuple[str, ...] = ()
    """Whom the list names whoever is asked for: a system that mixes households up."""

    def __post_init__(self) -> None:
        resident = self.world.systems["resident"]
        resident.script = self._with_households(resident.script)
        rooms, clock, log = self.world.questions._rooms, self.world.clock, self.world.log
        self.staff = StaffService(
            StaffStore(self.store),
            self.keys,
            self.audit,
            clock=clock,
            log=log,
            idle=self.idle,
            passwords=Passwords(CHEAP),
        )
        persons = Persons(
            PersonRooms(
                ViewStore(self.store),
                self.world.questions,
                rooms.access,
                rooms.subjects,
                rooms.protection,
                rooms.connections,
                self.audit,
                rooms.dictionary,
                clock,
            )
        )
        self.reveals = Reveals(
            OpeningStore(self.store), persons, self.audit, rooms.dictionary, clock
        )
        self.shell = Shell(
            self.staff,
            self.audit,
            clock,
            networks=[ip_network("192.0.2.0/24"), ip_network("127.0.0.0/8")],
            public_url=URL,
        )
        searches = Searches(
            SearchStore(self.store), rooms.subjects, rooms.protection, self.audit, clock
        )
        view = AccessView(
            AccessesStore(self.store), rooms.protection, self.audit, rooms.dictionary, clock
        )
        disclosures = Disclosures(
            DisclosureReports(view, self.audit, clock=clock), rooms.subjects, self.keys
        )
        measures = MeasureDesk(
            MeasureStore(self.store), rooms.subjects, rooms.protection, self.audit, clock
        )
        self.pages = console_pages(
            ConsoleRooms(
                self.shell,
                self.staff,
                persons,
                self.reveals,
                searches,
                disclosures,
                measures,
                rooms.dictionary,
            )
        )
        self.app = build_api(
            ApiOptions(URL, "0.1.0"),
            routers=[self.pages.router(), *self.extra],
            log=log,
            metrics=self.world.metrics,
        )

    def _with_households(self, script: Script) -> Script:
        """Return a script that answers for the register's list of households as well."""

        async def answer(request: FetchRequest) -> FetchResult:
            found = dict((await script(request)).groups)
            if LIST in found:
                own = [h for h in self.households if request.number in h]
                members = self.listed_instead or (own[0] if own else (request.number,))
                fields = request.groups[LIST]
                rows = (
                    record(
                        LIST,
                        request.number,
                        fields,
                        {MEMBER: n, "setaiin_shimei": f"氏名{n}"} if n else {},
                    )
                    for n in members
                )
                found[LIST] = GroupRecords(tuple(rows), TIME, TIME)
            return FetchResult(found)

        return answer

    def registry(self, actor: str = "cli:first") -> StaffRegistry:
        """Return the registry as somebody uses it by command."""
        return StaffRegistry(StaffStore(self.store), clock=self.world.clock, actor=actor)

    async def furnish(self) -> None:
        """Register two desks: tax sees residents and tax, welfare sees residents and welfare."""
        grants = {
            TAX_DESK: [NAME, BLOCK, BUILDING, TAX, MAIL],
            WELFARE_DESK: [NAME, BLOCK, BUILDING, STATE],
        }
        for desk, items in grants.items():
            await self.registry().add_desk(TOWN, desk, name=f"{desk}の窓口", contact="課")
            await self.grant(desk, *items)

    async def grant(self, desk: str, *items: str) -> None:
        """Let a desk see items, as two persons agree."""
        dictionary = self.world.questions._rooms.dictionary
        access = AccessRegistry(
            AccessStore(self.store), dictionary, clock=self.world.clock, actor="cli:first"
        )
        terms = GrantTerms(items=items, valid_from=self.world.clock.now().date())
        row = await access.propose_grant(TOWN, desk, PURPOSE, terms)
        await approve(access, row.grant_id)

    async def hire(self, staff_id: str, *rights: Right, desk: str = TAX_DESK) -> None:
        """Register somebody, have them enrol, and give them rights by two persons."""
        new = await self.registry().add(TOWN, staff_id, name=f"{staff_id}さん")
        secret = await self.staff.begin_enrolment(staff_id, new.code, CALLER)
        self.secrets[staff_id] = secret
        await self.staff.enrol(staff_id, new.code, PASSWORD, self.code(staff_id), CALLER)
        for right in rights:
            await self.give(staff_id, right, desk=desk)

    async def enrol(self, staff_id: str, code: str) -> None:
        """Enrol on the pages, with the code that came with the account."""
        browser = self.browser()
        await browser.get("/enrol")
        await browser.send("/enrol", staff_id=staff_id, enrolment=code)
        assert browser.page is not None
        assert browser.page.status_code == 200, browser.words
        (letters,) = browser.html.xpath("//section//code/text()")
        self.secrets[staff_id] = _secret(letters)
        done = await browser.send(
            "/enrol/finish",
            staff_id=staff_id,
            enrolment=code,
            password=PASSWORD,
            again=PASSWORD,
            code=self.code(staff_id),
        )
        assert done.status_code == 200, browser.words

    async def give(self, staff_id: str, right: Right, *, desk: str = TAX_DESK) -> str:
        """Give a right by two persons; return its id."""
        of_a_duty = right in {Right.VIEW_PERSON, Right.REVEAL}
        row = await self.registry().grant(
            TOWN,
            staff_id,
            right,
            desk=desk if of_a_duty else None,
            purpose=PURPOSE if of_a_duty else None,
        )
        await self.registry("cli:second").approve(TOWN, row.right_id)
        return row.right_id

    def code(self, staff_id: str) -> str:
        """Return a one-time code that was not used before: the clock moves on by one."""
        self.world.clock.advance(seconds=30)
        return code_at(self.secrets[staff_id], self.world.clock.now().timestamp())

    def browser(self, address: str = ADDRESS) -> Browser:
        """Return a browser without any cookie."""
        transport = httpx.ASGITransport(self.app, client=(address, 5000))
        http = httpx.AsyncClient(transport=transport, base_url=URL, follow_redirects=True)
        return Browser(http)

    async def at_work(self, staff_id: str, address: str = ADDRESS) -> Browser:
        """Return a browser in which somebody has logged in."""
        browser = self.browser(address)
        caller = Caller("", address)
        token = await self.staff.log_in(staff_id, PASSWORD, self.code(staff_id), caller)
        browser.http.cookies.set(COOKIE, token, domain="gateway.test")
        assert (await browser.get("")).status_code == 200
        return browser

    async def look(self, browser: Browser, number: str, desk: str = TAX_DESK) -> httpx.Response:
        """Look for the person with a number of the resident system."""
        await browser.get("/persons")
        return await browser.send(
            "/persons", duty=f"{desk}/{PURPOSE}", numbering="resident", number=number
        )


def _secret(letters: str) -> bytes:
    text = letters.replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))
