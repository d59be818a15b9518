"""Packed, zoned and binary numbers of hosts."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.encodings.decimals import (
    NumberReading,
    NumberRules,
    SignPlace,
    packed,
    read_binary,
    read_packed,
    read_zoned,
)


def hexa(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize(
    ("raw", "value"),
    [("02468C", 2468), ("02468D", -2468), ("02468F", 2468), ("0C", 0), ("123C", 123)],
)
def test_packed_numbers_have_their_sign_in_the_last_nibble(raw: str, value: int) -> None:
    """C plus, D minus, F unsigned."""
    assert read_packed(hexa(raw)).value == value


@pytest.mark.parametrize(
    ("raw", "value"), [("F5F6D7", -567), ("F5F6C7", 567), ("F5F6F7", 567), ("F0", 0)]
)
def test_zoned_numbers_have_their_sign_over_the_last_digit(raw: str, value: int) -> None:
    """The zone of the last byte."""
    assert read_zoned(hexa(raw)).value == value


@pytest.mark.parametrize(
    ("raw", "place", "digits", "value"),
    [
        ("D5F6F7", SignPlace.LEADING, False, -567),
        ("60F5F6", SignPlace.LEADING_SEPARATE, False, -56),
        ("F5F64E", SignPlace.TRAILING_SEPARATE, False, 56),
        ("353677", SignPlace.TRAILING, True, -567),
        ("2D3536", SignPlace.LEADING_SEPARATE, True, -56),
    ],
)
def test_a_sign_stands_where_the_layout_says(
    raw: str, place: SignPlace, digits: bool, value: int
) -> None:
    """Over the first digit, or in a byte of its own."""
    assert read_zoned(hexa(raw), place=place, ascii_digits=digits).value == value


@pytest.mark.parametrize(
    ("read", "byte"),
    [
        (read_packed(hexa("0A468C")), 0),
        (read_packed(hexa("02468A")), 2),
        (read_packed(hexa("024681")), 2),
        (read_packed(hexa("404040")), 2),
        (read_zoned(hexa("F5C6F7")), 1),
        (read_zoned(hexa("F540F7")), 1),
        (read_zoned(hexa("F5F6A7")), 2),
    ],
)
def test_a_bad_nibble_is_told_with_its_place_and_never_repaired(
    read: NumberReading, byte: int
) -> None:
    """No zero, no cut number."""
    assert read.value is None
    assert [(q.code, q.params) for q in read.quality] == [("BAD_NIBBLE", {"byte": byte})]


def test_what_means_that_nothing_was_entered_is_declared() -> None:
    """Blanks in a number are damage unless the profile says otherwise; blank is not zero."""
    rules = NumberRules(nulls=frozenset({b"\x40\x40\x40"}))
    assert [q.code for q in read_packed(b"\x40\x40\x40", rules).quality] == ["MISSING"]
    assert read_packed(b"\x40\x40\x40", rules).value is None
    assert read_packed(b"\x00\x00\x0c", rules).value == 0


def test_a_minus_where_none_may_be_is_refused() -> None:
    """An unsigned field of the layout."""
    rules = NumberRules(signed=False)
    assert [q.code for q in read_packed(hexa("1D"), rules).quality] == ["SIGN_REFUSED"]
    assert read_packed(hexa("1F"), rules).value == 1


def test_an_implied_point_moves_the_digits() -> None:
    """PIC 9(3)V99."""
    assert read_packed(hexa("12345C"), NumberRules(2)).value == Decimal("123.45")
    assert read_zoned(hexa("F1F2F3"), NumberRules(1)).value == Decimal("12.3")


def test_binary_numbers_are_of_their_byte_order() -> None:
    """Two's complement where a sign may be."""
    assert read_binary(hexa("FFFE")).value == -2
    assert read_binary(hexa("FFFE"), NumberRules(signed=False)).value == 65_534
    assert read_binary(hexa("0100"), little_endian=True).value == 1


@given(st.integers(-(10**9) + 1, 10**9 - 1), st.integers(0, 4))
def test_packed_numbers_are_read_back(number: int, scale: int) -> None:
    """What was written is read, with its point."""
    value = Decimal(number).scaleb(-scale)
    rules = NumberRules(scale)
    assert read_packed(packed(value, 5, rules), rules).value == value


@given(st.binary(max_size=6))
def test_no_bytes_make_a_reader_fail(raw: bytes) -> None:
    """A number or a finding."""
    for reading in (read_packed(raw), read_zoned(raw), read_zoned(raw, ascii_digits=True)):
        assert (reading.value is None) is bool(reading.quality)
