"""外字, families, candidates: a code belongs to its system, and people decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.characters.candidates import Hints, candidates
from standard_models.characters.gaiji import GaijiDecision, GaijiTable
from standard_models.characters.repertoire import Addition, Additions, mj
from standard_models.reference.character_families import family_of
from standard_models.values.text import private_use_characters

HEAD = "system,code,character,decided_by,decided_on,note\n"
TABLE = GaijiTable(
    (
        GaijiDecision("tax-old", "E000", "髙", "市民課", "2026-10-01"),
        GaijiDecision("resident-old", "E000", "辻\U000e0102", "市民課", "2026-10-01"),
    )
)


def test_the_same_code_of_two_systems_is_two_characters() -> None:
    """The key is (system, code)."""
    assert TABLE.resolve("tax-old", "架\ue000空").text == "架髙空"
    assert TABLE.resolve("resident-old", "架\ue000空").text == "架辻\U000e0102空"


def test_an_unknown_code_is_a_blank_mark_with_its_code() -> None:
    """〓 in the output, the code of its system in the finding, nothing of the name."""
    found = TABLE.resolve("welfare", "架\ue000空\uf8ff")
    assert found.text == "架〓空〓"
    assert [(q.code, q.severity.value, q.params) for q in found.quality] == [
        ("GAIJI_UNMAPPED", "W", {"system": "welfare", "code": "E000"}),
        ("GAIJI_UNMAPPED", "W", {"system": "welfare", "code": "F8FF"}),
    ]


def test_a_national_addition_stays_only_for_a_receiver_that_has_it() -> None:
    """It sits in a private-use plane too."""
    national = "\U00100000"
    addition = Addition("GJ000001", national, None)
    receiver = mj().with_additions(Additions("GJ", "1", "town", (addition,)))
    assert TABLE.resolve("tax-old", national, receiver).text == national
    assert TABLE.resolve("tax-old", national, mj()).text == "〓"
    assert TABLE.resolve("tax-old", national).text == "〓"


@given(st.text(st.sampled_from("架空\ue000\ue001\uf8ff\U000f0000\U00100000\U000e0102"), max_size=8))
def test_no_local_character_leaves(text: str) -> None:
    """Whatever the system and the text."""
    for system in ("tax-old", "resident-old", "welfare"):
        assert private_use_characters(TABLE.resolve(system, text).text) == ()


def test_decisions_are_read_from_a_table(tmp_path: Path) -> None:
    """With who decided and when."""
    path = tmp_path / "gaiji.csv"
    path.write_text(HEAD + "tax-old,F1A7,髙,市民課,2026-10-01,戸籍で確認\n", "utf-8")
    assert GaijiTable.read(path).find("tax-old", "f1a7") == "髙"
    assert GaijiTable.read(path).find("other", "F1A7") is None


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("tax-old,XYZ,髙,市民課,2026-10-01,", "row 2, column code"),
        ("tax-old,F1A7,髙島,市民課,2026-10-01,", "row 2, column character: must be one"),
        ("tax-old,F1A7,\ue000,市民課,2026-10-01,", "private-use"),
        ("a,F1A7,髙,x,2026-10-01,\na,F1A7,高,x,2026-10-01,", "decided twice"),
    ],
)
def test_a_malformed_decision_is_refused_by_row_and_column(
    tmp_path: Path, row: str, rule: str
) -> None:
    """A private-use character is no answer to what a private-use character is."""
    path = tmp_path / "gaiji.csv"
    path.write_text(f"{HEAD}{row}\n", "utf-8")
    with pytest.raises(ValueError, match=rule):
        GaijiTable.read(path)


@pytest.mark.parametrize(
    "family",
    [
        "斉齊齋斎",
        "島嶋嶌",
        "高髙",
        "崎﨑",
        "辺邉邊",
        "沢澤",
        "広廣",
        "浜濱濵",
        "竜龍",
        "滝瀧",
        "富冨",
        "吉𠮷",
        "桜櫻",
        "恵惠",
        "真眞",
    ],
)
def test_variant_characters_are_one_family(family: str) -> None:
    """Who searches for one finds the others."""
    assert len({family_of(character) for character in family}) == 1


def test_different_names_are_not_one_family() -> None:
    """Each of these is a surname element of its own."""
    apart = "斉島高崎辺沢広浜竜滝富吉桜恵真田中山川木林森石金"
    assert len({family_of(character) for character in apart}) == len(apart)


def test_the_representative_of_a_family_stands_for_itself() -> None:
    """For every character of the repertoire."""
    wrong = [c for c in mj().sequences if len(c) == 1 and family_of(family_of(c)) != family_of(c)]
    assert wrong == []


def test_candidates_are_ranked_with_their_reasons() -> None:
    """By look-alike, reading and strokes; strokes alone do not drown a reading."""
    found = candidates(Hints("たかい", 11, "高"), 5)
    assert found[0].glyph.ucs == "髙"
    assert set(found[0].reasons) >= {"family", "strokes"}
    read = candidates(Hints(reading="つじ", strokes=5), 5)
    assert all("reading" in candidate.reasons for candidate in read)
    assert any(candidate.glyph.ucs == "辻" for candidate in read)
    assert candidates(Hints()) == []
