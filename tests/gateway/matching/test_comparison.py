"""What people write otherwise and mean the same, and what is not the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import FourFacts
from gateway.matching.comparison import FIELDS, GROUP, address_key, agrees
from standard_models.builtin import load_builtin
from tests.gateway.matching.conftest import HANAKO
from tests.gateway.questions.scripted import record

BORN = dt.date(1990, 4, 1)


def agree(stated: dict[str, Any], **recorded: str) -> bool:
    answers = record(GROUP, "R1", FIELDS, {**HANAKO, **recorded}).answers
    return agrees(answers, FourFacts(**{"seinengappi": BORN, **stated}))


@pytest.mark.parametrize(
    "stated",
    [
        {"shimei": "髙橋　花子"},
        {"shimei": "高橋花子"},
        {"shimei": "髙橋 花子"},
        {"shimei_kana": "ﾀｶﾊｼ ﾊﾅｺ"},
        {"shimei_kana": "たかはし　はなこ"},
        {"shimei": "高橋花子", "seibetsu": "2"},
        {"jusho": "見本県見本市みどり一丁目２番３号みどりハイツ１０１号"},
        {"jusho": "見本市みどり1丁目2-3 みどりハイツ101号室"},
        {"jusho": "見本県見本市みどり1-2-3"},
        {"jusho": "みどり一丁目２番３号"},
    ],
)
def test_the_same_fact_written_otherwise_agrees(stated: dict[str, str]) -> None:
    """Width, script, variant characters, blanks, ways to write a number, parts left out."""
    assert agree(stated)


@pytest.mark.parametrize(
    "stated",
    [
        {"shimei": "髙橋　花"},
        {"shimei": "髙橋　花子", "seibetsu": "1"},
        {"shimei": "　"},
        {"shimei_kana": "タカハシ　ハナエ"},
        {"seinengappi": dt.date(1990, 4, 2)},
        {"jusho": "見本市みどり一丁目２番４号"},
        {"jusho": "見本市みどり一丁目"},
        {"jusho": "見本市みどり12-3"},
        {"jusho": "例示市みどり一丁目２番３号"},
        {"jusho": "見本市みどり一丁目２番３号みどりハイツ１０２号"},
        {"jusho": "見本市"},
    ],
)
def test_another_fact_does_not_agree(stated: dict[str, Any]) -> None:
    """One fact that differs is enough."""
    assert not agree(stated)


@pytest.mark.parametrize(
    "recorded",
    [{"juminjotai": "2"}, {"juminjotai": "3"}, {"seinengappi_fushofuragu": "1"}],
)
def test_whoever_has_left_or_whose_birth_is_uncertain_is_not_found(
    recorded: dict[str, str],
) -> None:
    """除票 is another right; an uncertain day is the day of anybody."""
    assert agree({"shimei": "髙橋　花子"})
    assert not agree({"shimei": "髙橋　花子"}, **recorded)


def test_the_name_that_a_foreign_resident_goes_by_agrees() -> None:
    """通称, the romaji and the kanji form are names as well."""
    forms = {"tsusho": "見本　太郎", "shimei_gaikokujinromaji": "ＳＭＩＴＨ　ＪＯＨＮ"}
    assert agree({"shimei": "Smith John"}, shimei="", **forms)
    assert agree({"shimei": "見本太郎"}, shimei="", **forms)


@pytest.mark.parametrize("blank", ["　", "大字　", "　／"])
@pytest.mark.parametrize("stated", ["見本市", "見本県見本市", "　"])
def test_an_address_of_blanks_is_the_city_of_nobody(blank: str, stated: str) -> None:
    """MN-6: without a block, name and birth date alone would find the person."""
    recorded = {"jusho_choaza": blank, "jusho_banchigohyoki": "　", "jusho_katagaki": "　"}
    assert not agree({"jusho": stated}, **recorded)


def test_nothing_recorded_agrees_with_nothing() -> None:
    """A blank name or address in the register is nobody's."""
    blank = {"shimei": "", "jusho_choaza": "", "jusho_banchigohyoki": ""}
    assert not agree({"shimei": "髙橋　花子"}, **blank)
    assert not agree({"jusho": "見本県見本市"}, **blank)


def test_places_written_with_another_small_kana_are_one() -> None:
    """霞ヶ関, 霞が関 and 霞ケ関."""
    assert len({address_key(f"霞{k}関一丁目２番３号") for k in "ヶがケ"}) == 1


NUMBERS = st.integers(min_value=1, max_value=2400)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_addresses_with_other_numbers_have_other_keys(a: int, b: int, c: int, d: int) -> None:
    """Joined numbers never run into each other."""
    one, other = f"みどり{a}番{b}号", f"みどり{c}-{d}"
    assert (address_key(one) == address_key(other)) is ((a, b) == (c, d))


def test_what_is_compared_are_items_of_the_standard() -> None:
    """A register answers with official names alone."""
    assert set(load_builtin().groups[GROUP].by_field) >= FIELDS
