"""The fields of a group's model: proved clean natively where that can be done, else checked.

The law is ``DataItem.check``. A native constraint stands before it only where whatever it accepts
is certain to pass the check; what it does not accept goes to the check, which decides.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from standard_models.dictionary import DataItem, DataType

RULE_BROKEN: Final = "standard_item"
"""Type of the error that names quality codes."""

_NUMBERS: Final = frozenset({DataType.INTEGER, DataType.SIGNED_INTEGER})
_HALF_WIDTH: Final = "^[ -~¥‾｡-ﾟ]+$"
_FULL_WIDTH: Final = "^[\u3000-\u303f\u3041-\u30ff\u4e00-\u9fff\uff01-\uff5e○]+$"
"""Kana, common kanji, full-width signs: one code point each, and never a control character."""
_TEXTS: Final = frozenset({DataType.HALF_WIDTH, DataType.FULL_WIDTH})
_PATTERNS: Final = {
    DataType.HALF_WIDTH: _HALF_WIDTH,
    DataType.FULL_WIDTH: _FULL_WIDTH,
    DataType.YEAR: "^[12][0-9]{3}$",
    DataType.TIME: "^(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?$",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Annotation of a field that holds what ``item`` allows.

    The message of a refused value names the quality codes and nothing of the value.
    """

    item: DataItem

    def __get_pydantic_core_schema__(
        self, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return the native schema with the check behind it."""
        exact = core_schema.no_info_after_validator_function(
            _check(self.item), _plain(self.item.data_type)
        )
        native = _native(self.item)
        if native is None:
            return exact
        return core_schema.union_schema([native, exact], mode="left_to_right")

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return the JSON type alone; the rest of the rule stands in the ``x-`` entries."""
        return handler(_plain(self.item.data_type))


def _plain(data_type: DataType) -> CoreSchema:
    if data_type in _NUMBERS:
        return core_schema.int_schema(strict=True)
    if data_type is DataType.DATE:
        return core_schema.date_schema(strict=True)
    return core_schema.str_schema(strict=True)


def _check(item: DataItem) -> Any:
    def check(value: Any) -> Any:
        given = value.isoformat() if isinstance(value, dt.date) else value
        if found := item.check(given):
            codes = ", ".join(quality.code for quality in found)
            raise PydanticCustomError(RULE_BROKEN, "{codes}", {"codes": codes})
        return value

    return check


def _native(item: DataItem) -> CoreSchema | None:
    """Return what proves a value clean without a call of Python, None where nothing does."""
    if item.codes is not None:
        return _codes(item)
    if item.data_type is DataType.DATE:
        return core_schema.date_schema(strict=True, lt=dt.date(9999, 12, 31))
    if item.data_type in _NUMBERS:
        bound = 10**item.length
        lowest = 0 if item.data_type is DataType.INTEGER else 1 - bound
        return core_schema.int_schema(strict=True, ge=lowest, lt=bound)
    pattern = _pattern(item)
    limit = item.length if item.data_type in _TEXTS else None
    if pattern is None:
        return None
    return core_schema.str_schema(strict=True, pattern=pattern, max_length=limit)


def _pattern(item: DataItem) -> str | None:
    if item.data_type is DataType.DECIMAL:
        fraction = f"(?:\\.[0-9]{{1,{item.fraction}}})?" if item.fraction else ""
        return f"^[0-9]{{1,{item.length}}}{fraction}$"
    return _PATTERNS.get(item.data_type)


def _codes(item: DataItem) -> CoreSchema | None:
    """Return the values of the code table that are values of the item.

    Numbers are left to the check: a literal 1 would accept true.
    """
    if item.codes is None or item.data_type in _NUMBERS:
        return None
    clean = [value for value in item.codes.labels if not item.check(value)]
    return core_schema.literal_schema(clean) if clean else None
