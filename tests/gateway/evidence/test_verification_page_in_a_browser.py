"""The verification page in Chromium, from a disk, without a network."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gateway.evidence.content import in_words, recorded, statement_texts
from gateway.evidence.sd_jwt import conceal, make_status_list, sign
from gateway.evidence.view import codes, render_view, verifier_page
from gateway.keys import FileKeyStore
from tests.contrast import POOR_CONTRAST
from tests.gateway.evidence.statements import WORDS, items_of, parts_of_the_statement

pytestmark = pytest.mark.browser

URI = "https://gateway.test/evidence/status/2026"


READ_ROWS = """[...document.querySelectorAll("tr")].map((row) => {
  const [name, cell] = row.cells, below = cell.querySelector(".recorded");
  const value = below ? below.textContent.split(" ")[1] : "";
  return [name.textContent, cell.firstChild.textContent, value];
})"""


class Issued:
    """A statement, its keys, and the page that verifies it."""

    def __init__(self, folder: Path, *, days: int = 1) -> None:
        self.keys = FileKeyStore(folder / "keys")
        self.keys.create()
        self.folder = folder
        self.now = dt.datetime.now(dt.UTC)
        self.parts = parts_of_the_statement()
        self.disclosures: list[str] = []
        concealed = []
        for part in self.parts:
            digests, disclosures = conceal(part["records"][0])
            concealed.append({**part, "records": [digests]})
            self.disclosures += disclosures
        issued = self.now - dt.timedelta(days=2)
        expires = self.now + dt.timedelta(days=days)
        self.payload = {
            "iss": "https://gateway.test",
            "iat": int(issued.timestamp()),
            "exp": int(expires.timestamp()),
            "jti": "0" * 32,
            "municipality": "131016",
            "texts": statement_texts("131016", issued, expires),
            "title": {"ja": "課税・所得に関する証明", "en": "Tax"},
            "status": {"status_list": {"idx": 5, "uri": URI}},
            "parts": concealed,
        }
        key = self.keys.keys().evidence_key
        self.text = sign(self.payload, self.disclosures, key.jwk, key.kid)
        self.html = render_view(self.text, self.payload, self.parts)

    def status(self, *withdrawn: int) -> str:
        """Return a status list."""
        key = self.keys.keys().evidence_key
        return make_status_list(URI, withdrawn, 1024, self.now, 300, key.jwk, key.kid)

    def open(self, page: Page) -> None:
        """Open the verification page from the disk."""
        content, _ = verifier_page(self.keys.keys().evidence_jwks())
        path = self.folder / "verify.html"
        path.write_text(content, "utf-8")
        page.goto(path.as_uri())


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page without a network, on which nothing may go wrong."""
    context = chromium.new_context(locale="ja-JP", offline=True)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    yield page
    context.close()
    assert wrong == []


def verified(page: Page, text: str, status: str = "") -> str:
    """Paste a statement, press the button and return what the page says."""
    page.locator("#text").fill(text)
    page.locator("#status").fill(status)
    page.locator("#verify").click()
    expect(page.locator("#result h2").first).to_contain_text("証明")
    return page.locator("#result").inner_text()


def test_a_genuine_statement_is_shown_with_its_items(page: Page, tmp_path: Path) -> None:
    """RC-4: markup in a value stays text; an absence is in words; hidden items are counted."""
    issued = Issued(tmp_path)
    issued.open(page)
    text = verified(page, issued.text, issued.status())
    assert "正しい証明です" in text
    assert "見本　花子<b>" in text
    assert "記録がありません（未申告・未登録）" in text
    assert "取り消されていないか" not in text
    signed, *_, end = issued.text.split("~")
    birth = issued.disclosures[1]
    text = verified(page, "~".join([signed, birth, end]))
    assert f"本人が伏せた項目：{len(WORDS) - 1} 件" in text
    assert "平成2年6月12日（1990年6月12日）" in text
    assert "見本" not in text


def test_the_page_and_the_paper_say_what_was_signed_word_for_word(
    page: Page, tmp_path: Path
) -> None:
    """RC-4: in the order of the paper, on the page with the value of the record below."""
    issued = Issued(tmp_path)
    issued.open(page)
    verified(page, issued.text, issued.status())
    items = items_of(issued.parts)
    rows = page.evaluate(READ_ROWS)
    assert rows == [[said["name"], in_words(said), recorded(said)] for said in items]
    assert dict(row[:2] for row in rows) == WORDS
    text = page.locator("#result").inner_text()
    for words in (*issued.payload["texts"].values(), "令和8年11月30日 9時30分"):
        assert words in text
    path = tmp_path / "evidence.html"
    path.write_text(issued.html, "utf-8")
    page.goto(path.as_uri())
    assert page.evaluate(READ_ROWS) == [[name, words, ""] for name, words in WORDS.items()]


def test_a_statement_is_read_from_its_codes_and_from_its_file(page: Page, tmp_path: Path) -> None:
    """The codes in any order, one a line; the printed page as a file."""
    issued = Issued(tmp_path)
    issued.open(page)
    pieces = len(codes(issued.text))
    size = 1_100
    lines = [
        f"HITOTSU/{n + 1}/{pieces}/{issued.text[n * size : n * size + size]}" for n in range(pieces)
    ]
    assert "正しい証明です" in verified(page, "\n".join(reversed(lines)))
    path = tmp_path / "evidence.html"
    path.write_text(issued.html, "utf-8")
    page.locator("#file").set_input_files(path)
    assert "正しい証明です" in verified(page, "")


def test_what_is_not_genuine_is_told_with_the_reason(page: Page, tmp_path: Path) -> None:
    """RC-4: altered, forged, taken back; nothing of its content is shown."""
    issued = Issued(tmp_path)
    issued.open(page)
    signed, first, second, *_, end = issued.text.split("~")
    head, content, signature = signed.split(".")
    forged = ".".join([head, content, ("B" if signature[0] == "A" else "A") + signature[1:]])
    flipped = "A" if second[-5] != "A" else "B"
    for text, status, words in (
        ("nothing", "", "証明として読めません"),
        ("~".join([forged, first, second, end]), "", "署名が正しくありません"),
        ("~".join([signed, first, second[:-5] + flipped + second[-4:], end]), "", "合いません"),
        (issued.text, issued.status(5), "この証明は取り消されています"),
    ):
        said = verified(page, text, status)
        assert "確かめられません" in said
        assert words in said
        assert "見本" not in said
    assert "正しい証明です" in verified(page, issued.text, issued.status(4, 6))
    for unusable in ("something else", issued.status()[:-9]):
        assert "取消一覧が、別の一覧か" in verified(page, issued.text, unusable)


def test_expired_statements_and_revoked_keys_are_told(page: Page, tmp_path: Path) -> None:
    """RC-4: the one still shows what it said, the other nothing."""
    issued = Issued(tmp_path, days=-1)
    issued.open(page)
    said = verified(page, issued.text)
    assert "有効期限が切れています" in said
    assert "見本" in said
    kid = issued.keys.keys().evidence_key.kid
    issued.keys.rotate_evidence(issued.now)
    issued.keys.revoke_evidence(kid, issued.now)
    issued.open(page)
    said = verified(page, issued.text)
    assert "署名した鍵は取り消されています" in said
    assert "見本" not in said


def test_the_printed_statement_is_readable_and_fits_the_paper(page: Page, tmp_path: Path) -> None:
    """A4: no text cut off, enough contrast, every code shown."""
    issued = Issued(tmp_path)
    path = tmp_path / "evidence.html"
    path.write_text(issued.html, "utf-8")
    page.set_viewport_size({"width": 658, "height": 1000})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shown = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert shown == [True] * len(codes(issued.text))
    assert page.evaluate(POOR_CONTRAST) == []
    assert json.dumps(issued.payload)
