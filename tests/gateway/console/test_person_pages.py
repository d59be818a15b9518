"""One person on the staff's pages: what is seen, by whom, and what protection hides (DV-14)."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gateway.audit import AuditQuery, AuditStore
from gateway.console.staff import Right
from tests.gateway.console.office import (
    ADDRESS,
    ONE_DATABASE,
    SECRET_BLOCK,
    SECRET_MAIL,
    TAX_DESK,
    WELFARE_DESK,
    Browser,
    Office,
)
from tests.gateway.questions.conftest import PURPOSE, TOWN

pytestmark = ONE_DATABASE


@pytest.fixture
async def browser(office: Office) -> Browser:
    """Sato of the tax desk is at work."""
    await office.hire("sato", Right.VIEW_PERSON)
    return await office.at_work("sato")


async def rows(office: Office, **query) -> list[dict]:
    """Return audit records, oldest first."""
    found = await AuditStore(office.store).list(AuditQuery(municipality=TOWN, **query))
    return [json.loads(row.entry) for row in reversed(found)]


async def test_an_officer_sees_what_the_desk_is_granted_with_its_source(
    office: Office, browser: Browser
) -> None:
    """By business; values with system and time, absences with their reason."""
    await office.look(browser, "R1")
    assert "見本　花子" in browser.page.text
    assert SECRET_BLOCK in browser.words
    assert "出所: residentシステム｜データの時点: 令和8年10月1日（2026-10-01） 09:15" in (
        browser.words
    )
    assert "住所_方書値なし この項目は記録されていません。" in browser.words
    assert [a.text for a in browser.html.xpath("//ul[@class='tabs']/li/a")] == [
        "住民基本台帳",
        "個人住民税",
    ]
    assert not browser.has_banner
    await browser.get(browser.page.url.path.removeprefix("/console") + "/010")
    assert "150000" in browser.words
    assert "受給資格" not in browser.words


async def test_each_look_is_one_audit_record_with_officer_and_terminal(
    office: Office, browser: Browser
) -> None:
    """AU-1: operator, address, desk, purpose, items, pseudonym."""
    await office.look(browser, "R1")
    (look,) = [e for e in await rows(office, client_id=TAX_DESK) if e["kind"] == "operation"]
    assert look["terminal"] == f"staff:sato@{ADDRESS}"
    assert (look["client_id"], look["purpose"]) == (TAX_DESK, PURPOSE)
    assert look["function"] == "question"
    assert len(look["subject_key"]) == 64
    assert len(look["items_asked"]) == 3


async def test_that_a_person_was_found_is_recorded_before_anything_is_told(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-11: a reference tells that the banner stands; without a record there is none."""
    browser.http.follow_redirects = False
    assert (await office.look(browser, "R2")).status_code == 303
    found = (await rows(office, client_id=TAX_DESK))[-1]
    assert (found["function"], found["outcome"]) == ("console-find", "found")
    assert found["terminal"] == f"staff:sato@{ADDRESS}"
    await browser.get("/persons")
    monkeypatch.setattr(office.audit, "_queue_limit", 0)
    answer = await browser.send(
        "/persons", duty=f"{TAX_DESK}/{PURPOSE}", numbering="resident", number="R2"
    )
    assert answer.status_code == 503


async def test_the_number_stands_in_no_address(office: Office, browser: Browser) -> None:
    """It is sent in a body; the address holds letters that are good for this session alone."""
    page = await office.look(browser, "R1")
    path = page.url.path
    assert page.url.query == b""
    assert path.rpartition("/")[2].isalpha()
    await office.hire("tanaka", Right.VIEW_PERSON)
    other = await office.at_work("tanaka")
    answer = await other.get(path.removeprefix("/console"))
    assert answer.status_code == 404
    assert "見本" not in answer.text


async def test_nobody_found_is_said_and_recorded(office: Office, browser: Browser) -> None:
    """AU-10: a record without a person; what was typed stays in the form (AC-5)."""
    answer = await office.look(browser, "Ｒ９９")
    assert answer.status_code == 422
    assert "この番号の人は見つかりません" in browser.words
    assert browser.html.xpath("//input[@id='number']/@value") == ["Ｒ９９"]
    (look,) = [e for e in await rows(office, client_id=TAX_DESK) if e["kind"] == "operation"]
    assert (look["outcome"], look["problem"], look["subject_key"]) == (
        "refused",
        "unknown-subject",
        None,
    )


async def test_the_banner_stands_on_every_page_with_a_protected_person(office: Office) -> None:
    """DV-14: in every department's view; no address anywhere in the page, and no reason why."""
    await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL)
    await office.give("sato", Right.VIEW_PERSON, desk=WELFARE_DESK)
    browser = await office.at_work("sato")
    await office.look(browser, "R2")
    here = browser.page.url.path.removeprefix("/console")
    seen = [browser.page]
    for path in (f"{here}/001", f"{here}/010", here.replace("/persons/", "/reveals/")):
        seen.append(await browser.get(path))
        assert browser.has_banner, path
    seen.append(
        await browser.send(
            f"{here.replace('/persons/', '/reveals/')}/check",
            reason="emergency",
            case="2026-1",
        )
    )
    assert browser.has_banner
    await browser.get(here)
    seen.append(await browser.send(f"{here}/duty", duty=f"{WELFARE_DESK}/{PURPOSE}"))
    assert browser.has_banner
    seen.append(await browser.get(browser.page.url.path.removeprefix("/console") + "/027"))
    assert browser.has_banner
    for page in seen:
        assert page.status_code == 200
        assert page.headers["cache-control"] == "no-store"
        assert SECRET_BLOCK not in page.text
        assert SECRET_MAIL not in page.text
        for why in ("支援措置", "DV", "ストーカー", "protect", "shien"):
            assert why not in page.text.replace("protection", "")


async def test_while_nobodys_protection_is_known_the_banner_stands_for_everybody(
    office: Office, browser: Browser
) -> None:
    """DV-3: the same for a person with a measure and for one without."""
    office.world.clock.advance(minutes=11)
    pages = []
    for number in ("R1", "R2"):
        await office.look(browser, number)
        assert browser.has_banner
        assert SECRET_BLOCK not in browser.page.text
        pages.append(browser.words)
    assert pages[0] == pages[1]


async def test_a_flag_that_comes_after_the_answer_hides_it_still(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page looks once more after the engine has answered."""
    ask = type(office.world.questions).ask

    async def ask_then_flag(self, *args, **more):
        answer = await ask(self, *args, **more)
        office.world.systems["resident"].flagged = ("R1", "R2")
        await office.world.protection.pull()
        return answer

    monkeypatch.setattr(type(office.world.questions), "ask", ask_then_flag)
    await office.look(browser, "R1")
    assert browser.has_banner
    assert SECRET_BLOCK not in browser.page.text


async def test_a_system_that_mixes_people_up_shows_nothing(
    office: Office, browser: Browser
) -> None:
    """The wrong-person guard stands before the page as before every answer."""
    honest = office.world.systems["resident"].script

    async def swapped(request):
        other = dataclasses.replace(request, number="R3")
        return await honest(other)

    office.world.systems["resident"].script = swapped
    await office.look(browser, "R1")
    assert browser.page.status_code == 200
    assert "見本　花子" not in browser.page.text


async def test_without_an_audit_record_nothing_is_shown(
    office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-2, in words for people."""
    await office.look(browser, "R1")
    path = browser.page.url.path.removeprefix("/console")
    monkeypatch.setattr(office.audit, "_queue_limit", 0)
    answer = await browser.get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "見本" not in answer.text


async def test_a_right_that_was_taken_back_ends_the_view(office: Office) -> None:
    """At once, although the page stood open."""
    await office.hire("sato")
    right = await office.give("sato", Right.VIEW_PERSON)
    browser = await office.at_work("sato")
    await office.look(browser, "R1")
    path = browser.page.url.path.removeprefix("/console")
    await office.registry().revoke(TOWN, right)
    assert (await browser.get(path)).status_code == 403
    await office.give("sato", Right.VIEW_PERSON, desk=WELFARE_DESK)
    assert (await browser.get(path)).status_code == 404
    assert "見本" not in browser.page.text


async def test_a_duty_that_one_has_no_right_for_finds_nobody(
    office: Office, browser: Browser
) -> None:
    """The desk in the form is looked up among one's own."""
    answer = await office.look(browser, "R1", desk=WELFARE_DESK)
    assert answer.status_code == 422
    assert "窓口と利用目的を選んでください" in browser.words
