"""K1: characters, dates and numbers that real systems hold, in every field of every record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from adapters.conformance.cases.mapping import records_of
from adapters.conformance.kit import Kit
from adapters.conformance.model import Case, Layer, Run
from adapters.errors import MappingFailed
from adapters.mapping.model import DateFormat, DateRule
from standard_models.answers import StandardRecord, Value
from standard_models.values.eras import era_by_letter
from standard_models.values.text import private_use_characters

TEXTS: Final = (
    "𠮷野家", "邉\U000e0102", "葛\ufe00", "か\u3099", "\ue000外", "\U000f0000外", "〓", "?", "？",
    "\ufffd", "\x00", "a\x00b", "\x1b[31m", "\u202e裏", "\u2066左\u2069", "\u200b", "\ufeff字",
    "=1+1", "@SUM(1)", "+81", "-1", "<b>太字</b>", "<!ENTITY a 'b'>", "'; DROP TABLE a; --",
    "{{x}}", "%s%n", "\\u0000", "ｶﾞ", "ヽヾ", "①㈱㍻", "あ" * 300, " 前後 ", "　前後　", "\t\r\n",
    "０１２", "０", "9" * 40, "不詳", "該当なし", "*", "***", "NULL", "null", "nan", "inf",
)  # fmt: skip
OTHERS: Final[tuple[Any, ...]] = (
    True, False, 0, -1, 10**30, 1.5, float("nan"), float("inf"), -0.0, [], [1], {}, {"a": 1}, b"x",
)  # fmt: skip
_FORBIDDEN: Final = "\ufffd\x00\u202e\u2066\u200b\ufeff\x1b"


async def texts(kit: Kit) -> list[str]:
    """Put every text into every field."""
    return await _tortured(kit, TEXTS)


async def numbers(kit: Kit) -> list[str]:
    """Put everything that is no text into every field."""
    return await _tortured(kit, OTHERS)


async def _tortured(kit: Kit, contents: tuple[Any, ...]) -> list[str]:
    found: set[str] = set()
    tried: set[str] = set()
    async for ref, rule, plans, row in records_of(kit):
        if ref in tried:
            continue
        tried.add(ref)
        plan = plans.plan(ref)
        for path in row:
            for content in contents:
                try:
                    record = plan.to_standard({**row, path: content})
                except MappingFailed:
                    continue
                except Exception as error:  # noqa: BLE001 - the finding of this case
                    found.add(f"{ref}: {path}: {type(error).__name__} on {_kind(content)}")
                    continue
                found |= {f"{ref}.{n}: {path}: {p}" for n, p in _unfit(kit, record)}
        if path_of_subject_lost(rule.subject, row):
            found.add(f"{ref}: no record has the field {rule.subject}")
    return sorted(found)


def path_of_subject_lost(subject: str, row: dict[str, Any]) -> bool:
    """Tell whether a flat record lacks the field that names its person."""
    return subject not in row


def _kind(content: Any) -> str:
    return "text" if isinstance(content, str) else type(content).__name__


def _unfit(kit: Kit, record: StandardRecord) -> Iterator[tuple[str, str]]:
    """Yield the items of a record whose values may not stand there, with the reason."""
    group = kit.dictionary.groups[record.group]
    for name, answer in record.answers.items():
        if not isinstance(answer, Value):
            continue
        if group.by_field[name].check(answer.value):
            yield name, "a value that the edition does not allow"
        text = str(answer.value)
        if private_use_characters(text):
            yield name, "a local character that only one system knows"
        if any(character in text for character in _FORBIDDEN):
            yield name, "a control or replacement character"


async def dates(kit: Kit) -> list[str]:
    """Write the borders of the eras and days that no calendar has into every date field."""
    found: set[str] = set()
    tried: set[tuple[str, str]] = set()
    async for ref, rule, plans, row in records_of(kit):
        for name, date in rule.dates.items():
            items = [n for n, item in rule.items.items() if item.date == name]
            if not items or (ref, name) in tried:
                continue
            plan = plans.plan(ref, frozenset(items))
            clear = {date.text_field: ""} if date.text_field else {}
            for written, day in _samples(date):
                try:
                    answers = plan.to_standard({**row, **clear, date.field: written}).answers
                except MappingFailed:
                    continue
                values = [a.value for a in answers.values() if isinstance(a, Value)]
                if day is not None and values and set(values) != {day.isoformat()}:
                    found.add(f"{ref}.{name}: {day} is read as another day")
                if day is not None and not values and not _conditional(rule, items):
                    found.add(f"{ref}.{name}: {day} is not read")
                if day is None and values:
                    found.add(f"{ref}.{name}: a day that no calendar has becomes a date")
            tried.add((ref, name))
    return sorted(found)


def _conditional(rule: Any, items: list[str]) -> bool:
    return any(rule.items[name].applies_when is not None for name in items)


def _samples(rule: DateRule) -> Iterator[tuple[str, dt.date | None]]:
    """Yield dates as the source writes them, with the day that each is; None: there is no such."""
    leap, plain = dt.date(2024, 2, 29), dt.date(2026, 7, 1)
    match rule.format:
        case DateFormat.ERA_DIGITS:
            for code, letter in rule.eras.items():
                era = era_by_letter(letter)
                first = max(era.first_day, era.computed_from)
                yield _era(code, era.year_of(first.year), first), first
                if era.last_day:
                    yield _era(code, era.year_of(era.last_day.year), era.last_day), era.last_day
                yield f"{code}011301", None
                yield f"{code}020431", None
        case DateFormat.WESTERN_DIGITS:
            yield "20240229", leap
            yield "20260701", plain
            yield "20261301", None
            yield "20260431", None
        case DateFormat.WRITTEN:
            yield "令和6年2月29日", leap
            yield "昭和64年1月7日", dt.date(1989, 1, 7)
            yield "平成元年1月8日", dt.date(1989, 1, 8)
            yield "令和8年13月1日", None
        case _:
            return


def _era(code: str, year: int, day: dt.date) -> str:
    return f"{code}{year:02d}{day:%m%d}"


def _case(name: str, run: Run) -> Case:
    return Case(name, Layer.MAPPING, 1, run, Kit.not_mapped)


def _no_dates(kit: Kit) -> str | None:
    if kit.document and any(rule.dates for rule in kit.document.mapping.groups.values()):
        return None
    return "the mapping reads no dates"


CASES: Final = (
    _case("texts", texts),
    _case("numbers", numbers),
    Case("dates", Layer.MAPPING, 1, dates, _no_dates),
)
