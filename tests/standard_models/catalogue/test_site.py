"""The pages of the catalogue: complete, plain, honest about what is provisional."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from standard_models.builtin import load_builtin
from standard_models.catalogue.__main__ import main
from standard_models.catalogue.site import page_of, write_site
from standard_models.reference.businesses import businesses
from tests.contrast import POOR_CONTRAST

DICTIONARY = load_builtin()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    write_site(DICTIONARY, folder)
    return folder


class Anchors(HTMLParser):
    """Collects ids, links and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)


def anchors(page: Path) -> Anchors:
    found = Anchors()
    found.feed(page.read_text("utf-8"))
    return found


def test_every_item_of_every_edition_has_an_anchor(site: Path) -> None:
    """Each id once on the page of its edition."""
    for edition in DICTIONARY.installed:
        ids = anchors(site / page_of(edition)).ids
        assert len(ids) == len(set(ids))
        assert {item.item_id for item in edition.items} <= set(ids)
        assert {group.key for group in edition.groups} <= set(ids)


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """Pages and anchors exist; no address of another host, no handler or style in the markup."""
    ids = {page.name: set(anchors(page).ids) for page in site.glob("*.html")}
    for page in site.glob("*.html"):
        found = anchors(page)
        assert found.handlers == []
        for link in found.links:
            name, _, anchor = link.partition("#")
            assert (site / (name or page.name)).is_file(), link
            assert not anchor or anchor in ids[name or page.name], link


def test_the_index_lists_every_business(site: Path) -> None:
    """001 to 039, those without a list too."""
    text = (site / "index.html").read_text("utf-8")
    for business in businesses().values():
        assert f"<td>{business.business_id}</td>" in text
        assert business.name in text


def test_a_provisional_list_says_so_at_its_head_at_every_group_and_item(site: Path) -> None:
    """An official one says that it is official."""
    for edition in DICTIONARY.installed:
        text = (site / page_of(edition)).read_text("utf-8")
        items = sum(1 for _ in edition.items)
        marks = len(re.findall('class="provisional"', text))
        expected = 1 + len(edition.groups) + items if edition.provisional else 0
        assert marks == expected
        assert ("公式 <span" in text) is not edition.provisional


def test_the_changes_between_two_editions_have_a_page(site: Path) -> None:
    """Both ways round."""
    text = (site / "031-official-20230929--official-api-2.0.html").read_text("utf-8")
    assert "桁数の拡大：18 → 120" in text
    assert (site / "031-official-api-2.0--official-20230929.html").is_file()


def test_the_package_writes_its_own_catalogue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a command, with the place of the index; without a folder it says how."""
    assert main([str(tmp_path / "out")]) == 0
    assert "index.html" in capsys.readouterr().out
    assert (tmp_path / "out" / "index.html").is_file()
    assert main([]) == 2


@pytest.fixture
def page(chromium: Browser, site: Path) -> Iterator[Page]:
    """The index, opened from the folder, with whatever went wrong collected."""
    opened = chromium.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    opened.goto((site / "index.html").as_uri())
    yield opened
    opened.close()
    assert faults == []


@pytest.mark.browser
@pytest.mark.parametrize("query", ["生年月日_不詳フラグ", "seinengappi_fushofuragu", "031Q0018"])
def test_a_search_leads_to_the_item(page: Page, query: str) -> None:
    """In Japanese, romaji or by id, from a folder, without a server."""
    page.get_by_label("項目を探す").fill(query)
    hit = page.locator("#hits li", has_text="031Q0018").first
    hit.get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/031-official-api-2\.0\.html#031Q0018$"))
    assert page.locator("tr", has=page.locator(":target")).inner_text().count("fushofuragu") == 1


@pytest.mark.browser
@pytest.mark.parametrize("query", ["氏名", "shimei", "Name"])
def test_the_name_itself_stands_before_longer_names(page: Page, query: str) -> None:
    """In Japanese, romaji and English alike."""
    page.get_by_label("項目を探す").fill(query)
    first = page.locator("#hits li").first
    assert first.get_by_role("link").inner_text() == "氏名"


@pytest.mark.browser
def test_a_search_in_english_counts_its_hits(page: Page) -> None:
    """The number is told to screen readers as well."""
    page.get_by_label("項目を探す").fill("date of birth")
    count = page.get_by_role("status").inner_text()
    assert re.match(r"[1-9]\d*件", count)
    page.get_by_label("項目を探す").fill("zzzzzz")
    assert page.get_by_role("status").inner_text().startswith("0件")


@pytest.mark.browser
def test_no_page_scrolls_sideways(chromium: Browser, site: Path) -> None:
    """Every page; wide tables scroll in their own region, which the keyboard reaches."""
    page = chromium.new_page()
    for path in sorted(site.glob("*.html")):
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        for width in (320, 768, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            scrolled = page.evaluate("document.documentElement.scrollWidth")
            assert scrolled <= width, (path.name, width)
        regions = page.locator(".wide")
        assert regions.count() == page.locator('.wide[tabindex="0"]').count()
    page.close()


@pytest.mark.browser
def test_every_text_of_a_page_can_be_read(chromium: Browser, site: Path) -> None:
    """Contrast of at least 4.5 on a list, on changes, and where an item is the target."""
    page = chromium.new_page()
    for name in (
        "index.html",
        "001-provisional-2026.html#001P0006",
        "031-official-20230929--official-api-2.0.html",
    ):
        page.goto(f"{site.as_uri()}/{name}")
        assert page.evaluate(POOR_CONTRAST) == []
    page.close()


@pytest.mark.browser
def test_the_keyboard_reaches_the_content_and_the_search(page: Page) -> None:
    """First the link past the head, then the search, then its hits."""
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_label("項目を探す").fill("氏名")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#hits') !== null")
    page.keyboard.press("Enter")
    page.wait_for_url("**#*")


@pytest.mark.browser
def test_a_printed_page_shows_the_whole_table_without_the_search(page: Page, site: Path) -> None:
    """On A4 nothing scrolls and nothing is hidden behind a region."""
    page.goto((site / "023-provisional-2026.html").as_uri())
    page.emulate_media(media="print")
    assert not page.locator("#search").is_visible()
    regions = "[...document.querySelectorAll('.wide')]"
    clipped = f"{regions}.some(e => getComputedStyle(e).overflowX != 'visible')"
    assert page.evaluate(clipped) is False


@pytest.mark.browser
def test_without_javascript_the_pages_can_be_read(chromium: Browser, site: Path) -> None:
    """The search is not shown; the index leads on."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert not page.locator("#search").is_visible()
    page.get_by_role("link", name="official-20230929").click()
    expect(page.locator("h1")).to_have_text(re.compile("^031"))
    context.close()
