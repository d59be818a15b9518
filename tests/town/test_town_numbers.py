"""Check digits of the numbers the town hands out."""

from __future__ import annotations

import itertools

import pytest

from examples.town.model.numbers import check_digit, checked_numbers


@pytest.mark.parametrize(
    ("serial", "digit"),
    [("00000004711", "2"), ("00000730518", "4"), ("00000000000", "0")],
)
def test_published_examples_have_their_check_digit(serial: str, digit: str) -> None:
    """000004711 ends in 2, 000730518 in 4: sums 53 and 106, remainders 9 and 7."""
    assert check_digit(serial) == digit


def test_a_serial_with_remainder_one_is_not_issued() -> None:
    """6 times 2 is 12, remainder 1: serial 6 has no number, so 5 is followed by 7."""
    assert check_digit("00000000006") is None
    numbers = list(itertools.islice(checked_numbers(5), 2))
    assert numbers == ["000000000051", "000000000078"]
