"""What protection withholds, shown to one officer for a reason, by two people (DV-6, DV-14)."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from gateway.audit import AuditKind, AuditQuery, AuditStore
from gateway.console.staff import Right
from gateway.protection.openings import OpeningRefusedError, Openings, OpeningTerms
from gateway.protection.store import OpeningStore
from tests.gateway.console.office import (
    ADDRESS,
    ONE_DATABASE,
    PASSWORD,
    SECRET_BLOCK,
    SECRET_MAIL,
    TAX_DESK,
    Browser,
    Office,
)
from tests.gateway.questions.conftest import BLOCK, PURPOSE, TOWN

WHY = {"reason": "identified-at-desk", "case": "2026-0042"}


@pytest.fixture
async def staffed(office: Office) -> Office:
    """Sato may look and ask, Tanaka too; Honda may agree to others."""
    await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL)
    await office.hire("tanaka", Right.VIEW_PERSON, Right.REVEAL)
    await office.hire("honda", Right.PROTECTION)
    return office


async def before(office: Office, staff_id: str, number: str = "R2") -> tuple[Browser, str]:
    """Return somebody's browser with the person found, and the address of the procedure."""
    browser = await office.at_work(staff_id)
    await office.look(browser, number)
    path = browser.page.url.path.removeprefix("/console").replace("/persons/", "/reveals/")
    await browser.get(path)
    return browser, path


async def act(office: Office, browser: Browser, path: str, who: str, **fields: str):
    """Go through the second look and act, with both factors."""
    await browser.send(f"{path}/check", **WHY)
    factors = {"password": PASSWORD, "code": office.code(who)}
    return await browser.send(path, **{**WHY, **factors, **fields})


async def agree(office: Office, browser: Browser, who: str = "honda"):
    """Look at the one proposal that waits, and agree."""
    await browser.get("/approvals")
    (opening,) = browser.html.xpath("//form[contains(@action, '/check')]/input[2]/@value")
    await browser.send("/approvals/check", opening=opening)
    return await browser.send(
        "/approvals", opening=opening, password=PASSWORD, code=office.code(who)
    )


async def entries(office: Office, kind: AuditKind) -> list[dict]:
    """Return records of a kind, oldest first."""
    found = await AuditStore(office.store).list(AuditQuery(municipality=TOWN, kind=kind))
    return [json.loads(row.entry) for row in reversed(found)]


async def test_an_address_is_shown_for_a_reason_and_with_a_second_officer(staffed: Office) -> None:
    """DV-14, DV-17: proposed, agreed to, shown once; recorded, the duty officer told."""
    office = staffed
    browser, path = await before(office, "sato")
    answer = await act(office, browser, path, "sato")
    assert "もう一人の職員の同意を待っています" in browser.words
    (code,) = browser.html.xpath("//p[@class='code']/strong/text()")
    assert SECRET_BLOCK not in answer.text
    second = await office.at_work("honda")
    await second.get("/approvals")
    assert code in second.words
    assert "窓口で本人確認を済ませた本人の手続き（2026-0042）" in second.words
    for personal in ("R2", "見本", SECRET_BLOCK):
        assert personal not in second.page.text
    await agree(office, second)
    assert SECRET_BLOCK not in (await browser.get(path)).text
    shown = await act(office, browser, path, "sato")
    assert shown.status_code == 200
    assert SECRET_BLOCK in shown.text
    assert browser.has_banner
    assert shown.headers["cache-control"] == "no-store"
    assert shown.headers["refresh"].startswith("60; url=/console/persons/")
    person = path.replace("/reveals/", "/persons/")
    assert SECRET_BLOCK not in (await browser.get(person)).text

    (why,) = [
        e for e in await entries(office, AuditKind.EVENT) if e["function"] == "console-reveal"
    ]
    assert why["after"] == {"reason": "identified-at-desk", "reference": "2026-0042"}
    assert why["terminal"] == f"staff:sato@{ADDRESS}"
    looks = await entries(office, AuditKind.OPERATION)
    (revealing,) = [e for e in looks if "items_revealed" in e]
    assert revealing["terminal"] == f"staff:sato@{ADDRESS}"
    assert revealing["subject_key"] == why["subject_key"]
    assert office.world.log.events.count("protected-items-revealed") == 1


@ONE_DATABASE
async def test_nothing_is_shown_without_agreement(staffed: Office) -> None:
    """DV-6: the proposal alone opens nothing, to nobody."""
    browser, path = await before(staffed, "sato")
    await act(staffed, browser, path, "sato")
    answer = await act(staffed, browser, path, "sato")
    assert SECRET_BLOCK not in answer.text
    assert "protected-items-revealed" not in staffed.world.log.events


@ONE_DATABASE
async def test_what_is_agreed_is_for_whoever_proposed_it_and_this_person_alone(
    staffed: Office,
) -> None:
    """Not for a colleague of the same desk, not for another person, and for ten minutes."""
    office = staffed
    browser, path = await before(office, "sato")
    await act(office, browser, path, "sato")
    await agree(office, await office.at_work("honda"))
    colleague, other_path = await before(office, "tanaka")
    answer = await act(office, colleague, other_path, "tanaka")
    assert SECRET_BLOCK not in answer.text
    assert "もう一人の職員の同意を待っています" in colleague.words
    office.world.systems["resident"].flagged = ("R1", "R2")
    await office.world.protection.pull()
    someone, third_path = await before(office, "sato", "R1")
    answer = await act(office, someone, third_path, "sato")
    assert SECRET_BLOCK not in answer.text
    office.world.clock.advance(minutes=10)
    await office.world.protection.pull()
    late, path = await before(office, "sato")
    assert SECRET_BLOCK not in (await act(office, late, path, "sato")).text


@ONE_DATABASE
async def test_the_ordinary_page_stays_closed_while_something_is_open(staffed: Office) -> None:
    """An exemption of the desk and an agreed proposal change nothing on it; nobody is alarmed."""
    office = staffed
    await exemption(office)
    browser, path = await before(office, "sato")
    page = await browser.get(path.replace("/reveals/", "/persons/"))
    assert SECRET_BLOCK not in page.text
    assert browser.has_banner
    assert "protected-items-revealed" not in office.world.log.events


@ONE_DATABASE
async def test_with_an_exemption_of_the_desk_a_reason_and_a_second_look_suffice(
    staffed: Office,
) -> None:
    """Two officers have agreed to it before; only what it names is shown."""
    office = staffed
    await exemption(office)
    browser, path = await before(office, "sato")
    shown = await act(office, browser, path, "sato")
    assert SECRET_BLOCK in shown.text
    assert SECRET_MAIL not in shown.text


async def exemption(office: Office) -> None:
    """Open the block of the address to the tax desk, by two people at the command line."""
    dictionary = office.world.questions._rooms.dictionary
    store, clock = OpeningStore(office.store), office.world.clock
    first, second = (Openings(store, dictionary, clock=clock, actor=a) for a in ("cli:a", "cli:b"))
    terms = OpeningTerms(client_id=TAX_DESK, purpose_id=PURPOSE, items=[BLOCK], legal_basis="法")
    now = clock.now()
    row = await first.propose_exemption(TOWN, terms, now, now + dt.timedelta(days=9))
    await second.approve(TOWN, row.opening_id)


@ONE_DATABASE
async def test_a_reason_comes_from_the_list_and_the_case_is_a_number(staffed: Office) -> None:
    """Nothing about a person can be written into the audit record."""
    browser, path = await before(staffed, "sato")
    for reason, case, says in (
        ("curiosity", "2026-1", "理由を一覧から選んでください"),
        ("", "2026-1", "理由を一覧から選んでください"),
        ("emergency", "", "案件の番号を"),
        ("emergency", "花子さんの件", "案件の番号を"),
        ("emergency", "123456789018", "案件の番号を"),
    ):
        for target in (f"{path}/check", path):
            answer = await browser.send(target, reason=reason, case=case, password="", code="")
            assert answer.status_code == 422
            assert says in browser.words


@ONE_DATABASE
async def test_acting_takes_both_factors_once_more(staffed: Office) -> None:
    """A browser that was left open proposes nothing; after five failures it is out."""
    office = staffed
    browser, path = await before(office, "sato")
    for _ in range(5):
        answer = await act(office, browser, path, "sato", password="wrong")
    assert answer.status_code == 403
    assert "ログインできません" in browser.words
    assert await OpeningStore(office.store).all(TOWN, office.world.clock.now()) == []
    await browser.get("")
    assert "職員ログイン" in browser.words


@ONE_DATABASE
async def test_nobody_agrees_to_their_own_proposal(office: Office) -> None:
    """DV-6: also not with every right there is, and not over the command line as somebody else."""
    await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL, Right.PROTECTION)
    browser, path = await before(office, "sato")
    await act(office, browser, path, "sato")
    await browser.get("/approvals")
    assert "自分の申し出" in browser.words
    store = OpeningStore(office.store)
    (row,) = await store.all(TOWN, office.world.clock.now())
    answer = await browser.send(
        "/approvals", opening=row.opening_id, password=PASSWORD, code=office.code("sato")
    )
    assert answer.status_code == 409
    by_command = Openings(
        store,
        office.world.questions._rooms.dictionary,
        clock=office.world.clock,
        actor="cli:sato",
    )
    with pytest.raises(OpeningRefusedError, match="where it was proposed"):
        await by_command.approve(TOWN, row.opening_id)


@ONE_DATABASE
async def test_one_officer_takes_back_what_is_open(staffed: Office) -> None:
    """To protect, one is enough."""
    office = staffed
    browser, path = await before(office, "sato")
    await act(office, browser, path, "sato")
    second = await office.at_work("honda")
    await agree(office, second)
    (opening,) = second.html.xpath("//form[contains(@action, '/close')]/input[2]/@value")
    await second.send("/approvals/close", opening=opening)
    assert SECRET_BLOCK not in (await act(office, browser, path, "sato")).text


@ONE_DATABASE
async def test_there_is_nothing_to_show_of_a_person_without_a_measure(staffed: Office) -> None:
    """And while the status is not known nothing can be opened."""
    office = staffed
    browser, path = await before(office, "sato", "R1")
    assert "この手続きが要る項目はありません" in browser.words
    assert not browser.has_banner
    office.world.clock.advance(minutes=11)
    await browser.get(path)
    assert "いまは確認できない" in browser.words
    assert browser.has_banner


@ONE_DATABASE
async def test_the_right_to_look_is_not_the_right_to_ask(office: Office) -> None:
    """NZ-4: without it there is neither the link nor the page."""
    await office.hire("suzuki", Right.VIEW_PERSON)
    browser, path = await before(office, "suzuki")
    assert browser.page.status_code == 403
    await browser.get(path.replace("/reveals/", "/persons/"))
    assert browser.has_banner
    assert "手続き" not in browser.words
