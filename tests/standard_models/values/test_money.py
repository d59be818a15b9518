"""Amounts: whole yen, no guess, and a blank that is never zero."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.values.money import (
    MoneyRules,
    MoneyUnit,
    Rounding,
    display_money,
    parse_money,
    round_yen,
)

YEN = MoneyRules(MoneyUnit.YEN)
AMOUNTS = st.integers(-(10**11), 10**11)


@given(AMOUNTS, st.booleans())
def test_what_is_shown_is_read_back(yen: int, full_width: bool) -> None:
    """Display and reading are inverse, half- and full-width."""
    assert parse_money(display_money(yen, full_width=full_width), YEN).yen == yen


@given(st.text(max_size=12))
def test_no_text_makes_the_reader_fail_and_only_digits_make_an_amount(text: str) -> None:
    """Anything at all may stand in a field."""
    found = parse_money(text, YEN)
    assert (found.yen is None) == bool(found.quality)
    if found.yen is not None:
        assert any(c.isdecimal() for c in text)


@given(AMOUNTS, st.sampled_from([1, 10, 100, 1_000, 10_000]), st.sampled_from(Rounding))
def test_rounding_stays_within_a_step_and_is_stable(
    yen: int, step: int, rounding: Rounding
) -> None:
    """A rounded amount is a multiple of the step, near, and rounds to itself."""
    rounded = round_yen(yen, step, rounding)
    assert rounded % step == 0
    assert abs(rounded - yen) < step
    assert round_yen(rounded, step, rounding) == rounded
    assert round_yen(-yen, step, rounding) == -rounded


def test_a_step_is_at_least_one_yen() -> None:
    """Zero would divide by zero."""
    with pytest.raises(ValueError, match="at least one yen"):
        round_yen(1, 0, Rounding.DOWN)
