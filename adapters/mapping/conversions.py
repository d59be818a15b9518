"""One field to one item: the closures that a row plan is made of.

Each returns a value or a typed absence; none guesses, none drops, none raises for what a source
can contain. Findings name rules and positions, never contents.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from adapters.mapping.model import (
    Amount,
    AmountUnit,
    Condition,
    Default,
    ItemRule,
)
from standard_models.answers import (
    Absence,
    AbsenceReason,
    Answer,
    JsonScalar,
    Quality,
    Severity,
    Value,
)
from standard_models.checks import CHECKS
from standard_models.dictionary import DataItem, DataType
from standard_models.values.fiscal_years import parse_fiscal_year
from standard_models.values.money import MoneyRules, MoneyUnit, parse_money
from standard_models.values.text import PADDING, trim_padding
from standard_models.values.year_months import parse_year_month

Row = dict[str, Any]
"""A flat record, made for one conversion; a plan may keep what it has read in it."""
Convert = Callable[[Row], Answer]


class Check(Protocol):
    """From a value, and what was seen while it was made, to the answer."""

    def __call__(self, value: JsonScalar, quality: tuple[Quality, ...] = ()) -> Answer:
        """Return the value if it may stand in the item, else the absence that says why not."""
        ...


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What stands in a record where a field has content that could not be read, with the cause.

    It is never taken for a field that is empty: the item is lost, not unrecorded.
    """

    quality: tuple[Quality, ...]


REPLACEMENT = "\ufffd"
"""Stands where somebody before us could not decode a character; which one it was, nobody knows."""

_INTEGER = re.compile(r"-?\d+", re.ASCII)
_UNITS = {
    AmountUnit.YEN: MoneyUnit.YEN,
    AmountUnit.THOUSAND_YEN: MoneyUnit.THOUSAND_YEN,
    AmountUnit.MILLION_YEN: MoneyUnit.MILLION_YEN,
}


def lost(*quality: Quality) -> Absence:
    """Return the absence of an item whose field could not be converted."""
    return Absence(AbsenceReason.LOST_IN_MAPPING, quality)


def finding(item: DataItem, code: str, severity: Severity, **params: str | int) -> Quality:
    """Return a finding about ``item``."""
    return Quality(code, severity, {"item_id": item.item_id, **params})


def about(item: DataItem, seen: tuple[Quality, ...]) -> tuple[Quality, ...]:
    """Return findings of a value as findings about ``item``."""
    return tuple(Quality(q.code, q.severity, {"item_id": item.item_id, **q.params}) for q in seen)


def checked(item: DataItem, value: JsonScalar, quality: tuple[Quality, ...] = ()) -> Answer:
    """Return ``value`` if it may stand in ``item``, else the absence that says why not."""
    return checker(item)(value, quality)


def checker(item: DataItem) -> Check:
    """Return ``checked`` of one item, which is looked at once."""
    fits, length, fraction = CHECKS[item.data_type], item.length, item.fraction
    if item.codes is None:

        def plain(value: JsonScalar, quality: tuple[Quality, ...] = ()) -> Answer:
            if broken := fits(value, length, fraction):
                return lost(*quality, *broken)
            return Value(value, None, quality)

        return plain
    labels = item.codes.labels

    def coded(value: JsonScalar, quality: tuple[Quality, ...] = ()) -> Answer:
        if broken := item.check(value):
            return lost(*quality, *broken)
        return Value(value, labels.get(str(value)), quality)

    return coded


def constant(item: DataItem, value: JsonScalar) -> Convert:
    """Return a conversion that always gives ``value``."""
    answer = checked(item, value)
    return lambda _row: answer


def absent(reason: AbsenceReason) -> Convert:
    """Return a conversion that always gives this absence."""
    answer = Absence(reason)
    return lambda _row: answer


def field(
    item: DataItem,
    rule: ItemRule,
    read: Callable[[Row], Any],
    content: Callable[[Any], Answer],
) -> Convert:
    """Return the conversion of a rule: ``read`` takes the content, ``content`` makes the answer."""
    blank = Absence(rule.blank)
    path = rule.whole_field or ""

    def convert_whole(row: Row) -> Answer:
        raw = row[path]
        if type(raw) is str:
            text = raw.rstrip(PADDING)
            return content(text) if text else blank
        return convert(row)

    def convert(row: Row) -> Answer:
        raw = read(row)
        if isinstance(raw, Unreadable):
            return lost(*about(item, raw.quality))
        return blank if raw is None else content(raw)

    return convert_whole if path else convert


def applies_when(condition: Condition, convert: Convert) -> Convert:
    """Return ``convert`` for records that fulfil the condition, ``not-applicable`` for others."""
    holds = condition_of(condition)
    not_applicable = Absence(AbsenceReason.NOT_APPLICABLE)
    return lambda row: convert(row) if holds(row) else not_applicable


def with_default(item: DataItem, default: Default, convert: Convert) -> Convert:
    """Return ``convert`` with a declared value in the place of ``not-recorded``."""
    quality = (finding(item, "DEFAULTED", Severity.INFORMATION),)
    answer = checked(item, default.value, quality)

    def defaulted(row: Row) -> Answer:
        result = convert(row)
        if isinstance(result, Absence) and result.reason is AbsenceReason.NOT_RECORDED:
            return answer
        return result

    return defaulted


def condition_of(condition: Condition) -> Callable[[Row], bool]:
    """Return a test of a record. Padding at the right of a text does not count."""
    among = frozenset(map(str, condition.among))
    excluded = frozenset(map(str, condition.not_among))

    def holds(row: Row) -> bool:
        found = plain_text(row[condition.field])
        return (not among or found in among) and found not in excluded

    return holds


def plain_text(raw: Any) -> str:
    """Return a field as text without padding: numbers and booleans as JSON has them."""
    if type(raw) is str:
        return trim_padding(raw) or ""
    if raw is None or isinstance(raw, Unreadable):
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    return trim_padding(str(raw)) or ""


def content_of(
    item: DataItem, rule: ItemRule, codes: Mapping[str, str | None] | None
) -> Callable[[Any], Answer] | None:
    """Return how a code, a year, an amount or a number is read; None where the rule is a text."""
    if codes is not None:
        return _coded(item, codes)
    if rule.fiscal_year:
        return _fiscal_year(item)
    if rule.year_month:
        return _year_month(item)
    if rule.amount:
        return _amount(item, rule.amount, Absence(rule.blank))
    number = _NUMBERS.get(item.data_type)
    return number(item) if number is not None else None


def _coded(item: DataItem, codes: Mapping[str, str | None]) -> Callable[[Any], Answer]:
    unmapped = lost(finding(item, "UNMAPPED_CODE", Severity.WARNING))
    number = item.data_type in {DataType.INTEGER, DataType.SIGNED_INTEGER}
    answers = {
        code: unmapped if to is None else checked(item, int(to) if number else to)
        for code, to in codes.items()
    }

    def convert(raw: Any) -> Answer:
        # Mostly a text without padding, which is the code as it stands.
        known = answers.get(raw) if type(raw) is str else None
        return answers.get(plain_text(raw), unmapped) if known is None else known

    return convert


def _fiscal_year(item: DataItem) -> Callable[[Any], Answer]:
    check = checker(item)

    def convert(raw: Any) -> Answer:
        reading = parse_fiscal_year(str(raw))
        if reading.year is None:
            return lost(*reading.quality)
        return check(f"{reading.year:04d}", reading.quality)

    return convert


def _year_month(item: DataItem) -> Callable[[Any], Answer]:
    def convert(raw: Any) -> Answer:
        reading = parse_year_month(plain_text(raw))
        seen = about(item, reading.quality)
        return lost(*seen) if reading.month is None else checked(item, str(reading.month), seen)

    return convert


def _amount(item: DataItem, amount: Amount, blank: Absence) -> Callable[[Any], Answer]:
    unit = _UNITS[amount.unit]
    rules = MoneyRules(
        unit, frozenset(amount.placeholders), amount.brackets_negative, amount.fractions
    )
    wrong = lost(finding(item, "NOT_A_NUMBER", Severity.ERROR))
    check = checker(item)

    def convert(raw: Any) -> Answer:
        if (whole := _whole(raw)) is not None:
            return check(whole * unit)
        written = raw if isinstance(raw, str) else _decimal_text(raw)
        if written is None:
            return wrong
        reading = parse_money(written, rules)
        if reading.yen is not None:
            return check(reading.yen)
        seen = about(item, reading.quality)
        missing = any(q.code == "MISSING" for q in reading.quality)
        return Absence(blank.reason, seen) if missing else lost(*seen)

    return convert


def _whole(raw: Any) -> int | None:
    """Return a number of JSON or SQL that is an integer, None for anything else."""
    if isinstance(raw, float):
        return int(raw) if raw.is_integer() else None
    return None if isinstance(raw, str) else _integer(raw)


def _number(item: DataItem) -> Callable[[Any], Answer]:
    wrong = lost(finding(item, "NOT_A_NUMBER", Severity.ERROR))
    check = checker(item)

    def convert(raw: Any) -> Answer:
        number = _integer(raw)
        return wrong if number is None else check(number)

    return convert


def _decimal(item: DataItem) -> Callable[[Any], Answer]:
    wrong = lost(finding(item, "NOT_A_NUMBER", Severity.ERROR))

    def convert(raw: Any) -> Answer:
        written = raw if isinstance(raw, str) else _decimal_text(raw)
        return wrong if written is None else checked(item, written)

    return convert


_NUMBERS = {
    DataType.INTEGER: _number,
    DataType.SIGNED_INTEGER: _number,
    DataType.DECIMAL: _decimal,
}


def _decimal_text(raw: Any) -> str | None:
    """Return a number of JSON or SQL as its digits, None for anything else."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        return None
    number = Decimal(repr(raw) if isinstance(raw, float) else raw)
    if not number.is_finite():
        return None
    return f"{number:f}"


def _integer(raw: Any) -> int | None:
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, Decimal):
        return int(raw) if raw == raw.to_integral_value() else None
    if isinstance(raw, str) and _INTEGER.fullmatch(raw):
        return int(raw)
    return None
