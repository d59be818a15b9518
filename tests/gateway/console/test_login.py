"""Who gets into the console, and who does not (NZ-4, AU-11)."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.access import RegistrationError
from gateway.audit import NO_MUNICIPALITY, AuditKind, AuditQuery, AuditStore
from gateway.console.staff import Right
from gateway.console.web.shell import COOKIE
from tests.gateway.console.office import ADDRESS, ONE_DATABASE, PASSWORD, Browser, Office
from tests.gateway.questions.conftest import TOWN


async def attempt(office: Office, staff_id: str, password: str, code: str) -> Browser:
    """Try to log in."""
    browser = office.browser()
    await browser.get("/login")
    await browser.send("/login", staff_id=staff_id, password=password, code=code)
    return browser


async def authentications(office: Office, municipality: str = TOWN) -> list[dict]:
    """Return the records of logins, oldest first."""
    query = AuditQuery(municipality=municipality, kind=AuditKind.AUTHENTICATION)
    return [json.loads(r.entry) for r in reversed(await AuditStore(office.store).list(query))]


async def test_a_member_enrols_and_logs_in_with_two_factors(office: Office) -> None:
    """NZ-4: the cookie is of this host, for no script and no other site."""
    await office.hire("sato")
    browser = office.browser()
    await browser.get("/login")
    browser.http.follow_redirects = False
    answer = await browser.send(
        "/login", staff_id="sato", password=PASSWORD, code=office.code("sato")
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-hitotsu=")
    for attribute in ("HttpOnly", "Secure", "Path=/", "SameSite=strict"):
        assert attribute in cookie
    assert "Domain" not in cookie
    home = await browser.get("")
    assert home.status_code == 200
    assert "権利がまだありません" in browser.words


@ONE_DATABASE
async def test_every_failure_looks_the_same(office: Office) -> None:
    """Wrong password, wrong code, a code used twice, nobody of that name, a locked account."""
    await office.hire("sato")
    used = office.code("sato")
    assert (await attempt(office, "sato", PASSWORD, used)).page.status_code == 200
    await office.hire("tanaka")
    await office.registry().lock(TOWN, "tanaka")
    tries = [
        await attempt(office, "sato", PASSWORD, used),
        await attempt(office, "sato", "not the password", office.code("sato")),
        await attempt(office, "sato", PASSWORD, "000000"),
        await attempt(office, "sato", PASSWORD, "six"),
        await attempt(office, "tanaka", PASSWORD, office.code("tanaka")),
        await attempt(office, "suzuki", PASSWORD, "123456"),
    ]
    pages = {
        t.page.text.replace("sato", "…").replace("tanaka", "…").replace("suzuki", "…")
        for t in tries
    }
    assert len(pages) == 1
    assert {t.page.status_code for t in tries} == {403}
    assert all(not t.http.cookies.get(COOKIE) for t in tries)


@ONE_DATABASE
async def test_failures_stand_in_the_audit_record_and_no_mistyped_id_does(office: Office) -> None:
    """AU-11: who, from where; what was typed as an id may be a password."""
    await office.hire("sato")
    await attempt(office, "sato", "wrong", office.code("sato"))
    await attempt(office, "my secret password", "", "")
    (last,) = [e for e in await authentications(office) if e["outcome"] == "refused"]
    assert last["terminal"] == f"staff:sato@{ADDRESS}"
    assert (last["function"], last["problem"]) == ("staff-login", "staff-login-refused")
    (unknown,) = await authentications(office, NO_MUNICIPALITY)
    assert unknown["terminal"] == f"staff:?@{ADDRESS}"
    assert "secret" not in json.dumps(unknown)


async def test_five_failures_lock_an_account_for_half_an_hour(office: Office) -> None:
    """NZ-4: then the right factors do not help either, until the time is over or it is unlocked."""
    await office.hire("sato")
    for _ in range(5):
        await attempt(office, "sato", "wrong", office.code("sato"))
    assert ("warning", "staff-locked-out", {"municipality": TOWN, "count": 5}) in (
        office.world.log.lines
    )
    assert (await attempt(office, "sato", PASSWORD, office.code("sato"))).page.status_code == 403
    await office.registry().unlock(TOWN, "sato")
    assert (await attempt(office, "sato", PASSWORD, office.code("sato"))).page.status_code == 200
    for _ in range(5):
        await attempt(office, "sato", "wrong", office.code("sato"))
    office.world.clock.advance(minutes=30)
    assert (await attempt(office, "sato", PASSWORD, office.code("sato"))).page.status_code == 200


async def test_attempts_side_by_side_gain_nothing(office: Office) -> None:
    """Each is counted before it is looked at: of twelve at once five are looked at."""
    await office.hire("sato")
    code = office.code("sato")
    await asyncio.gather(*(attempt(office, "sato", "wrong", code) for _ in range(12)))
    assert (await attempt(office, "sato", PASSWORD, code)).page.status_code == 403
    assert office.world.log.events.count("staff-locked-out") == 1


@ONE_DATABASE
@pytest.mark.parametrize(("minutes", "lives"), [(29, True), (30, False)])
async def test_a_session_ends_when_it_is_not_used(
    office: Office, minutes: int, lives: bool
) -> None:
    """Idle for half an hour, as configured."""
    await office.hire("sato")
    browser = await office.at_work("sato")
    office.world.clock.advance(minutes=minutes)
    await browser.get("")
    assert ("職員ログイン" not in browser.words) is lives


@ONE_DATABASE
async def test_a_session_ends_after_a_working_day_however_busy(office: Office) -> None:
    """Ten hours from the login."""
    await office.hire("sato")
    browser = await office.at_work("sato")
    for _ in range(29):
        office.world.clock.advance(minutes=20)
        await browser.get("")
        assert "職員ログイン" not in browser.words
    office.world.clock.advance(minutes=20)
    await browser.get("")
    assert "職員ログイン" in browser.words


async def test_who_logs_out_or_is_locked_out_is_out_at_once(office: Office) -> None:
    """The cookie alone is of no use any more."""
    await office.hire("sato")
    for end in ("logout", "lock", "reset"):
        if end == "reset":
            await office.registry().unlock(TOWN, "sato")
        browser = await office.at_work("sato")
        cookie = browser.http.cookies.get(COOKIE)
        if end == "logout":
            await browser.send("/logout")
        else:
            await getattr(office.registry(), end)(TOWN, "sato")
        browser.http.cookies.set(COOKIE, cookie, domain="gateway.test")
        await browser.get("")
        assert "職員ログイン" in browser.words, end


@ONE_DATABASE
async def test_a_code_for_enrolling_works_once_and_for_three_days(office: Office) -> None:
    """And what it gives is nothing before a second person has agreed to a right."""
    new = await office.registry().add(TOWN, "sato", name="佐藤")
    await office.enrol("sato", new.code)
    again = office.browser()
    await again.send("/enrol", staff_id="sato", enrolment=new.code)
    assert again.page.status_code == 403
    late = await office.registry().add(TOWN, "tanaka", name="田中")
    office.world.clock.advance(days=3)
    await again.send("/enrol", staff_id="tanaka", enrolment=late.code)
    assert again.page.status_code == 403


@ONE_DATABASE
@pytest.mark.parametrize(
    ("password", "again", "says"),
    [("too short", "too short", "短すぎる"), (PASSWORD, "another one", "二つのパスワード")],
)
async def test_a_bad_new_password_may_be_tried_again(
    office: Office, password: str, again: str, says: str
) -> None:
    """With the same code and the same secret (AC-5)."""
    new = await office.registry().add(TOWN, "sato", name="佐藤")
    browser = office.browser()
    await browser.send("/enrol", staff_id="sato", enrolment=new.code)
    (letters,) = browser.html.xpath("//section//code/text()")
    answer = await browser.send(
        "/enrol/finish",
        staff_id="sato",
        enrolment=new.code,
        password=password,
        again=again,
        code="000000",
    )
    assert answer.status_code == 422
    assert (letters,) == tuple(browser.html.xpath("//section//code/text()"))


@ONE_DATABASE
async def test_nobody_gives_a_right_alone(office: Office) -> None:
    """NZ-4: one proposes, another approves, and only after the member has enrolled."""
    registry = office.registry()
    new = await registry.add(TOWN, "sato", name="佐藤")
    row = await registry.grant(TOWN, "sato", Right.AUDIT)
    with pytest.raises(RegistrationError, match="Nobody gives a right alone"):
        await (await enrolled(office, new.code)).approve(TOWN, row.right_id)
    browser = await office.at_work("sato")
    assert (await browser.get("/audit")).status_code == 403
    await office.registry("cli:second").approve(TOWN, row.right_id)
    assert (await browser.get("/audit")).status_code == 200
    await registry.revoke(TOWN, row.right_id)
    assert (await browser.get("/audit")).status_code == 403
    settings = AuditQuery(municipality=TOWN, kind=AuditKind.SETTINGS)
    entries = [json.loads(r.entry) for r in await AuditStore(office.store).list(settings)]
    (agreed,) = [entry for entry in entries if entry["function"] == "staff-right-approve"]
    assert agreed["terminal"] == "cli:second"


async def enrolled(office: Office, code: str):
    """Enrol sato; return the registry of the first person."""
    await office.enrol("sato", code)
    return office.registry()


@ONE_DATABASE
async def test_a_right_is_not_approved_before_its_member_has_enrolled(office: Office) -> None:
    """Whoever kept the code would otherwise get in as somebody else."""
    await office.registry().add(TOWN, "sato", name="佐藤")
    row = await office.registry().grant(TOWN, "sato", Right.AUDIT)
    with pytest.raises(RegistrationError, match="has not enrolled"):
        await office.registry("cli:second").approve(TOWN, row.right_id)


async def test_a_reset_alone_takes_over_no_account(office: Office) -> None:
    """All rights wait for a second person again."""
    await office.hire("sato", Right.AUDIT)
    new = await office.registry("cli:first").reset(TOWN, "sato")
    await office.enrol("sato", new.code)
    browser = await office.at_work("sato")
    assert (await browser.get("/audit")).status_code == 403
    ((_, (right,)),) = await office.registry().list(TOWN)
    with pytest.raises(RegistrationError, match="Nobody gives a right alone"):
        await office.registry("cli:first").approve(TOWN, right.right_id)
    await office.registry("cli:second").approve(TOWN, right.right_id)
    assert (await browser.get("/audit")).status_code == 200


@ONE_DATABASE
async def test_changes_of_staff_stand_in_the_audit_record_before_and_after(
    office: Office,
) -> None:
    """AU-11: who did it, which right, approved by whom; no secret and no name."""
    await office.hire("sato", Right.AUDIT)
    query = AuditQuery(municipality=TOWN, kind=AuditKind.SETTINGS)
    rows = await AuditStore(office.store).list(query)
    entries = [json.loads(r.entry) for r in rows]
    (approval,) = [e for e in entries if e["function"] == "staff-right-approve"]
    assert approval["terminal"] == "cli:second"
    assert (approval["before"]["approved_by"], approval["after"]["approved_by"]) == (
        None,
        "cli:second",
    )
    assert "さん" not in "".join(r.entry for r in rows if "staff" in (r.function or ""))
