"""Every item is found by its Japanese name, English label, romaji and id."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.builtin import load_builtin
from standard_models.catalogue.search import Match, search, search_key
from tests.size import size_of

DICTIONARY = load_builtin()
EVERY = 100_000


@pytest.mark.parametrize("way", ["name", "label_en", "field_name"])
def test_every_item_in_force_is_found_by_its_names(way: str) -> None:
    """One search for each different name; every item of that name is among the exact hits."""
    names: dict[str, set[str]] = {}
    for edition in DICTIONARY.editions:
        for item in edition.items:
            names.setdefault(getattr(item, way), set()).add(item.ref)
    looked_up = size_of(ordinary=20, nightly=200)
    for name, refs in list(names.items())[:: max(1, len(names) // looked_up)]:
        exact = {h.ref for h in search(DICTIONARY, name, EVERY) if h.match is Match.EXACT}
        assert refs <= exact, name


def test_an_id_finds_its_item_first_in_whatever_edition() -> None:
    """Official, provisional, and the parameter of an API that is not in force."""
    for item_id in ("03100012", "001P0006", "031Q0018"):
        first = search(DICTIONARY, item_id)[0]
        assert (first.item_id, first.match) == (item_id, Match.ID)


@pytest.mark.parametrize(
    ("query", "ref"),
    [
        ("せいねんがっぴ", None),
        ("シメイ", None),
        ("ＳＨＩＭＥＩ", "001.juminkihonjoho.shimei"),
        ("Shimei", "001.juminkihonjoho.shimei"),
        ("氏名_フリガナ", "001.juminkihonjoho.shimei_furigana"),
        ("氏名フリガナ", "001.juminkihonjoho.shimei_furigana"),
        ("氏名 ふりがな", "001.juminkihonjoho.shimei_furigana"),
        ("birth date of", "001.juminkihonjoho.seinengappi"),
    ],
)
def test_width_case_kana_and_separators_do_not_count(query: str, ref: str | None) -> None:
    """A reading that the lists do not give finds nothing, and nothing is made up."""
    refs = [hit.ref for hit in search(DICTIONARY, query, EVERY)]
    assert ref in refs if ref else True
    assert refs == sorted(set(refs), key=refs.index)


def test_better_matches_stand_first() -> None:
    """The name itself before names that begin with it, before names that hold it."""
    hits = search(DICTIONARY, "氏名", EVERY)
    assert [hit.match for hit in hits] == sorted(hit.match for hit in hits)
    assert hits[0].name == "氏名"


def test_an_empty_query_finds_nothing_and_a_limit_holds() -> None:
    """Blanks and separators alone are no query."""
    assert search(DICTIONARY, " _ ") == []
    assert len(search(DICTIONARY, "年月日", 3)) == 3


@given(st.text(max_size=20))
def test_a_key_is_a_fixed_point(text: str) -> None:
    """The key of a key is the key."""
    assert search_key(search_key(text)) == search_key(text)
