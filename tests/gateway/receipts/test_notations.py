"""RC-2: a value in another notation is the same value; another value never is."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.receipts.canonical import canonical_absence, canonical_item, canonical_value
from standard_models.answers import DatePrecision, JsonScalar, UncertainDate
from standard_models.builtin import load_builtin
from standard_models.dictionary import DataItem, DataType
from standard_models.values.wareki import wareki

SAME: list[tuple[DataType, JsonScalar, JsonScalar]] = [
    (DataType.DATE, "2000-06-15", "平成12年6月15日"),
    (DataType.DATE, "2000-06-15", "平成１２年６月１５日"),
    (DataType.DATE, "2000-06-15", "平成十二年六月十五日"),
    (DataType.DATE, "2000-06-15", "H12.6.15"),
    (DataType.DATE, "2000-06-15", "Ｈ１２．６．１５"),
    (DataType.DATE, "2000-06-15", "20000615"),
    (DataType.DATE, "2000-06-15", "２０００年６月１５日"),
    (DataType.DATE, "2000-06-15", "2000/6/15"),
    (DataType.DATE, "2019-05-01", "令和元年5月1日"),
    (DataType.YEAR, "2026", "令和8年"),
    (DataType.YEAR, "2026", "令和８年度"),
    (DataType.YEAR, "2026", "２０２６"),
    (DataType.YEAR, "2026", 2026),
    (DataType.INTEGER, 1234567, "1,234,567"),
    (DataType.INTEGER, 1234567, "１，２３４，５６７円"),
    (DataType.INTEGER, 1234567, "¥1,234,567"),
    (DataType.INTEGER, 150000, "150000.0"),
    (DataType.INTEGER, 0, "０"),
    (DataType.SIGNED_INTEGER, -500, "△500"),
    (DataType.SIGNED_INTEGER, -500, "−500"),
    (DataType.DECIMAL, "12.50", "12.5"),
    (DataType.DECIMAL, "12.50", "１２．５０"),
    (DataType.FULL_WIDTH, "見本　花子", "見本 花子"),
    (DataType.FULL_WIDTH, "見本　花子", "見本　花子　"),
    (DataType.FULL_WIDTH, "ミホン　ハナコ", "ﾐﾎﾝ ﾊﾅｺ"),
    (DataType.FULL_WIDTH, "ガーデン１０１", "ｶﾞｰﾃﾞﾝ101"),
    (DataType.FULL_WIDTH, "か\u3099", "が"),
    (DataType.HALF_WIDTH, "0312345678", "０３１２３４５６７８"),
    (DataType.HALF_WIDTH, "1", 1),
    (DataType.TIME, "09:15", "０９：１５"),
]

OTHER: list[tuple[DataType, JsonScalar, JsonScalar]] = [
    (DataType.DATE, "2000-06-15", "平成12年6月16日"),
    (DataType.DATE, "2000-06-15", "平成12年6月"),
    (DataType.DATE, "2000-06-15", "昭和12年6月15日"),
    (DataType.YEAR, "2026", "平成8年"),
    (DataType.INTEGER, 1234567, "1,234,56"),
    (DataType.INTEGER, 150000, "15万円"),
    (DataType.INTEGER, 0, ""),
    (DataType.INTEGER, 1, True),
    (DataType.SIGNED_INTEGER, -500, "500"),
    (DataType.DECIMAL, "12.50", "125.0"),
    (DataType.FULL_WIDTH, "渡辺", "渡邉"),
    (DataType.FULL_WIDTH, "辻", "辻\U000e0100"),
    (DataType.FULL_WIDTH, "見本　花子", "見本花子"),
    (DataType.HALF_WIDTH, "01", "1"),
    (DataType.HALF_WIDTH, "1", "2"),
]


@pytest.mark.parametrize(("kind", "issued", "returned"), SAME)
def test_another_notation_is_the_same_value(
    kind: DataType, issued: JsonScalar, returned: JsonScalar
) -> None:
    """RC-2: the table of re-serialisations."""
    assert canonical_value(kind, issued) == canonical_value(kind, returned)


@pytest.mark.parametrize(("kind", "issued", "returned"), OTHER)
def test_another_value_is_another_value(
    kind: DataType, issued: JsonScalar, returned: JsonScalar
) -> None:
    """RC-2: however near it looks."""
    assert canonical_value(kind, issued) != canonical_value(kind, returned)


def _item(reference: str) -> DataItem:
    item = load_builtin().find_item(reference)
    assert item is not None
    return item


MONTH = "027.jukyushikakujoho.shikyukaishinengetsu"
POSTAL_CODE = "001.juminkihonjoho.jusho_yubinbango"


@pytest.mark.parametrize(
    ("reference", "issued", "returned"),
    [
        (MONTH, "2018-05", "平成30年5月"),
        (MONTH, "2018-05", "平成３０年５月"),
        (MONTH, "2018-05", "H30.5"),
        (MONTH, "2018-05", "2018年5月"),
        (MONTH, "2018-05", "2018/5"),
        (MONTH, "2018-05", 201805),
        (POSTAL_CODE, "9990101", "999-0101"),
        (POSTAL_CODE, "9990101", "〒９９９－０１０１"),
        (POSTAL_CODE, "9990101", "999−0101"),
        (POSTAL_CODE, "9990101", 9990101),
    ],
)
def test_months_and_postal_codes_are_the_same_in_every_notation(
    reference: str, issued: JsonScalar, returned: JsonScalar
) -> None:
    """RC-2: the lists have no type for them, and forms write them as people do."""
    item = _item(reference)
    assert canonical_item(item, issued) == canonical_item(item, returned)


@pytest.mark.parametrize(
    ("reference", "issued", "returned"),
    [
        (MONTH, "2018-05", "平成30年6月"),
        (MONTH, "2018-05", "2018-05-01"),
        (MONTH, "2018-05", "平成5年18月"),
        (POSTAL_CODE, "9990101", "99-90101"),
        (POSTAL_CODE, "9990101", "999-0102"),
        ("001.juminkihonjoho.idojiyu", "01", "1"),
    ],
)
def test_another_month_or_postal_code_is_another_value(
    reference: str, issued: JsonScalar, returned: JsonScalar
) -> None:
    """RC-2: however near it looks."""
    item = _item(reference)
    assert canonical_item(item, issued) != canonical_item(item, returned)


@pytest.mark.parametrize(("reference", "issued"), [(MONTH, "2018-05"), (POSTAL_CODE, "9990101")])
def test_the_digest_of_a_value_as_it_was_delivered_stays_what_it_was(
    reference: str, issued: str
) -> None:
    """Receipts that are out stay good."""
    item = _item(reference)
    assert canonical_item(item, issued) == canonical_value(item.data_type, issued) == f"T{issued}"


@given(st.dates(dt.date(1873, 1, 1), dt.date(2100, 12, 31)))
def test_every_day_is_the_same_in_its_era(day: dt.date) -> None:
    """RC-2: whatever the day."""
    assert canonical_value(DataType.DATE, wareki(day)) == f"V{day.isoformat()}"


@given(st.text(), st.sampled_from(DataType))
def test_no_value_looks_like_an_absence(text: str, kind: DataType) -> None:
    """RC-5: whatever somebody types."""
    assert canonical_value(kind, text)[0] in "TV"
    assert canonical_absence("not-recorded", None)[0] == "A"


def test_what_is_known_of_an_unknown_date_counts() -> None:
    """RC-5: a month more or less is another answer; its width is not."""
    day = dt.date(1972, 2, 1)
    month = UncertainDate(DatePrecision.MONTH, "昭和４７年２月　日不詳", day, None)
    folded = UncertainDate(DatePrecision.MONTH, "昭和47年2月 日不詳", day, None)
    year = UncertainDate(DatePrecision.YEAR, "昭和４７年　月日不詳", day, None)
    reason = "recorded-unknown"
    assert canonical_absence(reason, month) == canonical_absence(reason, folded)
    assert len({canonical_absence(reason, d) for d in (month, year, None)}) == 3
