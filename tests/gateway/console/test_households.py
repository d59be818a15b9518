"""Somebody who lives with a protected person: banner, no address, nobody of the household named."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete

from adapters.errors import Unavailable
from gateway.audit import AuditQuery, AuditStore
from gateway.console.staff import Right
from gateway.protection import ProtectionStatus
from gateway.store.tables import RouteRow
from tests.gateway.console.office import (
    LIST,
    MEMBER_NAME,
    ONE_DATABASE,
    PASSWORD,
    SECRET_BLOCK,
    SECRET_MAIL,
    TAX_DESK,
    Browser,
    Office,
)
from tests.gateway.questions.conftest import TOWN
from tests.gateway.questions.scripted import failing

pytestmark = ONE_DATABASE
TOGETHER = ("R1", "R2")
"""R1 has no measure; R2, who lives with them, has one."""


@pytest.fixture
async def browser(office: Office) -> Browser:
    """Sato of the tax desk, who may also see who is on the list of a household."""
    await office.grant(TAX_DESK, MEMBER_NAME)
    await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL)
    return await office.at_work("sato")


async def test_who_lives_with_a_protected_person_is_shown_with_the_banner(
    office: Office, browser: Browser
) -> None:
    """DV-14, DV-9: their address is the other's; in every business, and on the way to a reveal."""
    office.households.append(TOGETHER)
    await office.look(browser, "R1")
    assert browser.has_banner
    assert "見本　花子" in browser.page.text, "what tells no place is shown as ever"
    here = browser.page.url.path.removeprefix("/console")
    for path in (here, f"{here}/010", here.replace("/persons/", "/reveals/")):
        page = await browser.get(path)
        assert browser.has_banner, path
        assert SECRET_BLOCK not in page.text
        assert SECRET_MAIL not in page.text


async def test_the_page_does_not_tell_who_of_the_household_is_protected(
    office: Office, browser: Browser
) -> None:
    """DV-9, DV-11: neither that it is another one, nor who or how many live there."""
    office.households.append(TOGETHER)
    await office.look(browser, "R1")
    assert "氏名R" not in browser.page.text
    alone = browser.html.xpath("//section[contains(@class, 'guard')]")[0].text_content()
    pages = [browser.words]
    office.households[0] = (*TOGETHER, "R3")
    await office.look(browser, "R1")
    pages.append(browser.words)
    assert pages[0] == pages[1]
    await office.look(browser, "R2")
    assert browser.html.xpath("//section[contains(@class, 'guard')]")[0].text_content() == alone


async def test_a_household_without_a_protected_person_has_no_banner(
    office: Office, browser: Browser
) -> None:
    """Otherwise nobody would look at it any more; the list is shown where it is granted."""
    office.households.append(("R1", "R3"))
    await office.look(browser, "R1")
    assert not browser.has_banner
    assert SECRET_BLOCK in browser.page.text
    assert "氏名R3" in browser.page.text


async def test_somebody_on_the_list_whom_nobody_knows_counts_by_the_number(
    office: Office, browser: Browser
) -> None:
    """DV-2: a flag is of a number, whether the person has been linked or not."""
    office.households.append(("R1", "R88"))
    await office.look(browser, "R1")
    assert not browser.has_banner
    office.world.systems["resident"].flagged = ("R88",)
    await office.world.protection.pull()
    await office.look(browser, "R1")
    assert browser.has_banner
    assert SECRET_BLOCK not in browser.page.text


@pytest.mark.parametrize("why", ["of somebody else", "nobody's number", "down"])
async def test_who_lives_there_and_cannot_be_told_may_be_anybody(
    office: Office, browser: Browser, why: str
) -> None:
    """DV-3: a list that cannot be read, or is not of this household, hides the address."""
    resident = office.world.systems["resident"]
    honest = resident.script

    async def without_list(request):  # type: ignore[no-untyped-def]
        if LIST in request.groups:
            return await failing(Unavailable("down"))(request)
        return await honest(request)

    if why == "down":
        resident.script = without_list
    elif why == "of somebody else":
        office.listed_instead = ("R3",)
    else:
        office.households.append(("R1", ""))
    await office.look(browser, "R1")
    assert browser.has_banner
    assert SECRET_BLOCK not in browser.page.text
    await browser.get(browser.page.url.path.removeprefix("/console") + "/010")
    assert SECRET_MAIL not in browser.page.text


async def test_a_town_whose_systems_list_no_household_goes_by_the_person(
    office: Office, browser: Browser
) -> None:
    """There is nobody to ask: a banner on everybody would say nothing any more."""
    async with office.store.transaction() as session:
        await session.execute(delete(RouteRow).where(RouteRow.group_ref == LIST))
    office.households.append(TOGETHER)
    await office.look(browser, "R1")
    assert not browser.has_banner
    assert SECRET_BLOCK in browser.page.text
    await office.look(browser, "R2")
    assert browser.has_banner


async def test_the_address_is_shown_by_two_people_and_the_officer_on_duty_is_told(
    office: Office, browser: Browser
) -> None:
    """DV-14, DV-17: as for the protected person."""
    office.households.append(TOGETHER)
    await office.hire("honda", Right.PROTECTION)
    honda = await office.at_work("honda")
    await office.look(browser, "R1")
    path = browser.page.url.path.removeprefix("/console").replace("/persons/", "/reveals/")
    given = {"reason": "emergency", "case": "2026-1"}
    await browser.get(path)
    await browser.send(path, **given, password=PASSWORD, code=office.code("sato"))
    assert "もう一人の職員の同意を待っています" in browser.words
    await honda.get("/approvals")
    (opening,) = honda.html.xpath("//input[@name='opening']/@value")
    await honda.send("/approvals", opening=opening, password=PASSWORD, code=office.code("honda"))
    assert "protected-items-revealed" not in office.world.log.events
    await browser.get(path)
    shown = await browser.send(path, **given, password=PASSWORD, code=office.code("sato"))
    assert SECRET_BLOCK in shown.text
    assert "protected-items-revealed" in office.world.log.events
    rows = await AuditStore(office.store).list(AuditQuery(municipality=TOWN))
    functions = [json.loads(row.entry)["function"] for row in rows]
    assert "console-reveal" in functions


async def test_without_the_look_at_the_household_the_address_would_be_seen(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above fail without the rule."""

    async def nobody_else(*_: object) -> ProtectionStatus:
        return ProtectionStatus.CLEAR

    monkeypatch.setattr(type(office.world.questions), "protection_of_household", nobody_else)
    office.households.append(TOGETHER)
    await office.look(browser, "R1")
    assert SECRET_BLOCK in browser.page.text
