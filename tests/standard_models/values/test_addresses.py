"""Addresses: verbatim, split only where it is certain, compared by keys that are never values."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from standard_models.reference.municipalities import municipalities
from standard_models.values.address_reading import parse_address
from standard_models.values.block_numbers import folded, kanji_number, parse_block_number

NUMBERS = st.integers(1, 9_999)


@given(NUMBERS, NUMBERS)
def test_a_lot_and_a_bare_number_are_one_and_a_residence_number_is_another(
    lot: int, branch: int
) -> None:
    """For every pair of numbers."""
    written = parse_block_number(f"{lot}番地の{branch}").key()
    assert written == parse_block_number(f"{lot}-{branch}").key()
    assert written != parse_block_number(f"{lot}番{branch}号").key()


@given(st.text(max_size=20))
def test_a_folded_text_is_a_fixed_point_and_no_text_makes_a_reader_fail(text: str) -> None:
    """Keys can be compared with keys."""
    assert folded(folded(text)) == folded(text)
    parse_block_number(text)
    parse_address(text)


@given(st.integers(1, 9_999))
def test_kanji_numbers_read_in_both_ways_of_writing(number: int) -> None:
    """By places and digit by digit."""
    digits = "".join("〇一二三四五六七八九"[int(d)] for d in str(number))
    assert kanji_number(digits) == number
    places = ""
    for size, sign in ((1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // size % 10
        if digit:
            places += ("" if digit == 1 and sign else "〇一二三四五六七八九"[digit]) + sign
    assert kanji_number(places) == number


def test_every_municipality_is_found_behind_its_prefecture() -> None:
    """A whole address of each of the 1,916 is split at its own name, or not at all."""
    split = 0
    for place in municipalities().values():
        found = parse_address(f"{place.prefecture}{place.name}みどり１番地").address
        assert found is not None
        if found.is_split:
            assert (found.municipality_code, found.municipality) == (place.code, place.name)
            assert (found.town, found.block_number) == ("みどり", "１番地")
            split += 1
    assert split > 1_880


def test_parts_are_slices_of_the_whole() -> None:
    """Nothing is rewritten: width, kanji numerals and blanks stay as recorded."""
    whole = "東京都千代田区霞が関二丁目１番６号　みどりハイツ１０１号"
    address = parse_address(whole).address
    assert address is not None
    parts = (address.prefecture, address.municipality, address.town, address.block_number)
    assert "".join(part or "" for part in parts) + "　" + (address.building or "") == whole


def test_equal_keys_need_equal_towns_and_buildings() -> None:
    """The same number in another town is another address."""
    base = "東京都千代田区霞が関二丁目"
    keys = [
        parse_address(f"{base}{rest}").address.key()  # type: ignore[union-attr]
        for rest in ("88番地の2", "８８番地ノ２", "88番2号", "88番地の2　みどり荘")
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_the_findings_hold_no_part_of_the_address() -> None:
    """They may be logged."""
    for text in ("架空県ひとつ市みどり１番地", "東京都千代田区霞が関１番地　見本様方"):
        for quality in parse_address(text).quality:
            assert quality.params == {}
