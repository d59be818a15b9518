"""The console in Chromium, without scripts: login, banner, reveal, keyboard, contrast, widths."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from openpyxl import load_workbook
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect

from gateway.api.server import server_config
from gateway.audit import AuditLog, AuditStore
from gateway.audit.signed_files import SignedKind, check_list
from gateway.console.staff import Right
from gateway.keys import FileKeyStore
from gateway.store.engine import open_store
from tests.contrast import POOR_CONTRAST
from tests.doubles import RecordingLog, StoppedClock
from tests.gateway.console.office import (
    PASSWORD,
    SECRET_BLOCK,
    SECRET_MAIL,
    TAX_DESK,
    WELFARE_DESK,
    Office,
)
from tests.gateway.questions.conftest import PURPOSE, build_world

pytestmark = pytest.mark.browser


@dataclass
class Open:
    """A console that browsers reach."""

    office: Office
    base: str

    def log_in(self, page: Page, who: str) -> None:
        """Log in as somebody, by keyboard."""
        page.goto(f"{self.base}/console/login")
        page.get_by_label("職員 ID").fill(who)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        page.keyboard.type(self.office.code(who))
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("職員画面")

    def look(self, page: Page, number: str) -> None:
        """Look for a person."""
        page.get_by_role("link", name="人を調べる").first.click()
        page.get_by_label("窓口と利用目的").select_option(f"{TAX_DESK}/{PURPOSE}")
        page.get_by_label("番号", exact=True).fill(number)
        page.get_by_role("button", name="調べる").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("照会した人")

    def confirm(self, page: Page, who: str, button: str) -> None:
        """Show who it is once more, and act."""
        page.get_by_label("パスワード").fill(PASSWORD)
        page.get_by_label("確認コード").fill(self.office.code(who))
        page.get_by_role("button", name=button).click()


@pytest.fixture(scope="module")
def console(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """An office on SQLite, served by a thread of its own beside Playwright's loop."""
    folder = tmp_path_factory.mktemp("console")
    shutil.copy(sqlite_template, folder / "hitotsu.db")
    ready: Future[Open] = Future()
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(folder, ready, stop)))
    thread.start()
    try:
        yield ready.result(60)
    finally:
        stop.set()
        thread.join()


async def _serve(folder: Path, ready: Future[Open], stop: threading.Event) -> None:
    """Open the office and serve it until it is told to stop."""
    store = open_store(f"sqlite+aiosqlite:///{folder / 'hitotsu.db'}")
    keys = FileKeyStore(folder / "keys")
    keys.create()
    log, clock = RecordingLog(), StoppedClock()
    try:
        async with AuditLog(AuditStore(store), keys, log=log, patience_s=30) as audit:
            office = Office(await build_world(store, clock, log, keys, audit), store, keys, audit)
            await office.furnish()
            await office.hire("sato", Right.VIEW_PERSON, Right.REVEAL, Right.AUDIT, Right.EXPORT)
            await office.give("sato", Right.VIEW_PERSON, desk=WELFARE_DESK)
            await office.hire("honda", Right.PROTECTION)
            await office.hire("mori", Right.PROTECTION)
            await office.hire("ueda", Right.DISCLOSURE)
            with socket.socket() as listener:
                listener.bind(("127.0.0.1", 0))
                listener.listen()
                base = f"http://127.0.0.1:{listener.getsockname()[1]}"
                server = uvicorn.Server(
                    server_config(office.app, public_url=base, log_level="critical")
                )
                serving = asyncio.create_task(server.serve(sockets=[listener]))
                ready.set_result(Open(office, base))
                await asyncio.to_thread(stop.wait)
                server.should_exit = True
                await serving
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise
    finally:
        await store.aclose()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A fresh profile without scripts: everything must work like this."""
    context = chromium.new_context(java_script_enabled=False, locale="ja-JP")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page on which anything that the policy refuses is a failure."""
    return context.new_page()


def follow(page: Page, way: Locator) -> None:
    """Click what leads to another page, and wait until that page is there."""
    with page.expect_navigation():
        way.click()


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where ``HITOTSU_SCREENSHOTS`` names a folder."""
    if folder := os.environ.get("HITOTSU_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"console-{name}.png", full_page=True)


def test_a_protected_address_is_shown_with_a_second_officer_and_hidden_again(
    console: Open, context: BrowserContext, page: Page, chromium: Browser
) -> None:
    """DV-14: banner first, nothing in the page before, shown once, gone after going on or back."""
    console.log_in(page, "sato")
    console.look(page, "R2")
    banner = page.get_by_role("alert")
    expect(banner).to_be_in_viewport()
    expect(banner).to_contain_text("取扱注意")
    assert page.title().startswith("【取扱注意】")
    person = page.url
    hides_it(page)
    picture(page, "protected-1280")
    page.get_by_role("link", name="表示できない項目を見る手続き").click()
    reason(page)
    hides_it(page)
    picture(page, "second-look")
    console.confirm(page, "sato", "同意を申し出る")
    code = page.locator(".code strong").inner_text()
    picture(page, "waiting")

    other = chromium.new_context(java_script_enabled=False, locale="ja-JP")
    second = other.new_page()
    console.log_in(second, "honda")
    second.get_by_role("link", name="表示の承認").first.click()
    picture(second, "approvals")
    second.get_by_role("button", name=f"内容を確かめる {code}").click()
    console.confirm(second, "honda", "同意する")
    expect(second.locator("tbody")).to_contain_text("staff:honda")
    other.close()

    page.get_by_role("link", name="同意されたか確かめる").click()
    expect(page.get_by_role("status")).to_contain_text("同意されています")
    hides_it(page)
    reason(page)
    console.confirm(page, "sato", "表示する")
    expect(page.get_by_text(SECRET_BLOCK)).to_be_visible()
    expect(page.get_by_role("alert")).to_be_visible()
    picture(page, "revealed")
    page.get_by_role("link", name="いま隠す").click()
    page.wait_for_url(person)
    hides_it(page)
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back(wait_until="commit")
    expect(page.get_by_text(SECRET_BLOCK)).to_have_count(0)


def hides_it(page: Page) -> None:
    """Do nothing if the address is nowhere in the page, seen or not."""
    page.wait_for_load_state()
    assert SECRET_BLOCK not in page.content()


def reason(page: Page) -> None:
    """Give a reason and go on."""
    page.get_by_label("理由").select_option(label="本人への通知の送り先の確認")
    page.get_by_label("案件の番号").fill("2026-0042")
    page.get_by_role("button", name="確認へ進む").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("もう一度確かめてください")


def test_a_measure_is_set_and_ended_by_two_officers_without_scripts(
    console: Open, page: Page, chromium: Browser
) -> None:
    """DV-5, AC-2: by keyboard and forms alone; the second officer sees what is proposed."""
    console.log_in(page, "honda")
    page.get_by_role("link", name="支援措置・保留").first.click()
    picture(page, "measures-empty")
    page.get_by_role("link", name="支援措置・保留を登録する").click()
    page.get_by_label("番号", exact=True).fill("R3")
    page.get_by_label("種類", exact=True).select_option(label="仮支援措置")
    page.get_by_label("開始日").fill("2026-10-01")
    page.get_by_label("相手方の番号", exact=True).fill("R1")
    picture(page, "measure-new")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("もう一度確かめてください")
    expect(page.locator("dl")).to_contain_text("令和9年9月30日（2027-09-30）")
    picture(page, "measure-check")
    page.get_by_role("button", name="登録する").click()
    code = page.locator(".code strong").inner_text()
    page.get_by_role("link", name="一覧へ").click()
    page.get_by_role("button", name=f"内容を確かめる {code}").click()
    expect(page.get_by_role("alert")).to_contain_text("取扱注意")
    console.confirm(page, "honda", "終了を申し出る")
    expect(page.get_by_role("status")).to_contain_text("保護は続きます")
    picture(page, "measure-proposed")

    other = chromium.new_context(java_script_enabled=False, locale="ja-JP")
    second = other.new_page()
    console.log_in(second, "mori")
    second.get_by_role("link", name="支援措置・保留").first.click()
    second.get_by_label("状態").select_option(label="終了の申し出（同意待ち）")
    second.get_by_role("button", name="絞り込む").click()
    expect(second.locator("tbody tr")).to_have_count(1)
    picture(second, "measures")
    second.get_by_role("button", name=f"内容を確かめる {code}").click()
    picture(second, "measure-agree")
    console.confirm(second, "mori", "終了に同意する")
    expect(second.get_by_role("heading", level=1)).to_have_text("終えました")
    other.close()


def test_a_list_is_taken_out_as_a_workbook(console: Open, page: Page, tmp_path: Path) -> None:
    """By the button beside that of CSV; it opens as text."""
    console.log_in(page, "sato")
    console.look(page, "R1")
    page.goto(f"{console.base}/console/audit/client")
    page.get_by_label("連携先・窓口の ID").fill(TAX_DESK)
    page.get_by_role("button", name="検索する").click()
    expect(page.get_by_role("button", name="CSV で書き出す")).to_be_visible()
    picture(page, "audit-export")
    with page.expect_download() as download:
        page.get_by_role("button", name="Excel で書き出す").click()
    assert download.value.suggested_filename == "audit-client.xlsx"
    download.value.save_as(tmp_path / "list.xlsx")
    sheet = load_workbook(tmp_path / "list.xlsx").active
    assert sheet["A1"].value == "人（仮名）・時間"
    assert {cell.data_type for cell in sheet[2]} == {"s"}


def test_the_report_of_disclosure_is_kept_as_it_was_signed(
    console: Open, page: Page, tmp_path: Path
) -> None:
    """What the browser saves is what was signed; opened from the disk it is read, and fits A4."""
    console.log_in(page, "sato")
    console.look(page, "R1")
    page.get_by_role("button", name="ログアウト").click()
    console.log_in(page, "ueda")
    page.get_by_role("link", name="開示の報告書").first.click()
    page.get_by_label("番号", exact=True).fill("R1")
    picture(page, "disclosure")
    with page.expect_download() as download:
        page.get_by_role("button", name="報告書を作る").click()
    kept = tmp_path / download.value.suggested_filename
    download.value.save_as(kept)
    assert check_list(kept, console.office.keys.keys().heads).kind is SignedKind.DISCLOSURE
    page.goto(kept.as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("照会の記録の開示")
    expect(page.locator("tbody tr").first).to_contain_text("回答した")
    picture(page, "disclosure-report")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_an_ordinary_person_has_no_banner(console: Open, page: Page) -> None:
    """Otherwise nobody would look at it any more."""
    console.log_in(page, "sato")
    console.look(page, "R1")
    expect(page.get_by_text(SECRET_BLOCK)).to_be_visible()
    assert page.get_by_role("alert").count() == 0
    picture(page, "ordinary-1280")


def test_the_keyboard_goes_by_the_menu_to_the_content(console: Open, page: Page) -> None:
    """Skip link, menu, then what the page is about; each stop can be seen (AC-2)."""
    console.log_in(page, "sato")
    stops = []
    for _ in range(7):
        page.keyboard.press("Tab")
        stops.append(page.locator(":focus").inner_text())
    assert stops == [
        "本文へ移動",
        "はじめの画面",
        "人を調べる",
        "監査記録",
        "ログアウト",
        "English",
        "人を調べる",
    ]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("人を調べる")


def test_errors_lead_to_their_field(console: Open, page: Page) -> None:
    """AC-5: a summary at the top; what was typed stays, but for the factors."""
    page.goto(f"{console.base}/console/login")
    page.get_by_label("職員 ID").fill("nobody")
    page.get_by_label("パスワード").fill("wrong")
    page.get_by_label("確認コード").fill("123456")
    follow(page, page.get_by_role("button", name="ログインする"))
    assert page.title().startswith("エラー: ")
    page.get_by_role("alert").get_by_role("link").click()
    expect(page.get_by_label("職員 ID")).to_be_focused()
    expect(page.get_by_label("職員 ID")).to_have_value("nobody")
    expect(page.get_by_label("パスワード")).to_have_value("")
    picture(page, "login-refused")


def test_the_pages_speak_english_on_demand(console: Open, page: Page) -> None:
    """And Japanese names are marked as such (AC-4)."""
    page.goto(f"{console.base}/console/login")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Staff login")
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="日本語").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("職員ログイン")


def test_every_page_fits_a_phone_and_can_be_read(console: Open, chromium: Browser) -> None:
    """AC-3: 320 pixels without sideways scrolling, contrast of 4.5, targets of 24 pixels."""
    context = chromium.new_context(locale="ja-JP", viewport={"width": 320, "height": 800})
    page = context.new_page()
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security" in m.text else None)
    page.goto(f"{console.base}/console/enrol")
    check(page, "enrol")
    console.log_in(page, "sato")
    check(page, "home")
    page.goto(f"{console.base}/console/persons")
    check(page, "persons")
    console.look(page, "R2")
    check(page, "person")
    page.get_by_role("link", name="個人住民税").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_load_state()
    assert SECRET_MAIL not in page.content()
    check(page, "tax")
    follow(page, page.get_by_role("link", name="表示できない項目を見る手続き"))
    check(page, "reveal")
    page.goto(f"{console.base}/console/audit/logins")
    follow(page, page.get_by_role("button", name="検索する"))
    check(page, "audit")
    page.get_by_role("button", name="ログアウト").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("職員ログイン")
    check(page, "login")
    console.log_in(page, "honda")
    page.goto(f"{console.base}/console/measures/new")
    check(page, "measure-new")
    page.get_by_label("番号", exact=True).fill("R99")
    page.get_by_label("種類", exact=True).select_option("returned-mail")
    follow(page, page.get_by_role("button", name="確認へ進む"))
    check(page, "measure-check")
    follow(page, page.get_by_role("button", name="登録する"))
    check(page, "measure-set")
    follow(page, page.get_by_role("link", name="一覧へ"))
    check(page, "measures")
    follow(page, page.get_by_role("button", name="内容を確かめる").first)
    check(page, "measure")
    page.get_by_role("button", name="ログアウト").click()
    console.log_in(page, "ueda")
    page.goto(f"{console.base}/console/disclosure")
    check(page, "disclosure")
    page.get_by_label("番号", exact=True).fill("R99")
    follow(page, page.get_by_role("button", name="報告書を作る"))
    check(page, "disclosure-refused")
    context.close()
    assert refused == []


def check(page: Page, name: str) -> None:
    """Look at the open page in a width of 320 pixels."""
    picture(page, f"{name}-320")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, name
    assert page.evaluate(POOR_CONTRAST) == [], name
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, nav a")]
        .map(e => e.getBoundingClientRect()).filter(b => b.width < 24 || b.height < 24).length"""
    )
    assert small == 0, name
