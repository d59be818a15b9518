"""Search keys: fixed points, never empty, and never instead of the name."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from standard_models.characters.repertoire import mj
from standard_models.values.bank_kana import same_owner_name, to_bank_kana
from standard_models.values.search_keys import may_be_found_by, name_key
from standard_models.values.text import remove_controls

assert name_key("架空")  # loads the families, so that no example waits for them

NAMES = st.text(
    st.one_of(
        st.sampled_from("アイウガパッャヂヅヴー－・ 　ｱﾞﾟあがぱーAzéœß'’-斉齊髙𠮷〜゛゜\u3099"),
        st.characters(codec="utf-8"),
    ),
    max_size=10,
)


@given(NAMES)
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    """A stored key can be searched for."""
    assert name_key(name_key(name)) == name_key(name)


@given(NAMES)
def test_a_name_with_a_visible_character_has_a_key(name: str) -> None:
    """Otherwise it could never be found, or would be found by everything."""
    visible = (remove_controls(name).text or "").strip(" \u3000\u00a0")
    selectors = "".join(c for c in visible if not "\ufe00" <= c <= "\ufe0f" and c < "\U000e0000")
    if any(c.isalnum() or c in "ー－・-'" for c in selectors):
        assert name_key(name)
        assert may_be_found_by(name, name)


def test_every_character_of_the_repertoire_has_a_key() -> None:
    """A name may be any one of them but a blank, and a mark on another character."""
    keyless = {c for c in mj().sequences if not name_key(c)}
    assert {unicodedata.category(c) for c in keyless} <= {"Zs", "Mn", "Cf"}


def test_every_key_of_a_character_is_a_fixed_point() -> None:
    """For the whole repertoire, not only for what a test happens to draw."""
    assert [c for c in mj().sequences if name_key(name_key(c)) != name_key(c)] == []


@given(st.text("アイウエオカガサザパヴッャュョー　", min_size=1, max_size=12))
def test_bank_kana_is_a_fixed_point(name: str) -> None:
    """Written once, written always."""
    found = to_bank_kana(name).text
    if found is not None:
        assert to_bank_kana(found).text == found
        assert same_owner_name(name, found) is True
