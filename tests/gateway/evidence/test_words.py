"""RC-4: what people read of a statement is made once, signed with the value, and never remade."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from gateway.evidence.content import in_words, recorded, statement_texts
from gateway.evidence.view import render_view
from tests.gateway.evidence.conftest import Desk
from tests.gateway.evidence.statements import (
    AS_OF,
    RECORDED,
    WORDS,
    items_of,
    parts_of_the_statement,
)
from tests.gateway.evidence.test_evidence import checked
from tests.gateway.questions.conftest import STATE, TAX

ASSETS = Path("gateway/evidence/assets")


def test_every_item_is_said_as_people_read_it() -> None:
    """Eras, yen, labels, the words of the register; zero yen is not "no record"."""
    items = items_of(parts_of_the_statement())
    assert {said["name"]: in_words(said) for said in items} == WORDS
    compared = {said["name"]: recorded(said) for said in items}
    assert {name: value for name, value in compared.items() if value} == RECORDED


def test_a_text_is_in_the_item_that_it_says() -> None:
    """Whoever discloses an item discloses its words with it; none without need makes codes grow."""
    resident, tax = (part["records"][0] for part in parts_of_the_statement())
    assert resident["seinengappi"] == {
        "id": "001P0020",
        "name": "生年月日",
        "value": "1990-06-12",
        "text": "平成2年6月12日（1990年6月12日）",
    }
    assert tax["nenzeigaku"]["value"] == 4421000
    assert not [n for n in ("shimei", "seibetsu") if "text" in resident[n]]
    assert "text" not in tax["fuyoninzu"]


def test_times_and_the_issuer_are_said_as_people_read_them() -> None:
    """In the time of Japan; a town that the national table does not know has its code alone."""
    assert [part["as_of_text"] for part in parts_of_the_statement()] == [
        "令和8年11月30日 9時30分",
        "システムが時点を示していません",
    ]
    issued = dt.datetime(2026, 12, 31, 15, 5, tzinfo=dt.UTC)
    texts = statement_texts("131016", issued, issued + dt.timedelta(days=90))
    assert texts == {
        "issuer": "東京都千代田区（団体コード 131016）",
        "issued": "令和9年1月1日 0時05分",
        "expires": "令和9年4月1日 0時05分",
    }
    assert statement_texts("999997", issued, issued)["issuer"] == "団体コード 999997"


async def test_the_citizen_sees_the_words_that_are_signed_and_printed(desk: Desk) -> None:
    """Preview, signed statement and paper say the same."""
    preview = (await desk.preview(TAX, STATE)).json()
    shown = {n: said["text"] for p in preview["parts"] for n, said in p["records"][0].items()}
    assert shown == {"nenzeigaku": "150,000円", "shikyujotai": "支給中"}
    made = await desk.release(TAX, STATE)
    found = await checked(desk, made["evidence"])
    parts = found.claims["parts"]
    signed = {n: in_words(said) for part in parts for n, said in part["records"][0].items()}
    assert signed == shown
    assert parts[0]["as_of_text"] == "令和8年10月1日 9時15分"
    for words in (*shown.values(), *found.claims["texts"].values(), parts[0]["as_of_text"]):
        assert words in made["html"]


def test_each_record_has_a_table_of_its_own() -> None:
    """RC-4: one year of tax after the other; nobody reads the amount of one beside the other."""
    _, tax = parts_of_the_statement()
    tax["records"] *= 2
    texts = statement_texts("131016", AS_OF, AS_OF)
    payload = {"title": {"ja": "証明", "en": "S"}, "jti": "0", "iss": "https://a", "texts": texts}
    paper = render_view("e30.e30.e30~", payload, [tax])
    first, second = re.findall(r"<table>.*?</table>", paper, re.DOTALL)
    assert first == second
    assert first.count("4,421,000円") == 1


@pytest.mark.parametrize("made_there", ["toLocale", "Intl.", "new Date", "円", "令和", "不詳"])
def test_the_page_makes_no_words_of_values(made_there: str) -> None:
    """What it shows is in the statement: it has nothing to write a date or an amount with."""
    assert made_there not in (ASSETS / "verify.js").read_text("utf-8")
