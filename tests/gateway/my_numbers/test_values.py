"""Every way to write a My Number, and how it never shows itself."""

from __future__ import annotations

import copy
import itertools
import pickle
import string
import unicodedata
from dataclasses import asdict
from ipaddress import IPv4Address
from urllib.parse import quote

import pytest
from hypothesis import assume, given
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


BETWEEN = st.text("-_. \u00a0\u3000\u00b7\u2010\u2013\u2015\u2022\u2212・ー－＿．", max_size=2)
BESIDE = st.sampled_from(
    ["", "a=", "番号", "1 ", "9999 ", "12-34-", "x/", "10.0.0.1 ", "2026-11-30 "]
)
INVISIBLE = st.sampled_from(["", "\u00ad", "\u200b", "\u2060", "\ufeff"])
OCTETS = st.integers(0, 255)
IPV4 = st.tuples(OCTETS, OCTETS, OCTETS, OCTETS).map(lambda four: ".".join(map(str, four)))


@st.composite
def taken_apart(draw: st.DrawFn) -> str:
    """Return a number with anything that may separate between any of its digits."""
    digits = draw(DIGITS)
    gaps = draw(st.lists(st.tuples(BETWEEN, INVISIBLE), min_size=11, max_size=11))
    gaps = (
        gaps if draw(st.booleans()) else [gaps[0] if n in {3, 7} else ("", "") for n in range(11)]
    )
    text = digits[0] + "".join(
        f"{a}{b}{digit}" for (a, b), digit in zip(gaps, digits[1:], strict=True)
    )
    return text.translate(WIDE) if draw(st.booleans()) else text


def is_ipv4(text: str) -> bool:
    """Tell whether a text is a network address as people write it."""
    try:
        return str(IPv4Address(unicodedata.normalize("NFKC", text))) == text
    except ValueError:
        return False


@given(
    taken_apart(),
    BESIDE,
    st.sampled_from(["", " ", "&b=1", "号", " 9999", "-1"]),
    st.integers(0, 2),
)
def test_no_separator_and_no_neighbour_hides_a_number(
    text: str, before: str, after: str, quoted: int
) -> None:
    """MN-2: in a path, a query or a header, percent-encoded or not, behind and before digits."""
    assume(not is_ipv4(text))
    whole = f"{before}{text}{after}"
    assert text_holds_number(whole)
    assert headers_hold_number([(b"x-note", whole.encode())])
    query = whole
    for _ in range(quoted + 1):
        query = quote(query)
    assert holds_number("/v1/x", f"q={query}".encode())
    assert holds_number(f"/v1/{quote(whole)}", b"")


@given(st.from_regex(r"[0-9]{12}", fullmatch=True), st.sampled_from(["", "-", " ", "・", "."]))
def test_an_address_holds_no_twelve_digits_as_people_write_them(digits: str, between: str) -> None:
    """MN-2: a number with one wrong digit is somebody's all the same."""
    text = between.join((digits[:4], digits[4:8], digits[8:]))
    assert holds_number("/v1/x", f"q={quote(text)}".encode())
    assert holds_number(f"/v1/{quote(text)}", b"")


@given(
    IPV4, st.sampled_from(["{}", "a={}&b=1", "{}:8080", "{}, 10.20.30.40", "for={};proto=https"])
)
def test_a_network_address_is_no_number(address: str, written: str) -> None:
    """Also where its digits happen to have the check digit of a number."""
    text = written.format(address)
    assert not holds_number("/v1/x", f"q={text}".encode())
    assert not headers_hold_number([(b"x-forwarded-for", text.encode())])
    assert not holds_number(f"/v1/{quote(text)}", b"")


@given(DIGITS, st.integers(1, 8), BETWEEN.filter(bool))
def test_digits_beside_a_network_address_belong_to_one_number(
    digits: str, first: int, between: str
) -> None:
    """A number whose end has the look of an address is a number."""
    end = digits[first:]
    cut = [0, *sorted({1 + n * (len(end) - 1) // 4 for n in range(1, 4)}), len(end)]
    octets = [end[a:b] for a, b in itertools.pairwise(cut)]
    text = digits[:first] + between + ".".join(octets)
    assert holds_number("/v1/x", f"q={quote(text)}".encode())
    assert headers_hold_number([(b"x-note", text.encode())])


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
