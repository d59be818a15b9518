"""Identifiers: check digits against a second implementation, forms that are never repaired."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import Severity
from standard_models.reference.check_digits import (
    RemainderOne,
    corporate_number_check,
    local_number_check,
    municipality_check,
    my_number_check,
)
from standard_models.reference.municipalities import municipalities
from standard_models.values.identifiers import (
    AddresseeNumber,
    CorporateNumber,
    HouseholdNumber,
    MunicipalityCode,
    MyNumber,
)

OFFICIAL_SAMPLE = "345678901234"


def by_table(digits: str, weights: list[int], modulus: int) -> int:
    """Weight the digits from the left with weights written out, unlike the code under test."""
    assert len(digits) == len(weights)
    total = 0
    for digit, weight in zip(digits, weights, strict=True):
        total += int(digit) * weight
    return total % modulus


def test_every_municipality_code_of_the_list_has_the_digit_of_a_second_implementation() -> None:
    """All 1,916 codes recompute."""
    codes = list(municipalities())
    assert len(codes) == 1916
    for code in codes:
        remainder = by_table(code[:5], [6, 5, 4, 3, 2], 11)
        digit = {0: 1, 1: 0}.get(remainder, 11 - remainder)
        assert code[5] == str(digit)
        assert municipality_check(code[:5]) == str(digit)
        assert MunicipalityCode.parse(code).number == MunicipalityCode(code)


def test_a_municipality_code_is_made_of_five_digits_and_names_its_prefecture() -> None:
    """23214 is 蒲郡市: weighted sum 46, check digit 9."""
    code = MunicipalityCode.from_five("23214")
    assert (str(code), code.prefecture) == ("232149", "23")
    assert municipalities()["232149"].name == "蒲郡市"
    assert MunicipalityCode.parse("２３２１４９ ").number == code
    assert sorted([code, MunicipalityCode("011002")])[0].value == "011002"


@pytest.mark.parametrize(
    ("raw", "quality"),
    [
        ("232148", "CHECK_DIGIT_WRONG"),
        ("23214", "IDENTIFIER_MALFORMED"),
        ("23214A", "IDENTIFIER_MALFORMED"),
    ],
)
def test_a_wrong_municipality_code_is_refused_by_rule(raw: str, quality: str) -> None:
    """The reading names the rule; a code cannot be made from it."""
    reading = MunicipalityCode.parse(raw)
    assert reading.number is None
    assert [(q.code, q.severity) for q in reading.quality] == [(quality, Severity.ERROR)]
    with pytest.raises(ValueError, match="municipality code"):
        MunicipalityCode(raw)


@pytest.mark.parametrize("five", ["2321", "232149", "2321a"])
def test_only_five_digits_get_a_check_digit(five: str) -> None:
    """Nothing is padded."""
    with pytest.raises(ValueError, match="five digits"):
        MunicipalityCode.from_five(five)


@pytest.mark.parametrize(
    ("serial", "digit"),
    [("000004711", "2"), ("000730518", "4"), ("000000000", "0"), ("00000004712", "0")],
)
def test_local_numbers_have_the_check_digits_of_the_worked_examples(
    serial: str, digit: str
) -> None:
    """Sum 53 gives 2, sum 106 gives 4, remainder 0 gives 0."""
    assert local_number_check(serial, RemainderOne.NOT_ISSUED) == digit


@given(st.text("0123456789", min_size=1, max_size=14))
def test_the_local_check_digit_equals_a_second_implementation(serial: str) -> None:
    """Weights 2 to 7 from the right; remainder 1 is a setting."""
    weights = ([7, 6, 5, 4, 3, 2] * 3)[-len(serial) :]
    remainder = by_table(serial, weights, 11)
    expected = {0: "0", 1: "0"}.get(remainder, str(11 - remainder))
    assert local_number_check(serial, RemainderOne.ZERO) == expected
    assert (local_number_check(serial, RemainderOne.NOT_ISSUED) is None) == (remainder == 1)


def test_old_local_numbers_are_accepted_and_new_ones_can_be_checked() -> None:
    """Only newly issued numbers must satisfy the rule."""
    number = AddresseeNumber.parse("000000047112   ").number
    assert number is not None
    assert str(number) == "000000047112"
    assert number.has_check_digit(RemainderOne.ZERO)
    old = AddresseeNumber.parse("000000047113").number
    assert old is not None
    assert not old.has_check_digit(RemainderOne.ZERO)
    remainder_one = HouseholdNumber("000000000060")
    assert remainder_one.has_check_digit(RemainderOne.ZERO)
    assert not remainder_one.has_check_digit(RemainderOne.NOT_ISSUED)
    assert not AddresseeNumber("F0000012").has_check_digit(RemainderOne.ZERO)


def test_lost_leading_zeros_are_put_back_to_the_width_of_the_profile_and_reported() -> None:
    """ZERO_PADDED names the width, never the number."""
    reading = AddresseeNumber.parse("47112", width=12)
    assert reading.number == AddresseeNumber("000000047112")
    assert [(q.code, q.severity, dict(q.params)) for q in reading.quality] == [
        ("ZERO_PADDED", Severity.WARNING, {"width": 12})
    ]
    assert AddresseeNumber.parse("F0000012", width=8).quality == ()


@pytest.mark.parametrize(
    ("raw", "width"),
    [
        ("1234567890123456", None),
        ("47-112", None),
        ("4711２あ", None),
        ("F12", 8),
        ("0000471120", 9),
    ],
)
def test_an_impossible_local_number_is_never_repaired(raw: str, width: int | None) -> None:
    """Too long, with signs, or a short number that has letters."""
    reading = AddresseeNumber.parse(raw, width)
    assert reading.number is None
    assert [q.code for q in reading.quality] == ["IDENTIFIER_MALFORMED"]


def test_a_blank_number_is_none_without_a_finding() -> None:
    """Nothing there is no error of the number."""
    for parse in (AddresseeNumber.parse, MunicipalityCode.parse, MyNumber.parse):
        assert (parse(" 　").number, parse("").quality) == (None, ())


def test_a_local_number_hides_in_its_representation() -> None:
    """A representation ends up in tracebacks and logs."""
    assert repr(AddresseeNumber("000000047112")) == "AddresseeNumber(***)"
    assert AddresseeNumber("1") < AddresseeNumber("2")


def test_the_official_sample_is_an_individual_number_and_its_neighbour_is_not() -> None:
    """Sum 216, remainder 7, check digit 4."""
    assert my_number_check(OFFICIAL_SAMPLE[:11]) == "4"
    assert MyNumber.parse(OFFICIAL_SAMPLE).number is not None
    reading = MyNumber.parse("345678901235")
    assert reading.number is None
    assert [(q.code, q.severity) for q in reading.quality] == [
        ("CHECK_DIGIT_WRONG", Severity.ERROR)
    ]
    assert [q.code for q in MyNumber.parse("34567890123").quality] == ["IDENTIFIER_MALFORMED"]


@given(st.text("0123456789", min_size=11, max_size=11))
def test_the_individual_check_digit_equals_a_second_implementation(eleven: str) -> None:
    """Weights 6 5 4 3 2 7 6 5 4 3 2; remainders 0 and 1 share the digit 0."""
    remainder = by_table(eleven, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2], 11)
    expected = "0" if remainder in {0, 1} else str(11 - remainder)
    assert my_number_check(eleven) == expected


def test_a_single_wrong_digit_of_an_individual_number_is_seen_where_the_rule_can() -> None:
    """Two remainders share the digit 0, so only errors between them pass."""
    for place in range(12):
        for digit in "0123456789":
            changed = OFFICIAL_SAMPLE[:place] + digit + OFFICIAL_SAMPLE[place + 1 :]
            accepted = MyNumber.parse(changed).number is not None
            assert accepted == (changed == OFFICIAL_SAMPLE)


def test_an_individual_number_shows_nothing_and_is_not_pickled() -> None:
    """It prints as stars in every form; only reveal gives the digits."""
    number = MyNumber(OFFICIAL_SAMPLE)
    shown = [str(number), repr(number), f"{number}", f"{number:>20}", f"{number!r}", f"{[number]}"]
    assert {text.strip("[]") for text in shown} == {"***"}
    assert number.reveal() == OFFICIAL_SAMPLE
    for spoil in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            spoil(number)
    for wrong in ("345678901235", "3456"):
        with pytest.raises(ValueError, match="digit") as refusal:
            MyNumber(wrong)
        assert wrong not in str(refusal.value)


@pytest.mark.parametrize(
    "number",
    ["8000012010038", "6010701025710", "7010401022916", "5010001006767", "3290001005603"],
)
def test_published_corporate_numbers_are_accepted(number: str) -> None:
    """The first digit is the check digit, by a second implementation too."""
    remainder = by_table(number[1:], [2, 1] * 6, 9)
    assert number[0] == str(9 - remainder)
    assert corporate_number_check(number[1:]) == number[0]
    assert str(CorporateNumber(number)) == number
    for wrong in (str(int(number[0]) % 9 + 1) + number[1:], number[1:]):
        with pytest.raises(ValueError, match="corporate number"):
            CorporateNumber(wrong)
