"""Sending the application: what is checked, what is kept, what is stored."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from examples.online_service.entries import read_date
from examples.online_service.records import check_digit, new_receipt
from tests.acceptance.fake_gateway import FakeGateway
from tests.acceptance.visitor import Visitor


def _complete(visitor: Visitor) -> dict[str, str]:
    fields = dict.fromkeys(visitor.names("custody-"), "together")
    return {
        **fields,
        "phone": "090-0000-0000",
        "pension": "employee",
        "bank": "public",
        "declare": "yes",
    }


async def test_a_complete_application_gets_a_number_that_can_be_read_aloud(
    visitor: Visitor,
) -> None:
    """Eight digits in two groups, with their reading."""
    await visitor.begin()
    response = await visitor.post("/submit", **_complete(visitor))
    assert response.status_code == 200
    assert "申請を受け付けました" in visitor.page
    assert re.search(r"data-receipt>\d{4}-\d{4}<", visitor.page)
    assert "電話で伝えるときの読み方" in visitor.page


async def test_the_stored_application_says_which_lines_come_from_the_register(
    visitor: Visitor, tmp_path: Path
) -> None:
    """Register lines name their items and source, typed lines are marked as typed."""
    await visitor.begin()
    await visitor.post("/submit", **_complete(visitor), **{"wrong-shimei": "漢字が違います"})
    with sqlite3.connect(tmp_path / "records.db") as db:
        content = json.loads(db.execute("SELECT content FROM application").fetchone()[0])
    lines = {(line["section"], line["label"]): line for line in content["lines"]}
    name = lines["claimant", "氏名"]
    assert name["origin"] == "register"
    assert name["text"] == "架空　花子"
    assert name["items"] == ["001.juminkihonjoho.shimei"]
    assert name["remark"] == "漢字が違います"
    assert "住民記録システム" in name["source"]
    phone = lines["contact", "日中に連絡がとれる電話番号"]
    assert (phone["origin"], phone["text"]) == ("typed", "090-0000-0000")
    assert content["question_id"] == "q-1"


async def test_what_was_sent_is_what_was_seen(visitor: Visitor, gateway: FakeGateway) -> None:
    """Sending does not ask again: the answer that the page showed is the one that counts."""
    await visitor.begin()
    fields = _complete(visitor)
    gateway.people["handle-a"]["010.kazeikihonjoho"][0]["gokeishotokukingaku"]["value"] = 1
    await visitor.post("/submit", **fields)
    assert len(gateway.questions) == 1
    assert "3,120,000円" in visitor.page


@pytest.mark.parametrize(
    ("name", "typed", "says"),
    [
        ("phone", "", "「日中に連絡がとれる電話番号」を書いてください。"),
        ("phone", "12345", "0から始まる10けたか11けた"),
        ("pension", "", "「加入している年金」を選んでください。"),
        ("bank", "", "「振込先の口座」を選んでください。"),
        ("declare", "", "「確認」に印を付けてください。"),
    ],
)
async def test_an_error_names_the_field_and_links_to_it(
    visitor: Visitor, name: str, typed: str, says: str
) -> None:
    """The summary at the top says what to do and leads to the field."""
    await visitor.begin()
    response = await visitor.post("/submit", **{**_complete(visitor), name: typed})
    assert response.status_code == 422
    summary = re.search(r'id="errors">(.*?)</div>', visitor.page, re.DOTALL)
    assert summary is not None
    assert says in summary[1]
    assert f'href="#{name}"' in summary[1]
    assert f'id="{name}"' in visitor.page
    assert "<title>誤り" in visitor.page


async def test_errors_keep_everything_that_was_typed(visitor: Visitor) -> None:
    """Nothing has to be typed twice after an error."""
    await visitor.begin()
    typed = {**_complete(visitor), "bank": "write", "bank-name": "見本銀行", "bank-number": "12"}
    await visitor.post("/submit", **typed)
    assert 'value="見本銀行"' in visitor.page
    assert 'value="12"' in visitor.page
    assert "「普通預金の口座番号」は、7けたの数字で書いてください。" in visitor.page
    assert "「支店名」を書いてください。" in visitor.page


async def test_typed_text_survives_a_stopped_system_and_a_reload(visitor: Visitor) -> None:
    """The demonstration's buttons and a reload keep the entries."""
    await visitor.begin()
    custody = visitor.names("custody-")[0]
    await visitor.post(
        "/demo/resident/stop", phone="090-0000-0000", **{custody: "apart", "wrong-birth": "違う"}
    )
    assert 'value="090-0000-0000"' in visitor.page
    assert visitor.names("custody-") == []
    await visitor.post("/demo/resident/start", phone="090-0000-0000")
    await visitor.get("/form")
    assert 'value="090-0000-0000"' in visitor.page
    checked = re.search(rf'name="{custody}" value="(\w+)"[^>]* checked', visitor.page)
    assert checked is not None
    assert checked[1] == "apart"


async def test_a_page_that_saves_by_itself_asks_nobody(
    visitor: Visitor, gateway: FakeGateway
) -> None:
    """Saving in the background answers without a page and without a question."""
    await visitor.begin()
    visitor.http.headers["X-Autosave"] = "1"
    response = await visitor.post("/draft", phone="03-0000-0000")
    assert response.status_code == 204
    assert len(gateway.questions) == 1
    await visitor.get("/form")
    assert 'value="03-0000-0000"' in visitor.page


async def test_an_application_without_any_child_is_refused(visitor: Visitor) -> None:
    """If every child is left out, the page says so instead of sending."""
    await visitor.begin()
    fields = {**_complete(visitor), **dict.fromkeys(visitor.names("custody-"), "no")}
    await visitor.post("/submit", **fields)
    assert "この申請に入れる児童がいません" in visitor.page


async def test_a_child_not_listed_needs_name_and_date(visitor: Visitor) -> None:
    """Half a child is asked for the other half; a day that does not exist is refused."""
    await visitor.begin()
    await visitor.post("/submit", **_complete(visitor), **{"other-1-name": "架空　遠"})
    assert "「児童の生年月日 1」も書いてください。" in visitor.page
    fields = {"other-1-name": "架空　遠", "other-1-birth": "令和5年2月30日"}
    await visitor.post("/submit", **_complete(visitor), **fields)
    assert "実際にある日を書いてください。" in visitor.page


async def test_a_form_of_another_page_is_refused(visitor: Visitor) -> None:
    """A form without the session's own token changes nothing."""
    await visitor.begin()
    response = await visitor.http.post("/submit", data={"token": "0" * 32, "declare": "yes"})
    assert response.status_code == 403


async def test_pages_are_never_stored_and_run_no_foreign_code(visitor: Visitor) -> None:
    """Every page carries the strict policy, is not cached, and its cookie hides from scripts."""
    response = await visitor.get("/")
    assert response.headers["cache-control"] == "no-store"
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "HttpOnly" in response.headers["set-cookie"]
    assert "SameSite=strict" in response.headers["set-cookie"]
    assert "server" not in response.headers
    await visitor.begin()
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", visitor.page)


async def test_no_personal_value_is_in_an_address_or_a_log_line(
    visitor: Visitor, capfd: pytest.CaptureFixture[str]
) -> None:
    """Addresses name pages only; the log names events only."""
    await visitor.begin()
    await visitor.post("/submit", **_complete(visitor))
    logged = "".join(capfd.readouterr())
    assert "application-received" in logged
    for secret in ("架空", "花子", "090-0000", "0900000", "handle-a", "みどり"):
        assert secret not in logged
    links = re.findall(r'(?:href|action|formaction)="([^"]*)"', visitor.page)
    assert all(re.fullmatch(r"#?[\w/.-]+", link) for link in links)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和2年4月1日", "2020-04-01"),
        ("令和元年5月1日", "2019-05-01"),
        ("R2.4.1", "2020-04-01"),
        ("２０２０年４月１日", "2020-04-01"),
        ("2020-04-01", "2020-04-01"),
        ("平成30/4/2", "2018-04-02"),
        ("2023-02-30", None),
        ("2-4-1", None),
        ("きのう", None),
    ],
)
def test_dates_are_read_as_people_write_them(text: str, day: str | None) -> None:
    """Era or Western, wide or narrow digits; a day that does not exist is no date."""
    read = read_date(text)
    assert (read.isoformat() if read else None) == day


def test_a_receipt_number_holds_a_check_digit() -> None:
    """Luhn's published example has the check digit 3; every new number satisfies its own."""
    assert check_digit("7992739871") == "3"
    for _ in range(50):
        digits = new_receipt().replace("-", "")
        assert len(digits) == 8
        assert check_digit(digits[:7]) == digits[7]
