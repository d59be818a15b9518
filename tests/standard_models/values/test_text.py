"""Text of the types X and N: nothing recorded is ever changed behind one's back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import Severity, Value
from standard_models.values.text import (
    character_length,
    compose_kana,
    is_full_width,
    is_half_width,
    iter_characters,
    private_use_characters,
    read_text,
    remove_controls,
    to_full_width,
    to_full_width_name,
    to_half_width,
    to_katakana,
    trim_padding,
)

HALF_WIDTH_KANA = "".join(chr(c) for c in range(0xFF61, 0xFFA0))
ASCII = "".join(chr(c) for c in range(0x20, 0x7F))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("架空", 2),
        ("𡈽屋", 2),
        ("𠮷野", 2),
        ("辻\U000e0101", 1),
        ("葛\U000e0100城", 2),
        ("塚\ufe00", 1),
        ("か\u3099", 1),
        ("ﾊﾞ", 2),
        ("Zoë", 3),
        ("\U000e0100辻", 2),
    ],
)
def test_length_counts_characters_as_people_see_them(text: str, length: int) -> None:
    """A base with its selector is one character, a supplementary character is one."""
    assert character_length(text) == length
    assert len(list(iter_characters(text))) == length
    assert "".join(iter_characters(text)) == text


@pytest.mark.parametrize(
    ("half", "full"),
    [
        ("ﾊﾞﾊﾞ ｹﾞﾝｺﾞ", "ババ　ゲンゴ"),
        ("ﾊﾟﾋﾟ", "パピ"),
        ("ｳﾞｧｲｵﾘﾝ", "ヴァイオリン"),
        ("ｱﾞ", "ア゛"),
        ("ｼﾞｮﾝ", "ジョン"),
        ("ﾁﾞ ﾂﾞ", "ヂ　ヅ"),
        ("ﾄｰｼﾞ･ｴｰ", "トージ・エー"),
        ("SAMPLE ADA", "ＳＡＭＰＬＥ　ＡＤＡ"),
        ("O'NEILL-SMITH", "Ｏ＇ＮＥＩＬＬ－ＳＭＩＴＨ"),
        ("1-2~3", "１－２～３"),
        ("\\¥‾", "＼￥￣"),
    ],
)
def test_half_width_text_becomes_full_width_and_comes_back(half: str, full: str) -> None:
    """Kana compose with their marks, blanks become U+3000, and the way back recreates the input."""
    assert to_full_width(half) == full
    assert to_half_width(full) == half
    assert is_full_width(full)


@given(st.text(alphabet=HALF_WIDTH_KANA + ASCII))
def test_half_width_to_full_width_and_back_is_the_identity(text: str) -> None:
    """No half-width text is lost on the way to full width, and full width is a fixed point."""
    full = to_full_width(text)
    assert to_half_width(full) == text
    assert to_full_width(full) == full
    assert is_half_width(text)
    assert is_full_width(full)


@pytest.mark.parametrize(
    "text",
    [
        "\ufa19",
        "福\ufa1b",
        "髙橋",
        "𠮷野",
        "﨑",
        "辻\U000e0101",
        "塚\ufe00",
        "か\u3099",
        "Ａ\u0301",
    ],
)
def test_no_recorded_character_is_normalised(text: str) -> None:
    """Compatibility ideographs, selectors and marks pass every step and JSON unchanged."""
    assert to_full_width(text) == text
    assert compose_kana(text) == text
    assert read_text(text).text == text
    assert json.loads(json.dumps(Value(text).to_json()))["value"] == text


@given(st.text(alphabet=st.characters(min_codepoint=0x3001, max_codepoint=0x323AF)))
def test_text_without_half_width_forms_is_a_fixed_point(text: str) -> None:
    """Characters beyond ASCII and the half-width forms are never touched."""
    kept = "".join(
        c for c in text if not 0xFF00 <= ord(c) <= 0xFFEF and not 0xD800 <= ord(c) < 0xE000
    )
    assert to_full_width(kept) == kept


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("ABC   ", "ABC"),
        ("架空　花子　　 　", "架空　花子"),
        ("  A B ", "  A B"),
        ("\tA", "\tA"),
        ("     ", None),
        ("　　", None),
        ("", None),
    ],
)
def test_padding_goes_from_the_right_only(raw: str, text: str | None) -> None:
    """Inner and leading blanks stay; a field of padding is missing, never an empty text."""
    assert trim_padding(raw) == text


def test_a_field_of_padding_is_missing() -> None:
    """The reading says MISSING instead of an empty text."""
    reading = read_text("　 ")
    assert reading.text is None
    assert [(q.code, q.severity) for q in reading.quality] == [("MISSING", Severity.INFORMATION)]


def test_kana_of_either_script_and_width_become_katakana() -> None:
    """Marks are joined, long marks, small kana and everything else stay."""
    assert to_katakana("ばば ｹﾞﾝｺﾞー") == "ババ ゲンゴー"
    assert to_katakana("きゃﾞ ゔ いすゞ 架空A1") == "キャ゛ ヴ イスヾ 架空A1"
    assert to_katakana("カナ") == "カナ"


def test_name_parts_are_joined_by_exactly_one_full_width_blank() -> None:
    """A run of blanks becomes one and is reported; a single one is not."""
    assert to_full_width_name("ｶｸｳ ﾊﾅｺ  ").text == "カクウ　ハナコ"
    assert to_full_width_name("ｶｸｳ ﾊﾅｺ").quality == ()
    joined = to_full_width_name("架空　 花子")
    assert joined.text == "架空　花子"
    assert [q.code for q in joined.quality] == ["BLANKS_JOINED"]
    assert to_full_width_name("　").text is None


@pytest.mark.parametrize(
    "character",
    [
        "\u0000",
        "\u0009",
        "\u000a",
        "\u007f",
        "\u0085",
        "\u200b",
        "\u200f",
        "\u202e",
        "\u2066",
        "\ufeff",
    ],
)
def test_control_and_bidirectional_characters_leave_the_text_and_are_named(character: str) -> None:
    """The code point is named, the text around it is not."""
    reading = remove_controls(f"架{character}空{character}")
    assert reading.text == "架空"
    assert [(q.code, q.severity, dict(q.params)) for q in reading.quality] == [
        ("CONTROL_CHAR", Severity.WARNING, {"code_point": f"U+{ord(character):04X}"})
    ]


def test_private_use_characters_are_found_in_every_plane() -> None:
    """外字 means nothing without its town; each is listed once."""
    assert private_use_characters("架\ue000空\U000f0001\ue000\U0010fffd") == (
        "\ue000",
        "\U000f0001",
        "\U0010fffd",
    )
    assert private_use_characters("𠮷髙﨑〓") == ()


@pytest.mark.parametrize(
    ("text", "half", "full"),
    [
        ("ABC 123", True, False),
        ("ｶﾅ", True, False),
        ("架空　花子", False, True),
        ("Ａ　ë", False, True),
        ("架空A", False, False),
        ("〓", False, True),
        ("tab\t", False, False),
        ("辻\U000e0101", False, True),
    ],
)
def test_a_text_is_half_width_full_width_or_neither(text: str, half: bool, full: bool) -> None:
    """X takes half-width characters, N takes everything that has no half-width form."""
    assert (is_half_width(text), is_full_width(text)) == (half, full)
