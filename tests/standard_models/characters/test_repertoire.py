"""Repertoires: complete, versioned, and grown by a town's own table."""

from __future__ import annotations

from pathlib import Path

import pytest

from standard_models.characters.repertoire import (
    jis_x_0208,
    jis_x_0213,
    load_additions,
    mj,
)
from standard_models.reference.character_tables import glyphs, reductions


def test_the_mj_character_set_is_complete() -> None:
    """Glyphs, implemented code points, ideographic and standardized variants as published."""
    assert len(glyphs()) == 58_862
    sequences = {sequence for glyph in glyphs() for sequence in glyph.sequences}
    assert sum(len(s) == 1 for s in sequences) == 52_607
    assert sum(len(s) == 2 and s[1] >= "\U000e0100" for s in sequences) == 11_384
    assert sum(len(s) == 2 and s[1] <= "\ufe0f" for s in sequences) == 89
    assert sum(not glyph.sequences for glyph in glyphs()) == 19


def test_the_shrink_map_names_characters_only() -> None:
    """Every way down leads to one code point."""
    assert len(reductions()) > 40_000
    assert {len(way.target) for ways in reductions().values() for way in ways} == {1}


@pytest.mark.parametrize(
    "text",
    [
        "髙島屋",
        "𠮷野家",
        "辻\U000e0102",
        "\ufa1b",
        "塚\ufe00",
        "架空　花子",
        "ＡＤＡ",
        "〒１－２",
        "ガギ",
        "々〆",
    ],
)
def test_what_registers_hold_is_in_the_repertoire(text: str) -> None:
    """Kanji with and without selector, compatibility ideographs, kana, signs, wide letters."""
    assert mj().check(text) == ()


def test_a_character_outside_is_told_by_code_point_and_position() -> None:
    """The position counts what people see: a selector is no character of its own."""
    found = mj().check("辻\U000e0102A\ue000")
    assert [
        (q.code, q.severity.value, q.params["code_point"], q.params["position"]) for q in found
    ] == [
        ("OUTSIDE_REPERTOIRE", "W", "U+0041", 2),
        ("OUTSIDE_REPERTOIRE", "W", "U+E000", 3),
    ]
    assert found[0].params["repertoire"] == "MJ mji.00602"


def test_an_unknown_selector_on_a_known_base_is_told_as_such() -> None:
    """The base alone would be inside."""
    (found,) = mj().check("辻\U000e01ef")
    assert (found.code, found.params["code_point"]) == ("UNKNOWN_VARIANT", "U+8FBB U+E01EF")


def test_the_smaller_repertoires_are_those_of_the_standards() -> None:
    """JIS X 0208 has 6,879 characters; 髙 and 𠮷 are in neither of the two."""
    assert len(jis_x_0208().sequences) == 6_879
    assert jis_x_0208().check("亜熙あア") == ()
    for outside in ("髙", "𠮷"):
        assert len(jis_x_0208().check(outside)) == 1
    assert jis_x_0213().check("俱剝") == ()
    assert len(jis_x_0208().check("俱剝")) == 2
    assert {
        c for c in jis_x_0208().sequences if c > "\u4e00" and c < "\ufb00"
    } <= jis_x_0213().sequences


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "additions.csv"


def test_the_additions_of_a_town_come_from_its_table_alone(table: Path) -> None:
    """National additions sit in a private-use plane; only the loaded table says where."""
    table.write_text(
        "name,code_points,substitute\nGJ000001,100000,髙\nGJ000002,8FBB_E0110,\n", "utf-8"
    )
    additions = load_additions(table, id="GJ", version="2026-10", source="town")
    grown = mj().with_additions(additions)
    assert len(mj().check("\U00100000")) == 1
    assert grown.check("\U00100000辻\U000e0110") == ()
    assert (grown.id, grown.version) == ("MJ+GJ", "mji.00602+2026-10")
    assert [a.substitute for a in additions.characters] == ["髙", None]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("name,code\nGJ1,100000\n", "the columns must be"),
        ("name,code_points,substitute\nGJ1,U+100000,\n", "row 2, column code_points"),
        ("name,code_points,substitute\n,100000,\n", "row 2, column name"),
        (
            "name,code_points,substitute\nA,100000,\nB,100000,\n",
            "row 3, column code_points: stands",
        ),
    ],
)
def test_a_malformed_table_is_refused_by_row_and_column(
    table: Path, content: str, rule: str
) -> None:
    """Nothing of it is loaded."""
    table.write_text(content, "utf-8")
    with pytest.raises(ValueError, match=rule):
        load_additions(table, id="GJ", version="1", source="town")
