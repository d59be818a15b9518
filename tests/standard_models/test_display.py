"""Values on paper: golden texts, and that no text says another thing than its value."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standard_models.answers import JsonScalar, Value
from standard_models.builtin import load_builtin
from standard_models.dictionary import DataItem, DataType
from standard_models.display import display_moment, display_value, is_amount
from standard_models.values.dates import parse_written
from standard_models.values.fiscal_years import parse_fiscal_year
from standard_models.values.money import MoneyRules, MoneyUnit, parse_money
from standard_models.values.year_months import parse_year_month

TOKYO = dt.timezone(dt.timedelta(hours=9))
WHOLE = [DataType.INTEGER, DataType.SIGNED_INTEGER]


def named(name: str) -> DataItem:
    """Return an item of this Japanese name."""
    return next(i for e in load_builtin().installed for i in e.items if i.name == name)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("世帯設定年月日", "1989-01-07", "昭和64年1月7日"),
        ("世帯設定年月日", "1989-01-08", "平成元年1月8日"),
        ("世帯設定年月日", "2019-04-30", "平成31年4月30日"),
        ("世帯設定年月日", "2019-05-01", "令和元年5月1日"),
        ("世帯設定年月日", "2020-01-01", "令和2年1月1日"),
        ("世帯設定年月日", "1926-12-25", "昭和元年12月25日"),
        ("世帯設定年月日", "1926-12-24", "大正15年12月24日"),
        ("世帯設定年月日", "1873-01-01", "明治6年1月1日"),
        ("世帯設定年月日", "1872-12-31", "1872年12月31日"),
        ("生年月日", "1990-06-12", "平成2年6月12日（1990年6月12日）"),
        ("児童_生年月日", "2019-05-01", "令和元年5月1日（2019年5月1日）"),
        ("事件発生年月日", "2026-04-01", "令和8年4月1日"),
        ("在留期間満了年月日", "2028-03-31", "2028年3月31日"),
        ("支給開始年月", "2019-04", "平成31年4月"),
        ("支給開始年月", "2019-05", "令和元年5月"),
        ("支給開始年月", "2026-11", "令和8年11月"),
        ("支給開始年月", "202611", "202611"),
        ("課税年度", "2018", "平成30年度"),
        ("課税年度", "2019", "平成31年度"),
        ("課税年度", "2020", "令和2年度"),
        ("課税年度", "2026", "令和8年度"),
        ("課税年度", "1989", "平成元年度"),
        ("課税年度", "1885", "1885年度"),
        ("出生時刻", "09:30:00", "9時30分"),
        ("出生時刻", "00:05", "0時05分"),
        ("出生時刻", "23:59:01", "23時59分01秒"),
        ("年税額", 0, "0円"),
        ("年税額", 999, "999円"),
        ("年税額", 4_421_000, "4,421,000円"),
        ("給与_所得金額", -1_234_567, "▲1,234,567円"),
        ("扶養人数", 2, "2"),
        ("再建築費評点数", 12_300, "12300"),
        ("身長", "162.5", "162.5"),
        ("宛名番号", "000000047112", "000000047112"),
    ],
)
def test_values_are_written_as_on_certificates(name: str, value: JsonScalar, text: str) -> None:
    """Eras from their first day on, 元年, years of tax by their first day, yen with separators."""
    assert display_value(named(name), Value(value)) == text


def test_codes_are_shown_by_their_meaning() -> None:
    """By the label that came, else by the table; a code without either is called a code."""
    sex, own = named("世帯員_性別"), load_builtin().find_item_by_id("03100024")
    assert own is not None
    assert display_value(sex, Value("2", "女性")) == "女性"
    assert display_value(sex, Value("2")) == "女"
    assert display_value(sex, Value("8")) == "コード 8"
    assert display_value(own, Value("001")) == "コード 001"


@pytest.mark.parametrize("value", ["2026-02-30", "9999-12-31", "R8.4.1", ""])
def test_what_does_not_fit_its_item_stands_as_it_is(value: str) -> None:
    """Nothing is made up of it."""
    assert display_value(named("世帯設定年月日"), Value(value)) == value


def test_only_amounts_in_yen_have_the_unit() -> None:
    """Points and prices of a square metre are long numbers too; a monthly amount is a short one."""
    numbers = [
        i
        for e in load_builtin().installed
        for i in e.items
        if i.data_type in WHOLE and i.code_id is None
    ]
    assert {i.name for i in numbers if i.length >= 11 and not is_amount(i)} == {
        "再建築費評点数",
        "標準地単価",
        "路線価",
        "造成費単価",
        "適正な時価",
    }
    assert {i.name for i in numbers if i.length < 11 and is_amount(i)} == {"月額"}


def test_moments_are_written_to_the_minute() -> None:
    """Hours of a day of 24."""
    morning = dt.datetime(2026, 11, 30, 9, 30, tzinfo=TOKYO)
    midnight = dt.datetime(2019, 5, 1, 0, 5, tzinfo=TOKYO)
    assert display_moment(morning) == "令和8年11月30日 9時30分"
    assert display_moment(midnight) == "令和元年5月1日 0時05分"


@given(st.dates(min_value=dt.date(1873, 1, 1), max_value=dt.date(2100, 12, 31)))
def test_a_date_is_read_back_from_every_text(day: dt.date) -> None:
    """The era text, and the Western one beside it, are the day of the value and no other."""
    for name in ("世帯設定年月日", "生年月日", "在留期間満了年月日"):
        texts = re.split("[（）]", display_value(named(name), Value(day.isoformat())))
        assert {parse_written(text).day for text in texts if text} == {day}


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_an_amount_is_read_back_from_its_text(yen: int) -> None:
    """With its sign; zero is an amount."""
    text = display_value(named("給与_所得金額"), Value(yen))
    assert parse_money(text, MoneyRules(MoneyUnit.YEN)).yen == yen


@given(st.integers(1886, 2100), st.integers(1, 12))
def test_a_year_and_a_month_are_read_back_from_their_texts(year: int, month: int) -> None:
    """No year of tax and no month falls into another one."""
    assert parse_fiscal_year(display_value(named("課税年度"), Value(str(year)))).year == year
    stated = f"{year:04d}-{month:02d}"
    text = display_value(named("支給開始年月"), Value(stated))
    assert str(parse_year_month(text).month) == stated


def test_every_sample_of_the_lists_has_a_text() -> None:
    """No date, month, year, time or amount of the standard stays as it is stored."""
    for edition in load_builtin().installed:
        for item in edition.items:
            if not item.sample:
                continue
            stored = int(item.sample) if item.data_type in WHOLE else item.sample
            text = display_value(item, Value(stored))
            assert not re.fullmatch(r"\d{4}-\d\d(-\d\d)?|\d\d:\d\d(:\d\d)?", text), item.ref
            assert item.data_type is not DataType.YEAR or "度" in text
