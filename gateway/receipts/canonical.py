"""One text for everything that says the same: forms, browsers and databases write values anew.

A date in era form, a figure with separators, a text in other width is the same value. Rule RC-2.
Unlike in the registers, Unicode's own equivalences count as the same here (NFKC): whatever a value
passes through on its way back may normalise it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final

from standard_models.answers import Absence, Answer, JsonScalar, UncertainDate
from standard_models.dictionary import DataItem, DataType
from standard_models.values.date_readings import DateOutcome
from standard_models.values.dates import (
    YEAR,
    arabic_key,
    parse_iso,
    parse_western_digits,
    parse_written,
    year_parts,
)
from standard_models.values.year_months import parse_year_month

_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DIGITS = re.compile(r"\d+", re.ASCII)
_YEAR = re.compile(rf"(?:西暦)?{YEAR}(?:年度?|年分)?", re.ASCII)
_NUMBER = re.compile(r"¥?([+-]?)¥?(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?円?", re.ASCII)
_POSTAL_CODE = re.compile(r"〒?(\d{3})[-‐‑–—―−ー]?(\d{4})", re.ASCII)
_MONTHS: Final = "年月"
_NAMES: Final = (_MONTHS, "郵便番号")
_LONGEST_DATE: Final = 40
_MINUS: Final = str.maketrans({"−": "-", "▲": "-", "△": "-", "－": "-"})


def canonical_answer(item: DataItem, answer: Answer) -> str:
    """Return the one text for an answer of ``item``; a value never has that of an absence."""
    if isinstance(answer, Absence):
        return canonical_absence(answer.reason.value, answer.uncertain)
    return canonical_item(item, answer.value)


def canonical_item(item: DataItem, value: JsonScalar) -> str:
    """Return the one text for a value of ``item``.

    Months and postal codes have no data type of their own in the lists: their names say what they
    are, and texts that are none stay texts.
    """
    if item.data_type is DataType.HALF_WIDTH and item.name.endswith(_NAMES):
        read = _month if item.name.endswith(_MONTHS) else _postal_code
        if (found := read(str(value))) is not None:
            return f"T{found}"
    return canonical_value(item.data_type, value)


def canonical_absence(reason: str, uncertain: UncertainDate | None) -> str:
    """Return the one text for the reason why there is no value."""
    if uncertain is None:
        return f"A{reason}"
    earliest = uncertain.earliest.isoformat() if uncertain.earliest else ""
    latest = uncertain.latest.isoformat() if uncertain.latest else ""
    stated = _text(uncertain.text)
    return f"A{reason}\x1f{uncertain.precision.value}\x1f{earliest}\x1f{latest}\x1f{stated}"


def canonical_value(data_type: DataType, value: JsonScalar) -> str:
    """Return the one text for a value of an item of this type.

    What cannot be read as the type is taken as a text: it differs from every value that can.
    """
    if isinstance(value, bool):
        return f"B{value}"
    text = value if isinstance(value, str) else repr(value)
    read = _READERS.get(data_type)
    if read is not None and (found := read(text)) is not None:
        return f"V{found}"
    return f"T{_text(text)}"


def _text(text: str) -> str:
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _date(text: str) -> str | None:
    if _ISO.fullmatch(text):
        return text
    if len(text) > _LONGEST_DATE:
        return None
    folded = _text(text)
    for reader in (parse_iso, parse_western_digits, parse_written):
        reading = reader(folded)
        if reading.outcome is DateOutcome.DAY and reading.day is not None:
            return reading.day.isoformat()
    return None


def _year(text: str) -> str | None:
    key = arabic_key(_text(text))
    found = _YEAR.fullmatch(key)
    if found is None:
        return None
    era, year = year_parts(found)
    return str(era.western_year(year) if era else year)


def _whole(text: str) -> str | None:
    if text.isascii() and _DIGITS.fullmatch(text):
        return text.lstrip("0") or "0"
    found = _decimal(text)
    return found if found is not None and "." not in found else None


def _decimal(text: str) -> str | None:
    found = _NUMBER.fullmatch(_text(text.translate(_MINUS)).replace(" ", ""))
    if found is None:
        return None
    try:
        number = Decimal(found[1] + found[2].replace(",", "") + (found[3] or ""))
    except InvalidOperation:
        return None
    plain = format(number.normalize(), "f")
    return "0" if plain == "-0" else plain


def _month(text: str) -> str | None:
    month = parse_year_month(text).month if len(text) <= _LONGEST_DATE else None
    return str(month) if month else None


def _postal_code(text: str) -> str | None:
    found = _POSTAL_CODE.fullmatch(_text(text).replace(" ", ""))
    return found[1] + found[2] if found else None


_READERS: Final[dict[DataType, Callable[[str], str | None]]] = {
    DataType.DATE: _date,
    DataType.YEAR: _year,
    DataType.INTEGER: _whole,
    DataType.SIGNED_INTEGER: _whole,
    DataType.DECIMAL: _decimal,
}
