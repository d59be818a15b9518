"""Amounts of money and decimal numbers, as the standard models read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from adapters.mapping import conversions
from adapters.mapping.contents import content_reader
from adapters.mapping.model import ItemRule
from standard_models.answers import Absence, AbsenceReason, Answer, Value
from standard_models.builtin import load_builtin

DICTIONARY = load_builtin()


def convert(ref: str, raw: Any, **rule: Any) -> Answer:
    item = DICTIONARY.find_item(ref)
    assert item is not None
    own = ItemRule.model_validate({"field": "f", **rule})
    content = conversions.content_of(item, own, None)
    assert content is not None
    reader = conversions.field(item, own, content_reader(own, {}), content)
    return reader({"f": raw})


INCOME = "010.kazeikihonjoho.gokeishotokukingaku"


@pytest.mark.parametrize(
    ("raw", "yen"),
    [
        ("▲3,450", -3_450_000),
        ("△ 3450", -3_450_000),
        ("－３４５０", -3_450_000),
        ("3450-", -3_450_000),
        ("0", 0),
        (3450, 3_450_000),
        (-1, -1_000),
        (Decimal("12"), 12_000),
        (12.0, 12_000),
    ],
)
def test_an_amount_is_read_in_every_writing_and_delivered_in_yen(raw: Any, yen: int) -> None:
    """The unit comes from the mapping alone."""
    answer = convert(INCOME, raw, amount={"unit": "thousand-yen"})
    assert isinstance(answer, Value)
    assert answer.value == yen


@pytest.mark.parametrize(
    ("raw", "reason", "codes"),
    [
        (None, AbsenceReason.NOT_RECORDED, []),
        ("   ", AbsenceReason.NOT_RECORDED, []),
        ("***", AbsenceReason.NOT_RECORDED, ["MISSING"]),
        ("3,45", AbsenceReason.LOST_IN_MAPPING, ["AMOUNT_AMBIGUOUS"]),
        ("(345)", AbsenceReason.LOST_IN_MAPPING, ["AMOUNT_AMBIGUOUS"]),
        ("345円", AbsenceReason.LOST_IN_MAPPING, ["AMOUNT_UNIT_CONFLICT"]),
        ("12.5", AbsenceReason.LOST_IN_MAPPING, ["AMOUNT_NOT_WHOLE"]),
        (12.5, AbsenceReason.LOST_IN_MAPPING, ["AMOUNT_NOT_WHOLE"]),
        (True, AbsenceReason.LOST_IN_MAPPING, ["NOT_A_NUMBER"]),
        (float("nan"), AbsenceReason.LOST_IN_MAPPING, ["NOT_A_NUMBER"]),
    ],
)
def test_what_is_no_certain_amount_is_never_zero(
    raw: Any, reason: AbsenceReason, codes: list[str]
) -> None:
    """Blank and placeholder are not recorded; what could be two amounts is lost, with its cause."""
    rule = {"unit": "thousand-yen", "placeholders": ["***"]}
    answer = convert(INCOME, raw, amount=rule)
    assert isinstance(answer, Absence)
    assert (answer.reason, [q.code for q in answer.quality]) == (reason, codes)
    assert all(q.params["item_id"] == "010P0011" for q in answer.quality)


def test_fractions_and_brackets_are_read_where_they_are_declared() -> None:
    """12.5 thousand are 12,500 yen."""
    rule = {"unit": "thousand-yen", "fractions": True, "brackets_negative": True}
    for raw, yen in (("12.5", 12_500), (12.5, 12_500), ("(3,450)", -3_450_000)):
        answer = convert(INCOME, raw, amount=rule)
        assert isinstance(answer, Value)
        assert answer.value == yen


AREA = "012.tochijoho.genkyochiseki"


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        ("132.23", "132.23"),
        (132.23, "132.23"),
        (Decimal("132.20"), "132.20"),
        (132, "132"),
        (0.1, "0.1"),
    ],
)
def test_a_decimal_keeps_the_digits_of_its_source(raw: Any, written: str) -> None:
    """Numbers of JSON and SQL as well as texts: no rounding on the way."""
    answer = convert(AREA, raw)
    assert isinstance(answer, Value)
    assert answer.value == written


@pytest.mark.parametrize("raw", [True, [1], float("inf"), "1e3", "132.234", -1])
def test_what_is_no_such_decimal_is_lost(raw: Any) -> None:
    """Two decimals, no sign, no exponent."""
    answer = convert(AREA, raw)
    assert isinstance(answer, Absence)
    assert answer.reason is AbsenceReason.LOST_IN_MAPPING
