"""The pages in Chromium: three widths, keyboard, contrast, offline, fresh states."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gateway.console import AdapterCondition
from gateway.console.routes import console_router
from tests.contrast import POOR_CONTRAST
from tests.doubles import StoppedClock
from tests.gateway.api.town import Town, served
from tests.gateway.console import states
from tests.gateway.console.states import KnownStates

pytestmark = pytest.mark.browser

ADDRESSES = ["/docs", "/console/adapters", "/problems", "/problems/not-found"]
WIDTHS = [320, 768, 1280]


@pytest.fixture
def known() -> KnownStates:
    """One adapter in every condition."""
    return KnownStates(*states.ALL)


@pytest.fixture
def base(known: KnownStates) -> Iterator[str]:
    """The address of a running gateway with the state page."""
    town = Town(routers=[console_router(known, StoppedClock())], public_url="http://127.0.0.1")
    with served(town.app()) as (host, port):
        yield f"http://{host}:{port}"


@pytest.fixture
def context(chromium: Browser, base: str) -> Iterator[BrowserContext]:
    """A fresh profile; a request to another place than the gateway is a failure."""
    context = chromium.new_context(locale="ja-JP")
    elsewhere: list[str] = []
    own = urlsplit(base).netloc
    context.on(
        "request",
        lambda r: (
            elsewhere.append(r.url)
            if urlsplit(r.url).netloc != own and not r.url.startswith("data:")
            else None
        ),
    )
    yield context
    context.close()
    assert elsewhere == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which a script error, or anything the policy refuses, is a failure."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    yield page
    assert wrong == []


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where ``HITOTSU_SCREENSHOTS`` names a folder."""
    if folder := os.environ.get("HITOTSU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def open_page(page: Page, base: str, address: str) -> None:
    """Go there and wait until the page is whole."""
    page.goto(base + address)
    if address == "/docs":
        expect(page.locator(".opblock").first).to_be_visible()


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_fits_every_screen_and_can_be_read(page: Page, base: str, address: str) -> None:
    """From a phone of 320 pixels nothing is cut off or scrolls sideways; contrast of 4.5."""
    open_page(page, base, address)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        picture(page, f"{address.strip('/').replace('/', '-')}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    assert page.evaluate(POOR_CONTRAST) == []


def test_an_opened_operation_can_be_read_too(page: Page, base: str) -> None:
    """Parameters, bodies and responses of the API's description."""
    open_page(page, base, "/docs")
    for operation in ("聞く / Ask", "聞ける項目の一覧 / What can be asked"):
        page.locator(".opblock-summary", has_text=operation).first.click()
    expect(page.locator(".opblock.is-open .responses-table")).to_have_count(2)
    page.set_viewport_size({"width": 320, "height": 800})
    picture(page, "docs-open-320")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 800})
    picture(page, "docs-open-1280")
    assert page.evaluate(POOR_CONTRAST) == []


def test_the_api_pages_show_every_operation_and_its_example(page: Page, base: str) -> None:
    """From bundled files alone; the body of an operation is there to be tried."""
    open_page(page, base, "/docs")
    assert page.locator(".opblock-summary-path").count() == 12
    page.get_by_role("button", name="POST /v1/asked 聞く / Ask", exact=False).first.click()
    expect(page.locator(".opblock.is-open")).to_contain_text("kosodate")


def test_the_keyboard_reaches_the_content_first(page: Page, base: str) -> None:
    """The skip link is the first stop, is then visible, and leads to the content."""
    open_page(page, base, "/console/adapters")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="本文へ移動")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="再読み込み")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="自動更新を止める")).to_be_focused()


def test_buttons_and_links_are_large_enough_to_hit(page: Page, base: str) -> None:
    """Twenty-four pixels at least in both directions."""
    open_page(page, base, "/console/adapters")
    for target in page.locator("main .button").all():
        box = target.bounding_box()
        assert box is not None
        assert box["width"] >= 24
        assert box["height"] >= 24


def test_the_state_page_brings_itself_up_to_date_and_says_what_changed(
    page: Page, base: str, known: KnownStates
) -> None:
    """Without a reload, announced to screen readers; the reader may stop it."""
    page.clock.install()
    open_page(page, base, "/console/adapters")
    tax = page.locator("article", has_text="税務システム")
    expect(tax.locator(".badge")).to_contain_text("停止")
    known.states = (dataclasses.replace(states.TAX, state=AdapterCondition.ONLINE),)
    page.clock.run_for(10_000)
    expect(tax.locator(".badge")).to_contain_text("稼働中")
    expect(page.get_by_role("status")).to_have_text("状態が変わりました: 税務システムは稼働中")
    assert page.locator("article").count() == 1

    page.get_by_role("button", name="自動更新を止める").click()
    known.states = states.ALL
    with page.expect_request("**/console/adapters") as asked:
        page.clock.run_for(60_000)
        page.get_by_role("link", name="再読み込み").click()
    assert asked.value.is_navigation_request()
    expect(page.locator("article")).to_have_count(6)


def test_a_gateway_that_is_gone_is_said_to_be_gone(context: BrowserContext, base: str) -> None:
    """The old states stay, and the page says that they are old."""
    page = context.new_page()
    page.clock.install()
    open_page(page, base, "/console/adapters")
    page.route("**/console/adapters", lambda route: route.fulfill(status=503, body="{}"))
    page.clock.run_for(10_000)
    expect(page.get_by_role("status")).to_have_text(
        "更新できませんでした。表示は最後に取得した時点のものです。"
    )
    assert page.locator("article").count() == 6


def test_the_state_page_works_without_scripts(chromium: Browser, base: str) -> None:
    """Everything is there; the link reloads it, and no button is shown that does nothing."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + "/console/adapters")
    expect(page.locator("article")).to_have_count(6)
    expect(page.get_by_role("button", name="自動更新を止める")).to_be_hidden()
    page.get_by_role("link", name="再読み込み").click()
    expect(page.locator("article")).to_have_count(6)
    context.close()
