"""Every page of the console against every right, and the console against the API (NZ-4, API5)."""

from __future__ import annotations

import json

import httpx
import pytest

from gateway.access import Access, AccessRegistry, AccessStore, RegistrationError
from gateway.audit import AuditKind, AuditQuery, AuditStore
from gateway.console.staff import Right
from gateway.console.web.shell import COOKIE, PageRule
from gateway.questions.routes import question_router
from tests.gateway.access.consumers import public_jwks
from tests.gateway.console.office import ONE_DATABASE, WELFARE_DESK, Office
from tests.gateway.questions.conftest import CLIENT, NAME, PURPOSE, TOWN, World
from tests.gateway.receipts.over_http import KnownCaller

pytestmark = ONE_DATABASE
NEEDED = {
    ("GET", ""): None,
    ("POST", "/logout"): None,
    ("GET", "/persons"): Right.VIEW_PERSON,
    ("POST", "/persons"): Right.VIEW_PERSON,
    ("GET", "/persons/{reference}"): Right.VIEW_PERSON,
    ("GET", "/persons/{reference}/{business}"): Right.VIEW_PERSON,
    ("POST", "/persons/{reference}/duty"): Right.VIEW_PERSON,
    ("GET", "/reveals/{reference}"): Right.REVEAL,
    ("POST", "/reveals/{reference}/check"): Right.REVEAL,
    ("POST", "/reveals/{reference}"): Right.REVEAL,
    ("GET", "/approvals"): Right.PROTECTION,
    ("POST", "/approvals/check"): Right.PROTECTION,
    ("POST", "/approvals"): Right.PROTECTION,
    ("POST", "/approvals/close"): Right.PROTECTION,
    ("GET", "/measures"): Right.PROTECTION,
    ("POST", "/measures"): Right.PROTECTION,
    ("GET", "/measures/new"): Right.PROTECTION,
    ("POST", "/measures/new/check"): Right.PROTECTION,
    ("POST", "/measures/new"): Right.PROTECTION,
    ("POST", "/measures/look"): Right.PROTECTION,
    ("POST", "/measures/extend"): Right.PROTECTION,
    ("POST", "/measures/end"): Right.PROTECTION,
    ("GET", "/audit"): Right.AUDIT,
    ("GET", "/audit/{search}"): Right.AUDIT,
    ("POST", "/audit/{search}"): Right.AUDIT,
    ("POST", "/audit/{search}/export"): Right.EXPORT,
    ("GET", "/disclosure"): Right.DISCLOSURE,
    ("POST", "/disclosure"): Right.DISCLOSURE,
}
PUBLIC = {
    ("GET", "/login"),
    ("POST", "/login"),
    ("GET", "/enrol"),
    ("POST", "/enrol"),
    ("POST", "/enrol/finish"),
    ("POST", "/language"),
}
FORBIDDEN = "この画面を使う権利がありません"


def filled(page: PageRule) -> str:
    """Return an address of a page."""
    return (
        page.path.replace("{reference}", "a" * 24)
        .replace("{business}", "001")
        .replace("{search}", "logins")
    )


async def test_every_page_stands_in_the_matrix(office: Office) -> None:
    """A page that is added without a row here fails."""
    rules = {(p.method, p.path): p.right for p in office.pages.pages if not p.public}
    assert rules == NEEDED
    assert {(p.method, p.path) for p in office.pages.pages if p.public} == PUBLIC


async def test_without_a_login_every_page_leads_to_it(office: Office) -> None:
    """Whatever is sent along: an unknown cookie, a token of the API."""
    browser = office.browser()
    browser.http.follow_redirects = False
    for cookie, bearer in (("", ""), ("x" * 48, ""), ("", "DPoP abc"), ("", "Bearer abc")):
        browser.http.headers["cookie"] = f"{COOKIE}={cookie}"
        browser.http.headers["authorization"] = bearer
        for page in office.pages.pages:
            if page.public:
                continue
            answer = await browser.http.request(
                page.method,
                f"/console{filled(page)}",
                data={"csrf": "guessed"} if page.method == "POST" else None,
            )
            assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")


@pytest.mark.parametrize("held", [None, *Right])
async def test_every_page_opens_with_its_own_right_alone(
    office: Office, held: Right | None
) -> None:
    """NZ-4: no right holds another one."""
    rights = [held] if held else []
    await office.hire("sato", *rights)
    browser = await office.at_work("sato")
    for page in office.pages.pages:
        if page.public or page.path == "/logout":
            continue
        path = filled(page)
        if page.method == "GET":
            answer = await browser.get(path)
        else:
            answer = await browser.send(path)
        refused = FORBIDDEN in answer.text
        # Files are of searches: to take them out is of no use without the right to search.
        may = page.right is None or (page.right is held and held is not Right.EXPORT)
        assert refused is not may, (page.method, page.path, held)
        assert (answer.status_code == 403) is refused, (page.method, page.path)


async def test_a_right_at_one_desk_is_none_at_another(office: Office) -> None:
    """Rights on persons are for one desk and one purpose."""
    await office.hire("sato", Right.VIEW_PERSON)
    await office.give("sato", Right.REVEAL, desk=WELFARE_DESK)
    browser = await office.at_work("sato")
    await office.look(browser, "R2")
    assert browser.has_banner
    assert "手続き" not in browser.words
    path = browser.page.url.path.removeprefix("/console").replace("/persons/", "/reveals/")
    await browser.get(path)
    assert "理由" not in browser.words
    assert browser.page.status_code == 403


async def test_a_refusal_is_recorded(office: Office) -> None:
    """AU-11: failure events of the console."""
    await office.hire("sato")
    browser = await office.at_work("sato")
    await browser.get("/audit")
    rows = await AuditStore(office.store).list(AuditQuery(municipality=TOWN, kind=AuditKind.EVENT))
    entry = json.loads(rows[0].entry)
    assert (entry["outcome"], entry["problem"], entry["function"]) == (
        "refused",
        "console-right-missing",
        "console-audit",
    )


FOREIGN: list[tuple[dict[str, str], dict[str, str] | None]] = [
    ({"sec-fetch-site": "cross-site"}, None),
    ({"sec-fetch-site": "same-site"}, None),
    ({"origin": "https://evil.test"}, None),
    ({"origin": "null"}, None),
    ({}, {"csrf": "guessed"}),
    ({}, {}),
    ({"content-type": "text/plain"}, None),
]
"""Headers and fields of forms that are not ours; without fields the token is the right one."""


async def test_a_form_of_another_page_is_refused(office: Office) -> None:
    """Another site's, another session's, or one without the token: nobody is logged out by it."""
    await office.hire("sato")
    browser = await office.at_work("sato")
    for headers, body in FOREIGN:
        data = {"csrf": browser.csrf} if body is None else body
        answer = await browser.http.post("/console/logout", data=data, headers=headers)
        assert answer.status_code in {400, 403}, headers
        assert "職員ログイン" not in (await browser.get("")).text, headers


async def test_outside_the_configured_networks_there_is_no_console(office: Office) -> None:
    """Not even a login."""
    browser = office.browser(address="203.0.113.9")
    for page in office.pages.pages:
        answer = await browser.http.request(page.method, f"/console{filled(page)}")
        assert answer.status_code == 404
        assert "not-found" in answer.json()["type"]


async def test_the_console_opens_no_api_and_the_api_opens_no_console(
    office: Office, world: World
) -> None:
    """API5: a cookie of staff is nothing to ``/v1``, a good token is nothing to the console."""
    await office.hire("sato", *Right)
    browser = await office.at_work("sato")
    rooms = world.questions._rooms
    real = Office(world, office.store, office.keys, office.audit,
                  extra=(question_router(world.questions, rooms.access),))  # fmt: skip
    body = {"subject": world.handles["ordinary"], "purpose": PURPOSE, "items": [NAME]}
    transport = httpx.ASGITransport(real.app, client=("192.0.2.40", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        http.cookies.update(browser.http.cookies)
        assert (await http.get("/console")).status_code == 200
        assert (await http.post("/v1/questions", json=body)).status_code == 401
    good = KnownCaller(rooms.access, Access(CLIENT, TOWN, PURPOSE, "t", "k"))
    known = Office(world, office.store, office.keys, office.audit,
                   extra=(question_router(world.questions, good),))  # fmt: skip
    transport = httpx.ASGITransport(known.app, client=("192.0.2.40", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.test") as http:
        http.headers["authorization"] = "DPoP good"
        assert (await http.post("/v1/questions", json=body)).status_code == 200
        for page in known.pages.pages:
            if not page.public:
                answer = await http.request(page.method, f"/console{filled(page)}")
                assert answer.status_code in {303, 400}


async def test_a_desk_gets_no_keys(office: Office) -> None:
    """API5: with them somebody could ask ``/v1`` as the desk, past the rights of staff."""
    registry = AccessRegistry(
        AccessStore(office.store),
        office.world.questions._rooms.dictionary,
        clock=office.world.clock,
        actor="test",
    )
    with pytest.raises(RegistrationError, match="desk of the console"):
        await registry.rotate_keys(WELFARE_DESK, add=public_jwks())
