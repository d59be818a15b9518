"""The rules of retention that come with the product (``rules.yaml``), and their days. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from standard_models.safe_yaml import safe_load

APRIL: Final = 4


class Counted(StrEnum):
    """From which day the years count."""

    DAY_AFTER = "day-after"
    """The day after the end. Source: 民法 第140条."""
    NEXT_FISCAL_YEAR = "next-fiscal-year"
    """1 April after the end."""


class Mark(StrEnum):
    """How sure a number is."""

    VERIFIED = "V"
    KNOWN = "K"
    DECIDED = "D"


@dataclass(frozen=True, slots=True)
class People:
    """Columns that say whom a row is of: subject ids, a numbering and number, or pseudonyms.

    ``named`` are lists of subject ids, or of numbers of the same numbering.
    """

    subjects: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """How long rows of one kind are kept, by the day on which they ended.

    A row has ended on the earliest day in ``ends``; without any it stays. It stays
    ``floor_years`` at least and ``ceiling_years`` at most. ``id`` names it within a municipality;
    rows of the tables ``also`` with the same id go with it. ``people`` finds the rows of a person.
    ``waits_for`` is a table and column: while there is such a row with the column empty, it has not
    ended. Of each group of ``keeps_newest_of`` the newest row stays.
    """

    kind: str
    name_ja: str
    name_en: str
    table: str
    id: tuple[str, ...]
    also: tuple[str, ...]
    ends: tuple[str, ...]
    people: People
    waits_for: tuple[str, str] | None
    keeps_newest_of: tuple[str, ...]
    counted: Counted
    floor_years: int
    ceiling_years: int
    mark: Mark
    source: str

    def may_go_on(self, end: dt.date) -> dt.date:
        """Return the first day on which a row that ended on ``end`` may be erased."""
        return _first_day_after(end, self.floor_years, self.counted)

    def must_go_on(self, end: dt.date) -> dt.date:
        """Return the first day on which it must be gone."""
        return _first_day_after(end, self.ceiling_years, self.counted)

    def last_end_past_floor(self, today: dt.date) -> dt.date:
        """Return the latest end of rows that may be erased on ``today``."""
        return _last_end(today, self.floor_years, self.counted)

    def last_end_past_ceiling(self, today: dt.date) -> dt.date:
        """Return the latest end of rows that must be gone on ``today``."""
        return _last_end(today, self.ceiling_years, self.counted)


@dataclass(frozen=True, slots=True)
class Standing:
    """What no purge erases, and until when it stays. ``years`` is its floor, where it has one."""

    kind: str
    name_ja: str
    name_en: str
    tables: tuple[str, ...]
    until_ja: str
    until_en: str
    years: int | None
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What other systems keep so many years, by the law of ``valid_from``."""

    kind: str
    name_ja: str
    name_en: str
    years: int
    valid_from: dt.date
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Every rule, by its kind, as they were looked at last on ``checked_on``."""

    checked_on: dt.date
    erased: Mapping[str, Rule]
    standing: Mapping[str, Standing]
    nothing_of_persons: tuple[str, ...]
    elsewhere: Mapping[str, Elsewhere]


def _years_later(day: dt.date, years: int) -> dt.date:
    """Return the same day ``years`` later; 1 March where there is no 29 February (民法 第143条)."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def _first_day_after(end: dt.date, years: int, counted: Counted) -> dt.date:
    first = end + dt.timedelta(days=1)
    if counted is Counted.NEXT_FISCAL_YEAR:
        first = dt.date(end.year + (end.month >= APRIL), APRIL, 1)
    return _years_later(first, years)


def _last_end(today: dt.date, years: int, counted: Counted) -> dt.date:
    """Return the latest end after which ``years`` have passed on ``today``."""
    try:
        first = today.replace(year=today.year - years)
    except ValueError:
        first = dt.date(today.year - years, 2, 28)
    if counted is Counted.NEXT_FISCAL_YEAR:
        first = dt.date(first.year - (first.month < APRIL), APRIL, 1)
    return first - dt.timedelta(days=1)


@cache
def retention_rules() -> RetentionRules:
    """Return the rules that come with the product."""
    text = files("gateway.retention").joinpath("rules.yaml").read_text("utf-8")
    data = safe_load(text)
    return RetentionRules(
        data["checked_on"],
        {kind: _rule(kind, entry) for kind, entry in data["erased"].items()},
        {kind: _standing(kind, entry) for kind, entry in data["standing"].items()},
        tuple(data["nothing_of_persons"]),
        {kind: _elsewhere(kind, entry) for kind, entry in data["elsewhere"].items()},
    )


def _rule(kind: str, entry: Mapping[str, Any]) -> Rule:
    people = {name: tuple(columns) for name, columns in entry.get("people", {}).items()}
    waits_for = entry.get("waits_for")
    return Rule(
        kind=kind,
        name_ja=entry["name_ja"],
        name_en=entry["name_en"],
        table=entry["table"],
        id=tuple(entry["id"]),
        also=tuple(entry.get("with", ())),
        ends=tuple(entry["ends"]),
        people=People(**people),
        waits_for=(waits_for[0], waits_for[1]) if waits_for else None,
        keeps_newest_of=tuple(entry.get("keeps_newest_of", ())),
        counted=Counted(entry["counted"]),
        floor_years=entry["floor_years"],
        ceiling_years=entry["ceiling_years"],
        mark=Mark(entry["mark"]),
        source=entry["source"],
    )


def _standing(kind: str, entry: Mapping[str, Any]) -> Standing:
    return Standing(
        kind=kind,
        name_ja=entry["name_ja"],
        name_en=entry["name_en"],
        tables=tuple(entry["tables"]),
        until_ja=entry["until_ja"],
        until_en=entry["until_en"],
        years=entry.get("years"),
        mark=Mark(entry["mark"]),
        source=entry["source"],
    )


def _elsewhere(kind: str, entry: Mapping[str, Any]) -> Elsewhere:
    return Elsewhere(
        kind=kind,
        name_ja=entry["name_ja"],
        name_en=entry["name_en"],
        years=entry["years"],
        valid_from=entry["valid_from"],
        mark=Mark(entry["mark"]),
        source=entry["source"],
    )
