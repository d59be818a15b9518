"""The state page in words: every adapter, its condition, what it supplies."""

from __future__ import annotations

import dataclasses

import httpx
import lxml.html
import pytest

from gateway.console import AdapterState
from gateway.console.routes import console_router
from tests.doubles import StoppedClock
from tests.gateway.api.town import Town
from tests.gateway.console import states
from tests.gateway.console.states import KnownStates

Element = lxml.html.HtmlElement


async def page_of(*known: AdapterState) -> Element:
    """Return the page that shows these adapters at 10:00 on 2026-10-01."""
    town = Town(routers=[console_router(KnownStates(*known), StoppedClock())])
    transport = httpx.ASGITransport(town.app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        response = await http.get("/console/adapters")
    assert response.status_code == 200
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    return lxml.html.fromstring(response.text)


def words(element: Element) -> str:
    """Return the text of an element with single blanks."""
    return " ".join(element.text_content().split())


def card(page: Element, name: str) -> Element:
    """Return the card of the system with this name."""
    cards: list[Element] = [c for c in page.find_class("card") if words(c.find("h2")) == name]
    assert len(cards) == 1
    return cards[0]


def facts(element: Element) -> dict[str, str]:
    """Return the terms of a card with their descriptions."""
    rows = element.findall(".//dl/div")
    return {words(row.find("dt")): words(row.find("dd")) for row in rows}


async def test_a_running_system_shows_everything_known_of_it() -> None:
    """Times in the era, the age of the copy of protective measures, open questions."""
    shown = card(await page_of(*states.ALL), "住民記録システム")
    assert words(shown.find_class("badge")[0]) == "○ 稼働中"
    assert facts(shown) == {
        "最終確認": "令和8年10月1日 09:59:50",
        "データの時点": "令和8年10月1日 06:00:00",
        "処理中の照会": "3 件",
        "支援措置の写し": "45秒前に取得",
        "提供するグループ": (
            "住民基本台帳：住民基本情報 001.juminkihonjoho住民基本台帳：世帯員情報 001.setaiinjoho"
        ),
        "アダプター": "reference-resident 0.1.0",
        "対応表の版": "1.0.0",
        "団体コード": "999997",
    }


async def test_each_condition_has_its_own_word_and_mark() -> None:
    """So that nothing rests on colour; what needs a person comes first."""
    page = await page_of(*states.ALL)
    assert [words(b) for b in page.xpath("//article//span[contains(@class, 'badge ')]")] == [
        "！ 要確認",
        "× 停止",
        "■ 隔離",
        "◐ 時間外",
        "？ 未確認",
        "○ 稼働中",
    ]
    assert [words(entry) for entry in page.findall(".//ul[@class='summary']/li")] == [
        "！ 要確認 1",
        "× 停止 1",
        "■ 隔離 1",
        "◐ 時間外 1",
        "？ 未確認 1",
        "○ 稼働中 1",
    ]
    assert all(
        m.get("aria-hidden") == "true"
        for m in page.xpath("//span[contains(@class, 'badge ')]/span")
    )


async def test_a_quarantined_adapter_says_why_and_what_to_do() -> None:
    """And its name is shown as text, whatever is in it."""
    page = await page_of(states.BROKEN)
    shown = card(page, "図書館 <b>システム</b>")
    assert "マニフェストの契約の版が合いません。" in words(shown)
    assert "対応: 提供元に、契約 1.0 に対応した版を求めてください。" in words(shown)
    assert facts(shown)["最終確認"] == "まだ確認していません"
    assert facts(shown)["提供するグループ"] == "なし"
    assert facts(shown)["対応表の版"] == "なし"


async def test_a_closed_system_says_when_it_opens() -> None:
    """The first year of an era is 元年, also within its first second."""
    shown = facts(card(await page_of(states.WELFARE), "福祉総合システム"))
    assert shown["再開の予定"] == "令和8年10月2日 06:00:00"
    assert shown["最終確認"] == "令和元年5月1日 00:00:01"
    assert shown["データの時点"] == "システムが示していません"
    assert "支援措置の写し" not in shown


@pytest.mark.parametrize(
    ("age_s", "text"),
    [
        (None, "まだありません"),
        (0.4, "0秒前に取得"),
        (59.9, "59秒前に取得"),
        (60.0, "1分前に取得"),
        (3_599.0, "59分前に取得"),
        (7_200.0, "2時間前に取得"),
        (172_800.0, "2日前に取得"),
    ],
)
async def test_the_age_of_the_copy_is_told_in_the_largest_unit(
    age_s: float | None, text: str
) -> None:
    """An authority without a copy says so: until there is one, no address leaves."""
    state = dataclasses.replace(states.RESIDENT, flag_copy_age_s=age_s)
    assert facts(card(await page_of(state), "住民記録システム"))["支援措置の写し"] == text


async def test_a_town_without_adapters_is_told_where_to_begin() -> None:
    """An empty page would look like a fault."""
    page = await page_of()
    assert "有効になっているアダプターがありません" in words(page)
    assert page.find_class("card") == []


async def test_the_page_can_be_read_by_a_screen_reader() -> None:
    """Language, one main heading, a skip link, headings for cards, a region for changes."""
    page = await page_of(*states.ALL)
    assert page.get("lang") == "ja"
    assert [words(h) for h in page.findall(".//h1")] == ["アダプターの稼働状況"]
    assert page.find("body/a").get("href") == "#content"
    assert page.get_element_by_id("content") is not None
    for article in page.findall(".//article"):
        assert page.get_element_by_id(article.get("aria-labelledby")).tag == "h2"
    assert page.findall(".//p[@role='status']")


async def test_without_the_setting_there_is_no_state_page() -> None:
    """What is not mounted is not there."""
    transport = httpx.ASGITransport(Town().app())
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as http:
        assert (await http.get("/console/adapters")).status_code == 404
