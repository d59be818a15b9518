"""Values of the standard as people read them on paper: one way, for every surface. Pure.

What is written follows from the item and its value alone, never from another item: who shows one
item and holds back another one gives nothing away by how the first is written.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from standard_models.answers import JsonScalar, Value
from standard_models.dictionary import DataItem, DataType
from standard_models.values.eras import GREGORIAN_SINCE
from standard_models.values.fiscal_years import FIRST, era_fiscal_year
from standard_models.values.money import display_money
from standard_models.values.wareki import display_date, western
from standard_models.values.year_months import YearMonth

_AMOUNT = re.compile(
    r"(額(合計|等)?|手数料|保育料|加算金|給付費|所得|価格)(_(前年.+|[^_]*月(以降)?))?$"
)
"""How names of amounts end. Prices of a square metre and points are left as they are."""
_WESTERN: Final = "在留期間"
_BIRTH = re.compile(r"(^|_)生年月日$")


def display_value(item: DataItem, value: Value) -> str:
    """Return a value for people: era dates, amounts with their unit, codes by their meaning.

    A code without a meaning is called one. What does not fit its item stands as it is.

    Source: resident specification 1.0, notation of dates on certificates and screens. A foreign
    resident's end of stay is Western alone, as is the birth date; but an item does not tell whose
    birth date it is, so that both calendars stand there.
    """
    if value.label:
        return value.label
    if item.codes and (meaning := item.codes.labels.get(str(value.value))):
        return meaning
    if item.code_id:
        return f"コード {value.value}"
    if item.check(value.value):
        return str(value.value)
    return _written(item, value.value)


def is_amount(item: DataItem) -> bool:
    """Tell whether an item is an amount in yen: a whole number whose name says so.

    The lists have no column of units. Values of the standard are whole yen (``values.money``).
    """
    whole = item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER}
    return whole and item.code_id is None and _AMOUNT.search(item.name) is not None


def display_moment(moment: dt.datetime) -> str:
    """Return day and minute of a moment in its time zone: ``令和8年10月1日 9時05分``."""
    return f"{display_date(moment.date())} {moment.hour}時{moment.minute:02d}分"


def _written(item: DataItem, value: JsonScalar) -> str:
    if isinstance(value, int):
        return display_money(value) if is_amount(item) else str(value)
    text = str(value)
    match item.data_type:
        case DataType.DATE:
            return _date(item, dt.date.fromisoformat(text))
        case DataType.YEAR:
            return _year(item, int(text))
        case DataType.TIME:
            return _time(dt.time.fromisoformat(text))
        case DataType.HALF_WIDTH if item.name.endswith("年月"):
            return _month(text)
    return text


def _date(item: DataItem, day: dt.date) -> str:
    if _WESTERN in item.name or day < GREGORIAN_SINCE:
        return western(day)
    both = _BIRTH.search(item.name) is not None
    return f"{display_date(day)}（{western(day)}）" if both else display_date(day)


def _year(item: DataItem, year: int) -> str:
    if not item.name.endswith("年度"):
        return f"{year}年"
    return era_fiscal_year(year) if year >= FIRST else f"{year}年度"


def _month(text: str) -> str:
    try:
        return YearMonth.from_json(text).wareki()
    except ValueError:
        return text


def _time(time: dt.time) -> str:
    seconds = f"{time.second:02d}秒" if time.second else ""
    return f"{time.hour}時{time.minute:02d}分{seconds}"
