"""Names and numbers of a person: separate items, nothing split or repaired by guess, masked."""

from __future__ import annotations

import copy
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.values.names import (
    Alias,
    FormComparison,
    NamePurpose,
    PersonName,
    Preference,
    compare_forms,
    parse_name,
)
from standard_models.values.personal_numbers import (
    CheckRule,
    PensionNumber,
    ResidentRecordCode,
)


@pytest.mark.parametrize(
    ("raw", "parts", "codes"),
    [
        ("架空　花子", ("架空", "花子"), []),
        ("ｶｸｳ ﾊﾅｺ", ("カクウ", "ハナコ"), []),
        ("OKONKWO CHIAMAKA GRACE", ("ＯＫＯＮＫＷＯ", "ＣＨＩＡＭＡＫＡ", "ＧＲＡＣＥ"), []),
        ("架空　　花子", ("架空", "花子"), ["BLANKS_JOINED"]),
        ("架空花子", (), ["NAME_NOT_SPLIT"]),
        ("𠮷", (), ["NAME_NOT_SPLIT"]),
        ("　花子", (), ["NAME_NOT_SPLIT"]),
    ],
)
def test_a_name_is_split_at_its_blanks_and_nowhere_else(
    raw: str, parts: tuple[str, ...], codes: list[str]
) -> None:
    """One part is enough for a name; three are not sorted into kinds."""
    found = parse_name(raw)
    assert found.name is not None
    assert found.name.parts == parts
    assert found.name.is_split is bool(parts)
    assert [q.code for q in found.quality] == codes


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    """Whatever stands in the field."""
    found = parse_name(text)
    assert (found.name is None) == ([q.code for q in found.quality] == ["MISSING"])


def test_evidence_carries_the_registered_name_and_a_greeting_the_chosen_one() -> None:
    """One name at a time; the printed one does not reveal another."""
    person = PersonName("ＯＫＯＮＫＷＯ　ＣＨＩＡＭＡＫＡ", alias=Alias("森　ちあまか"))
    chosen = PersonName(person.registered, alias=person.alias, preference=Preference.ALIAS)
    for purpose in NamePurpose:
        assert person.shown(purpose) == "ＯＫＯＮＫＷＯ　ＣＨＩＡＭＡＫＡ"
    assert chosen.shown(NamePurpose.EVIDENCE) == "ＯＫＯＮＫＷＯ　ＣＨＩＡＭＡＫＡ"
    assert chosen.shown(NamePurpose.GREETING) == "森　ちあまか"
    assert chosen.shown(NamePurpose.MAIL) == "森　ちあまか"


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("髙橋", "髙橋", FormComparison.SAME_FORM),
        ("髙橋", "高橋", FormComparison.VARIANT_FORM),
        ("辻\U000e0101", "辻", FormComparison.VARIANT_FORM),
        ("髙橋", "高梁", FormComparison.OTHER_FORM),
    ],
)
def test_forms_are_compared_and_persons_are_not(
    one: str, other: str, relation: FormComparison
) -> None:
    """The outcome speaks of writing alone."""
    assert compare_forms(one, other) is relation


RULE = CheckRule((2, 3, 4, 5, 6, 7, 2, 3, 4, 5), 11, "made up for this test")


def test_a_number_of_a_person_prints_masked_wherever_it_goes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Text, representation, format, copy, log, exception."""
    for number in (
        ResidentRecordCode.parse("12345678901").number,
        PensionNumber.parse("1234-567890").number,
    ):
        assert number is not None
        with caplog.at_level(logging.WARNING):
            logging.getLogger("test").warning("number %s %r", number, number)
        shown = f"{number} {number!r} {number:>20} {[number]} {copy.deepcopy(number)!r}"
        shown += repr(ValueError(number)) + caplog.text
        assert "***" in shown
        assert "5678" not in shown


def test_numbers_are_read_in_their_forms_and_never_repaired() -> None:
    """Eleven digits; four and six with or without hyphen; nothing padded."""
    pension = PensionNumber.parse("１２３４－５６７８９０").number
    assert pension is not None
    assert (pension.reveal(), pension.written()) == ("1234567890", "1234-567890")
    for wrong in ("123456789", "12345-67890", "123456789012", "ABCDEFGHIJK"):
        for kind in (PensionNumber, ResidentRecordCode):
            found = kind.parse(wrong)
            assert found.number is None
            assert [q.code for q in found.quality] == ["IDENTIFIER_MALFORMED"]
    assert ResidentRecordCode.parse(" ").quality == ()


def test_a_check_digit_is_looked_at_only_by_a_rule_that_is_set() -> None:
    """The weights are not known at hand, so none are assumed."""
    good = next(f"1234567890{d}" for d in range(10) if RULE.holds(f"1234567890{d}"))
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert ResidentRecordCode.parse(wrong).number is not None
    assert ResidentRecordCode.parse(good, RULE).number is not None
    assert [q.code for q in ResidentRecordCode.parse(wrong, RULE).quality] == ["CHECK_DIGIT_WRONG"]
    with pytest.raises(ValueError, match="argument 2 is"):
        RULE.holds("123")
