"""A value fits its item or the finding says why; no finding repeats the value."""

from __future__ import annotations

from dataclasses import replace

import pytest

from standard_models.answers import Severity
from standard_models.builtin import load_builtin
from standard_models.dictionary import DataItem, DataType

IVS = "辻\U000e0101"


def item(ref: str) -> DataItem:
    found = load_builtin().find_item(ref)
    assert found is not None
    return found


def typed(data_type: DataType, length: int, fraction: int = 0) -> DataItem:
    base = item("010.kazeikihonjoho.nenzeigaku")
    return replace(base, data_type=data_type, length=length, fraction=fraction)


NAME = "001.juminkihonjoho.shimei"
TOWN = "031.jutogaishaatenakihonjoho.jusho_choaza"
NUMBER = "001.juminkihonjoho.atenabango"
SEX = "001.juminkihonjoho.seibetsu"
BIRTH = "001.juminkihonjoho.seinengappi"
FLAG = "031.jutogaishaatenakihonjoho.daihyoatenafuragu"
TIME = "031.jutogaishaatenakihonjoho.sosajikoku"


@pytest.mark.parametrize(
    ("ref", "value"),
    [
        (NAME, "架空　花子"),
        (NAME, "ＳＡＭＰＬＥ　ＡＤＡ"),
        (NAME, "一"),
        (NAME, "\ufa19𠮷髙"),
        (NAME, IVS * 100),
        (TOWN, "𠮷" * 18),
        (NUMBER, "000000047112"),
        (SEX, "0"),
        (BIRTH, "2000-02-29"),
        (FLAG, 0),
        (TIME, "09:00:00"),
        (TIME, "23:59"),
        ("010.kazeikihonjoho.kazeinendo", "2026"),
        ("010.kazeikihonjoho.nenzeigaku", 0),
        ("010.kazeikihonjoho.gokeishotokukingaku", -999_999_999_999),
    ],
)
def test_a_value_of_the_right_kind_fits(ref: str, value: object) -> None:
    """Length counts characters as people see them: a selector takes no place."""
    assert item(ref).check(value) == ()


@pytest.mark.parametrize(
    ("ref", "value", "code", "params"),
    [
        (NAME, "架空 花子", "WRONG_WIDTH", {"type": "N"}),
        (NAME, "ｶｸｳ", "WRONG_WIDTH", {"type": "N"}),
        (NAME, "", "EMPTY_VALUE", {}),
        (NAME, 5, "WRONG_TYPE", {"type": "N"}),
        (NAME, "架" * 101, "TOO_LONG", {"limit": 100}),
        (NAME, IVS * 101, "TOO_LONG", {"limit": 100}),
        (NAME, "架\ue000", "FORBIDDEN_CHARACTER", {"code_point": "U+E000"}),
        (NAME, "架\u202e", "FORBIDDEN_CHARACTER", {"code_point": "U+202E"}),
        (NUMBER, "４７１１２", "WRONG_WIDTH", {"type": "X"}),
        (NUMBER, "1" * 16, "TOO_LONG", {"limit": 15}),
        (NUMBER, 47112, "WRONG_TYPE", {"type": "X"}),
        (SEX, "9", "CODE_NOT_IN_TABLE", {"code_id": "1"}),
        (FLAG, 2, "CODE_NOT_IN_TABLE", {"code_id": "2"}),
        (FLAG, "0", "WRONG_TYPE", {"type": "9"}),
        (FLAG, True, "WRONG_TYPE", {"type": "9"}),
        (BIRTH, "2001-02-29", "NOT_CALENDAR_DAY", {}),
        (BIRTH, "2001-2-9", "WRONG_TYPE", {"type": "DATE"}),
        (BIRTH, "9999-12-31", "OPEN_END_IS_NO_DATE", {}),
        (BIRTH, "0000-01-01", "OPEN_END_IS_NO_DATE", {}),
        (BIRTH, "2000-00-00", "DATE_PART_UNKNOWN", {"part": "month"}),
        (TIME, "24:00:00", "WRONG_TYPE", {"type": "TIME"}),
        (TIME, "9:00", "WRONG_TYPE", {"type": "TIME"}),
        ("010.kazeikihonjoho.kazeinendo", "R08", "WRONG_TYPE", {"type": "YEAR"}),
        ("010.kazeikihonjoho.kazeinendo", "9999", "OPEN_END_IS_NO_DATE", {}),
        ("010.kazeikihonjoho.fuyoninzu", 100, "NUMBER_OUT_OF_BOUNDS", {"digits": 2}),
        ("010.kazeikihonjoho.fuyoninzu", -1, "NUMBER_OUT_OF_BOUNDS", {"digits": 2}),
        ("010.kazeikihonjoho.gokeishotokukingaku", 10**12, "NUMBER_OUT_OF_BOUNDS", {"digits": 12}),
        ("010.kazeikihonjoho.gokeishotokukingaku", 1.5, "WRONG_TYPE", {"type": "S9"}),
    ],
)
def test_a_value_that_does_not_fit_is_an_error_that_names_the_rule(
    ref: str, value: object, code: str, params: dict[str, str | int]
) -> None:
    """The finding carries the rule and never the value."""
    assert [(q.code, q.severity, dict(q.params)) for q in item(ref).check(value)] == [
        (code, Severity.ERROR, params)
    ]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("123.45", None),
        ("0", None),
        ("1234", "NUMBER_OUT_OF_BOUNDS"),
        ("1.234", "NUMBER_OUT_OF_BOUNDS"),
        ("-1", "WRONG_TYPE"),
        ("1.", "WRONG_TYPE"),
        (1.5, "WRONG_TYPE"),
    ],
)
def test_a_decimal_is_text_with_bounded_digits(value: object, code: str | None) -> None:
    """9V 3,2: at most three digits before the point and two after, not negative."""
    found = typed(DataType.DECIMAL, 3, 2).check(value)
    assert [q.code for q in found] == ([code] if code else [])


@pytest.mark.parametrize(("value", "fits"), [("aGl0b3RzdQ==", True), ("", False), ("＊", False)])
def test_an_image_is_base64_text(value: str, fits: bool) -> None:
    """BLOB travels as base64."""
    assert (typed(DataType.BLOB, 0).check(value) == ()) == fits


def test_every_data_type_of_the_standard_has_a_check() -> None:
    """No data type is waved through."""
    for data_type in DataType:
        assert typed(data_type, 1).check(object()) != ()
