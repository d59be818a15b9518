"""The whole town in a browser: a form filled in from three systems, one of them stopped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.town_under_test import Town

pytestmark = [pytest.mark.town, pytest.mark.browser]

NEUTRAL = "この項目は表示できません。窓口でお聞きください。"
ADDRESS_FIELDS = (
    "choazakodo",
    "choaza",
    "banchigohyoki",
    "katagaki",
    "yubinbango",
)


@pytest.fixture
def page(chromium: Browser, town: Town) -> Iterator[Page]:
    """Return a page that may speak to the online service only."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="ja-JP")
    elsewhere: list[str] = []
    own = urlsplit(town.service_url).netloc
    context.on(
        "request", lambda r: elsewhere.append(r.url) if urlsplit(r.url).netloc != own else None
    )
    yield context.new_page()
    context.close()
    assert elsewhere == []


def _begin(page: Page, town: Town, name: str) -> None:
    page.goto(town.service_url)
    page.check(f"input[name=resident][value={town.letter_of(name)}]")
    page.get_by_role("button", name="この人で申請をはじめる").click()
    expect(page.locator("h1")).to_have_text("児童手当 認定請求書")


def test_the_form_is_filled_in_from_three_systems(page: Page, town: Town) -> None:
    """The family with two children: values of all three systems, each with its source."""
    number = town.people()["two_children"]["resident"]
    resident = town.truth("001.juminkihonjoho")[number][0]["records"][0]
    tax = town.truth("010.kazeikihonjoho")[number][0]["records"][0]
    _begin(page, town, "two_children")
    expect(page.locator(".standing")).to_contain_text("3つのシステムすべてに確認できました。")
    name = page.locator("[data-field=shimei]")
    expect(name).to_contain_text(resident["shimei"]["value"])
    expect(name).to_contain_text("時点）")
    income = page.locator("[data-field=income_total]")
    expect(income).to_contain_text(f"{tax['gokeishotokukingaku']['value']:,}円")
    expect(page.locator("[data-field=entitlement]")).to_contain_text("消滅")
    expect(page.locator(".not-needed")).to_contain_text("住民票の写し（世帯全員分）")
    expect(page.locator(".not-needed")).to_contain_text("所得課税証明書")


def test_the_tax_system_is_stopped_and_started_again(page: Page, town: Town) -> None:
    """A real process stops: the form is honestly partial, keeps what was typed, and recovers."""
    _begin(page, town, "two_children")
    income = page.locator("[data-field=income_total]")
    expect(income).to_contain_text("円")
    page.fill("#phone", "090-0000-0000")
    page.get_by_role("button", name="税務システムを止める").click()
    expect(page.locator(".unreached")).to_contain_text("税務システム")
    expect(income).to_contain_text("いま確認できません")
    expect(page.locator(".still-needed")).to_contain_text("所得課税証明書")
    expect(page.locator("[data-field=shimei] .tag")).to_have_text("入力済み")
    expect(page.locator("#phone")).to_have_value("090-0000-0000")
    page.get_by_role("button", name="税務システムを動かす").click()
    expect(income).to_contain_text("円")
    expect(page.locator(".standing")).to_contain_text("3つのシステムすべてに確認できました。")
    expect(page.locator("#phone")).to_have_value("090-0000-0000")


def test_at_night_the_welfare_system_says_when_it_opens(page: Page, town: Town) -> None:
    """Closed by its timetable is told apart from broken, with the time of reopening."""
    _begin(page, town, "two_children")
    page.get_by_role("button", name="福祉を夜間にする").click()
    expect(page.locator(".unreached")).to_contain_text("福祉システム")
    expect(page.locator(".unreached")).to_contain_text("令和8年10月2日 6時00分から確認できます。")
    page.get_by_role("button", name="福祉を昼間にする").click()
    expect(page.locator(".standing")).to_contain_text("3つのシステムすべてに確認できました。")


def test_no_part_of_a_protected_address_is_anywhere(page: Page, town: Town) -> None:
    """Not in the document, not in its source, not in a header; the sentence is neutral."""
    secrets = _secrets(town, "victim")
    assert len(secrets) >= 5
    heard: list[str] = []
    page.on("response", lambda r: heard.append(str(r.all_headers()) + r.url))
    _begin(page, town, "victim")
    for key in ("address", "january_place"):
        expect(page.locator(f"[data-field={key}]")).to_contain_text(NEUTRAL)
    document = page.content() + page.evaluate("document.documentElement.innerText")
    source = page.evaluate("async () => (await fetch('/form')).text()")
    everything = "".join([document, source, *heard])
    narrow = unicodedata.normalize("NFKC", everything)
    assert [n for n, s in enumerate(secrets) if s in everything or s in narrow] == []
    # Random names of sessions hold any two letters once in a while.
    said = re.sub(r"[A-Za-z0-9_-]{32,}", "", everything)
    for word in ("支援措置", "保護", "DV", "ask-office", "withheld"):
        assert word not in said


def _secrets(town: Town, name: str) -> list[str]:
    """Return every writing of every part of the person's addresses."""
    number = town.people()[name]["resident"]
    found: list[str] = []
    for group, prefix in (("001.juminkihonjoho", "jusho_"), ("010.sofusakijoho", "sofusaki_")):
        for line in town.truth(group).get(number, []):
            for field in ADDRESS_FIELDS:
                value = line["records"][0][prefix + field].get("value")
                if value:
                    found += [value, unicodedata.normalize("NFKC", value)]
                if value and field == "yubinbango":
                    found.append(f"{value[:3]}-{value[3:]}")
    return found
