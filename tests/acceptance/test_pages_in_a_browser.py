"""The pages in a browser: by keyboard, on a phone, without scripts, readable, on loopback only."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

pytestmark = pytest.mark.browser

CONTRAST = """
() => {
  const luminance = (c) => {
    const f = c.map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2];
  };
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      const image = parse(style.backgroundImage);
      if (style.backgroundImage.includes("rgb") && image.length >= 3) return image.slice(0, 3);
      const c = parse(style.backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (box.width <= 1 || element.closest(".hidden, .default-button, .skip")) continue;
    const a = luminance(parse(getComputedStyle(element).color).slice(0, 3));
    const b = luminance(background(element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(element.className + ": " + ratio.toFixed(2));
  }
  return poor;
}
"""

SMALL_TARGETS = """
() => [...document.querySelectorAll("button, summary, input:not([type=hidden]), textarea")]
  .filter(e => e.checkVisibility() && !e.closest(".default-button"))
  .map(e => [e.tagName, e.id || e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([, , box]) => box.width < 24 || box.height < 24)
  .map(([tag, name]) => tag + " " + name)
"""


@pytest.fixture
def context(chromium: Browser, service_url: str) -> Iterator[BrowserContext]:
    """Return a fresh browser profile that notes every request to another place."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="ja-JP")
    elsewhere: list[str] = []
    own = urlsplit(service_url).netloc
    context.on(
        "request",
        lambda r: elsewhere.append(r.url) if urlsplit(r.url).netloc != own else None,
    )
    yield context
    context.close()
    assert elsewhere == []


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a page on which every script error and refused resource is a failure."""
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if "Content Security" in m.text else None)
    yield page
    assert wrong == []


def _begin(page: Page, service_url: str, resident: str = "a") -> None:
    page.goto(service_url)
    page.check(f"input[name=resident][value={resident}]")
    page.get_by_role("button", name="この人で申請をはじめる").click()
    expect(page).to_have_title("児童手当 認定請求書 — 架空県ひとつ市")


def _answer(page: Page) -> None:
    for group in page.locator("fieldset", has_text="この児童を育てていますか").all():
        group.locator("input").first.check()
    page.fill("#phone", "090-0000-0000")
    page.locator("input[name=pension]").first.check()
    page.locator("input[name=bank]").first.check()
    page.check("#declare")


def test_the_tax_system_is_stopped_seen_missing_and_started_again(
    page: Page, service_url: str
) -> None:
    """The form stands filled in, becomes honestly partial, and is whole again."""
    _begin(page, service_url)
    income = page.locator("[data-field=income_total]")
    expect(income).to_contain_text("3,120,000円")
    page.fill("#phone", "090-0000-0000")
    page.get_by_role("button", name="税務システムを止める").click()
    expect(page.get_by_role("status")).to_contain_text("税務システムを止めて")
    expect(income).to_contain_text("いま確認できません")
    expect(page.locator("[data-field=shimei]")).to_contain_text("架空　花子")
    expect(page.locator("#phone")).to_have_value("090-0000-0000")
    page.get_by_role("button", name="税務システムを動かす").click()
    expect(income).to_contain_text("3,120,000円")
    expect(page.locator("#phone")).to_have_value("090-0000-0000")


def test_an_application_is_sent_with_the_keyboard_alone(page: Page, service_url: str) -> None:
    """Tab, arrows, space and Enter lead from the first page to the receipt number."""
    page.goto(service_url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="本文へ移動")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "input[name=resident]")
    page.keyboard.press("Space")
    _tab_to(page, "button.primary")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("児童手当 認定請求書")
    for name in ("custody", "custody", "pension", "bank"):
        if name == "pension":
            _tab_to(page, "#phone")
            page.keyboard.type("090-0000-0000")
        _tab_to(page, f"input[name^={name}]:not(:checked)")
        page.keyboard.press("Space")
    _tab_to(page, "#declare")
    page.keyboard.press("Space")
    _tab_to(page, "button.primary")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("申請を受け付けました")


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element of the selector has the focus; a trap fails the test."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    pytest.fail(f"Tab never reached {selector}")


def test_enter_in_a_text_field_keeps_and_never_sends(page: Page, service_url: str) -> None:
    """Pressing Enter too early saves the entries; nothing is sent."""
    _begin(page, service_url)
    _answer(page)
    page.locator("#phone").press("Enter")
    expect(page.get_by_role("status")).to_have_text("書いた内容を保存しました。")
    expect(page.locator("#phone")).to_have_value("090-0000-0000")


def test_a_reload_keeps_what_was_typed(page: Page, service_url: str) -> None:
    """The entries come back after a reload, the unfinished one too."""
    _begin(page, service_url)
    page.locator("input[name=pension]").first.check()
    page.fill("#phone", "03-0000-0000")
    with page.expect_response("**/draft"):
        page.locator("#phone").blur()
    page.reload()
    expect(page.locator("#phone")).to_have_value("03-0000-0000")
    expect(page.locator("input[name=pension]").first).to_be_checked()


def test_errors_are_listed_first_and_lead_to_their_fields(page: Page, service_url: str) -> None:
    """The list has the focus; its link moves to the field."""
    _begin(page, service_url)
    page.get_by_role("button", name="この内容で申請する").click()
    expect(page.locator("#errors")).to_be_focused()
    page.get_by_role("link", name="「日中に連絡がとれる電話番号」を書いてください。").click()
    expect(page.locator("#phone")).to_be_focused()


@pytest.mark.parametrize(
    ("width", "language"),
    [
        (320, "日本語"),
        (320, "やさしい日本語"),
        (320, "English"),
        (768, "日本語"),
        (1280, "日本語"),
    ],
    ids=["320-ja", "320-easy", "320-en", "768-ja", "1280-ja"],
)
def test_no_page_scrolls_sideways_and_all_text_is_readable(
    page: Page, service_url: str, width: int, language: str
) -> None:
    """At every width and in every language: no sideways scrolling, contrast, target size."""
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(service_url)
    _follow(page, page.get_by_role("button", name=language, exact=True))
    _assert_readable(page)
    page.locator("input[name=resident]").first.check()
    _follow(page, page.locator("button.primary"))
    _assert_readable(page)
    _follow(page, page.locator("button[formaction='/demo/tax/stop']"))
    _follow(page, page.locator("button[formaction='/demo/welfare/night']"))
    page.locator("details.wrong summary").first.click()
    page.locator("details.more summary").click()
    _assert_readable(page)
    page.locator("button.primary").click()
    expect(page.locator("#errors")).to_be_visible()
    _assert_readable(page)
    _answer_in_any_language(page)
    page.locator("button.primary").click()
    expect(page.locator("[data-receipt]")).to_be_visible()
    _assert_readable(page)


def _answer_in_any_language(page: Page) -> None:
    for name in sorted(set(_radio_names(page))):
        page.locator(f"input[name='{name}']").first.check()
    page.fill("#phone", "090-0000-0000")
    page.check("#declare")


def _radio_names(page: Page) -> list[str]:
    script = "() => [...document.querySelectorAll('input[type=radio]')].map(e => e.name)"
    return list(page.evaluate(script))


def _follow(page: Page, button: Locator) -> None:
    """Press a button and wait for the page that it leads to."""
    with page.expect_navigation():
        button.click()


def _assert_readable(page: Page) -> None:
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate(SMALL_TARGETS) == []


def test_everything_works_without_scripts(chromium: Browser, service_url: str) -> None:
    """With scripts switched off, the way from the first page to the receipt is the same."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    _begin(page, service_url)
    page.get_by_role("button", name="税務システムを止める").click()
    expect(page.locator("[data-field=income_total]")).to_contain_text("いま確認できません")
    _answer(page)
    page.get_by_role("button", name="この内容で申請する").click()
    expect(page.locator("h1")).to_have_text("申請を受け付けました")
    context.close()
