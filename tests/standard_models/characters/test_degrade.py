"""Reduced for weak systems: by the map, reversibly, and never by a coin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.characters.degrade import Degraded, DegradePolicy, degrade
from standard_models.characters.repertoire import jis_x_0208, mj
from standard_models.reference.character_tables import Basis, reductions

WEAK = jis_x_0208()
UNDECIDED = next(
    source
    for source, ways in sorted(reductions().items())
    if len(source) == 1
    and source not in WEAK
    and len({w.target for w in ways if w.target in WEAK}) == len(ways) == 2
    and len({(w.rank, w.hops) for w in ways}) == 1
)


def reduced(text: str, **policy: object) -> Degraded:
    return degrade(text, WEAK, DegradePolicy(**policy))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("髙島屋", "高島屋"),
        ("𠮷野家", "吉野家"),
        ("栁", "柳"),
        ("辻\U000e0102", "辻"),
        ("渡邉邊", "渡邉邊"),
    ],
)
def test_a_character_goes_down_to_the_one_that_the_map_gives(text: str, shown: str) -> None:
    """What the receiver knows stays; a selector it does not know is dropped."""
    assert reduced(text).text == shown


def test_the_record_says_what_was_done_to_each_character() -> None:
    """Position, source, target, basis, rank; a finding without any text."""
    found = reduced("髙島𠮷")
    assert [(d.position, d.source, d.target, d.rank) for d in found.substitutions] == [
        (1, "髙", "高", None),
        (3, "𠮷", "吉", 1),
    ]
    assert found.substitutions[0].basis == Basis.JIS_INCLUSION | Basis.FAMILY_REGISTER
    assert [(q.code, q.params) for q in found.quality] == [
        ("CHARACTER_REDUCED", {"code_point": "U+9AD9", "position": 1}),
        ("CHARACTER_REDUCED", {"code_point": "U+20BB7", "position": 3}),
    ]
    assert found.repertoire == "JIS X 0208 1990"


def test_of_equal_targets_none_is_taken() -> None:
    """The character stands as 〓 with its candidates, until a person has chosen."""
    found = reduced(UNDECIDED)
    assert found.text == "〓"
    assert [q.code for q in found.quality] == ["REDUCTION_UNDECIDED"]
    first, second = found.substitutions[0].candidates
    for choice in (first, second):
        chosen = reduced(UNDECIDED, choices={UNDECIDED: choice})
        assert chosen.text == choice
        assert chosen.substitutions[0].chosen
        assert chosen.original() == UNDECIDED


def test_a_choice_that_the_receiver_does_not_know_is_no_choice() -> None:
    """It would only move the problem."""
    assert reduced(UNDECIDED, choices={UNDECIDED: "髙"}).text == "〓"


def test_without_a_way_down_the_character_stands_as_a_blank_mark() -> None:
    """〓, with the code point told."""
    found = reduced("\ue000A")
    assert found.text == "〓〓"
    assert [q.code for q in found.quality] == ["REDUCTION_MISSING"] * 2


def test_a_basis_that_is_not_allowed_is_no_way() -> None:
    """栁 goes to 柳 by a notice on the family register, and by nothing else."""
    assert reduced("栁", bases=Basis.DICTIONARY).text == "〓"
    assert reduced("栁", bases=Basis.FAMILY_REGISTER).text == "柳"


SOME = [*sorted(mj().sequences)[::97], "あ", "\U000e0102", "\ue000", "A"]


@given(st.lists(st.sampled_from(SOME), max_size=12).map("".join))
def test_what_was_reduced_comes_back_from_the_record(text: str) -> None:
    """Whatever the text: the record restores it, and the reduced text is inside."""
    found = degrade(text, WEAK)
    assert found.original() == text
    assert all(c in WEAK for c in found.text)
    assert degrade(found.text, WEAK).substitutions == ()
    assert len(found.quality) == len(found.substitutions)


def test_the_record_is_plain_data() -> None:
    """It can be kept beside what was sent."""
    assert reduced("髙").to_json() == {
        "text": "高",
        "repertoire": "JIS X 0208 1990",
        "substitutions": [
            {
                "position": 1, "source": "髙", "target": "高", "basis": 9, "rank": None,
                "candidates": ["高"], "chosen": False,
            }
        ],
    }  # fmt: skip
