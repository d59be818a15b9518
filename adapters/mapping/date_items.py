"""A date of a record, read once, and the items made of it: the date, its flag and its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from adapters.mapping.conversions import (
    REPLACEMENT,
    Convert,
    Row,
    Unreadable,
    checked,
    finding,
    lost,
    plain_text,
)
from adapters.mapping.model import DateFormat, DateRule
from standard_models.answers import Absence, AbsenceReason, Answer, Severity, Value
from standard_models.dictionary import DataItem
from standard_models.values.date_readings import unreadable
from standard_models.values.dates import (
    CenturyWindow,
    DateOutcome,
    DateReading,
    DateRules,
    EraProfile,
    NullMeaning,
    parse_era_digits,
    parse_ordinal_digits,
    parse_short_western_digits,
    parse_western_digits,
    parse_written,
)
from standard_models.values.unknown_dates import parse_sentence

ReadDate = Callable[[Row], DateReading]


def date_reader(name: str, rule: DateRule) -> ReadDate:
    """Return a function from a record to the reading of its date ``name``.

    Where the source has a text beside the digits, the text is what is recorded. The date, its flag
    and its text share one reading, which is kept in the record.
    """
    rules = DateRules(
        blank=NullMeaning(rule.blank),
        zeros=NullMeaning(rule.zeros),
        nines=NullMeaning(rule.nines),
        parts_unknown=rule.parts_unknown,
        non_calendar_days=rule.non_calendar_days,
        century=CenturyWindow(rule.century_from) if rule.century_from else None,
    )
    parse = _parser(rule.format, rules, rule.eras)
    path, text_path = rule.field, rule.text_field
    slot = f"date {name}"

    def read(row: Row) -> DateReading:
        kept: DateReading | None = row.get(slot)
        if kept is None:
            kept = row[slot] = _read(parse, row[path], row[text_path] if text_path else None)
        return kept

    return read


def date_item(item: DataItem, read: ReadDate) -> Convert:
    """Return the conversion of the DATE item."""

    def convert(row: Row) -> Answer:
        reading = read(row)
        if reading.day is not None:
            return Value(reading.day.isoformat(), None, reading.quality)
        if reading.uncertain is not None:
            if not item.allows_unknown_date:
                refused = finding(item, "UNKNOWN_DATE_NOT_ALLOWED", Severity.ERROR)
                return lost(*reading.quality, refused)
            return Absence(AbsenceReason.RECORDED_UNKNOWN, reading.quality, reading.uncertain)
        if reading.outcome is DateOutcome.UNREADABLE:
            return lost(*reading.quality)
        return Absence(AbsenceReason.NOT_RECORDED, reading.quality)

    return convert


def flag_item(item: DataItem, read: ReadDate) -> Convert:
    """Return the conversion of the flag beside a date: 1 unknown, 0 not unknown."""
    known, unknown = checked(item, "0"), checked(item, "1")

    def convert(row: Row) -> Answer:
        reading = read(row)
        if reading.outcome is DateOutcome.UNREADABLE:
            return lost(*reading.quality)
        return unknown if reading.uncertain is not None else known

    return convert


def text_item(item: DataItem, read: ReadDate) -> Convert:
    """Return the conversion of the text beside a date: what the register says of an unknown one."""
    not_applicable = Absence(AbsenceReason.NOT_APPLICABLE)

    def convert(row: Row) -> Answer:
        reading = read(row)
        if reading.uncertain is not None:
            return checked(item, reading.uncertain.text)
        if reading.outcome is DateOutcome.UNREADABLE:
            return lost(*reading.quality)
        return not_applicable

    return convert


def _parser(
    format_: DateFormat, rules: DateRules, eras: Mapping[str, str]
) -> Callable[[str], DateReading]:
    match format_:
        case DateFormat.ERA_DIGITS:
            profile = EraProfile(eras, rules)
            return lambda raw: parse_era_digits(raw, profile)
        case DateFormat.WESTERN_DIGITS:
            return lambda raw: parse_western_digits(raw, rules)
        case DateFormat.SHORT_WESTERN_DIGITS:
            return lambda raw: parse_short_western_digits(raw, rules)
        case DateFormat.ORDINAL_DIGITS:
            return lambda raw: parse_ordinal_digits(raw, rules)
        case DateFormat.WRITTEN:
            return lambda raw: parse_written(raw, rules)


def _read(parse: Callable[[str], DateReading], digits: Any, text: Any) -> DateReading:
    if isinstance(digits, Unreadable):
        return DateReading(DateOutcome.UNREADABLE, quality=digits.quality)
    if not isinstance(digits, str | int | None) or not isinstance(text, str | None):
        return unreadable("DATE_UNREADABLE", rule="text")
    if sentence := plain_text(text):
        if REPLACEMENT in sentence:
            return unreadable("UNDECODABLE")
        return parse_sentence(sentence)
    return parse("" if digits is None else str(digits))
