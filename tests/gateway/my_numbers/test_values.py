"""Every way to write a My Number, and how it never shows itself."""

from __future__ import annotations

import copy
import pickle
import string
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from gateway.api.limits import headers_hold_number, holds_number, text_holds_number
from gateway.keys import SealingSecret
from gateway.my_numbers import NumberRow
from gateway.my_numbers.schemas import NumberQuery
from gateway.my_numbers.sealing import NumberSeal, Place, SealBroken
from standard_models.reference.check_digits import my_number_check
from standard_models.values.identifiers import MyNumber

WIDE = str.maketrans(string.digits, "０１２３４５６７８９")
DIGITS = st.from_regex(r"[0-9]{11}", fullmatch=True).map(lambda d: d + my_number_check(d))
SEPARATORS = st.sampled_from(["", " ", "-", "\u3000", "－", "\u2212", "\u2010", "ー"])
SECRET = SealingSecret(1, b"s" * 32)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """Return a number and one of the ways to write it."""
    digits, between = draw(DIGITS), draw(SEPARATORS)
    text = between.join((digits[:4], digits[4:8], digits[8:]))
    return digits, text.translate(WIDE) if draw(st.booleans()) else text


@given(written())
def test_every_notation_is_one_number(case: tuple[str, str]) -> None:
    """What a person may type is read, and what is read is found where it must not be."""
    digits, text = case
    assert NumberQuery.model_validate({"kojinbango": text}).kojinbango == MyNumber(digits)
    assert text_holds_number(text)
    assert text_holds_number(f"私の番号は{text}です")
    assert headers_hold_number([(b"x-note", text.encode())])
    assert holds_number(f"/v1/{text}", b"")


@given(DIGITS, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_refused_and_nothing_repeated(
    digits: str, place: int, shift: int
) -> None:
    """The check digit finds most; what it does not find is another number, never this one."""
    changed = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    if my_number_check(changed[:11]) == changed[11]:
        assert NumberQuery.model_validate({"kojinbango": changed}).kojinbango != MyNumber(digits)
        return
    with pytest.raises(ValidationError) as refused:
        NumberQuery.model_validate({"kojinbango": changed})
    assert changed not in str(refused.value)
    assert not text_holds_number(changed)


@given(DIGITS)
def test_a_number_prints_as_stars_wherever_it_stands(digits: str) -> None:
    """MN-3: in text, representation, format, in whatever holds it, and it is not pickled."""
    query = NumberQuery.model_validate({"kojinbango": digits})
    number = query.kojinbango
    shown = f"{number} {number!r} {number:>20} {query} {query!r} {[number]} {query.model_dump()}"
    assert digits not in shown
    assert "***" in shown
    row = NumberRow(2, "R1", number)
    assert digits not in f"{row} {vars(query)}"
    for taking_apart in (pickle.dumps, copy.deepcopy, asdict):
        with pytest.raises(TypeError):
            taking_apart(row)
    with pytest.raises(PydanticSerializationError) as refused:
        query.model_dump_json()
    assert digits not in str(refused.value)


@given(DIGITS, DIGITS)
def test_a_seal_opens_in_its_place_alone_and_a_digest_tells_numbers_apart(
    one: str, other: str
) -> None:
    """Bound to municipality, numbering and 宛名番号; neither holds the number."""
    seal, place = NumberSeal(SECRET), Place("999997", "resident", "R1")
    sealed = seal.seal(place, MyNumber(one))
    assert seal.unseal(place, sealed) == MyNumber(one)
    for elsewhere in (
        Place("999989", "resident", "R1"),
        Place("999997", "tax", "R1"),
        Place("999997", "resident", "R2"),
    ):
        with pytest.raises(SealBroken):
            seal.unseal(elsewhere, sealed)
    digest = seal.digest("999997", MyNumber(one))
    assert (digest == seal.digest("999997", MyNumber(other))) == (one == other)
    assert digest != seal.digest("999989", MyNumber(one))
    assert digest != NumberSeal(SealingSecret(2, b"s" * 32)).digest("999997", MyNumber(one))
    assert one.encode() not in sealed + digest
    assert "R1" not in repr(place)
