"""A first mapping proposed from the names and values of a source: ranked, each with its reason.

Nothing is decided here: a person looks at the candidates. Names are compared in the romaji of the
standard after abbreviations are written out, in Japanese where the layout has Japanese names; the
shape of values speaks for or against a type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import yaml

from standard_models.dictionary import DataItem, DataType, Group
from standard_models.values.dates import EraProfile, parse_era_digits, parse_western_digits
from standard_models.values.text import fold_width, trim_padding
from standard_models.values.year_months import parse_year_month

LEAST: Final = 0.42
"""Candidates below are not shown: more would be wrong than right."""
_ERAS: Final = EraProfile({"1": "M", "2": "T", "3": "S", "4": "H", "5": "R"})
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_KANA = re.compile(r"[ァ-ヺー・゛゜ ()\-.]+")
_RESPELLED: Final = (
    ("sy", "sh"), ("ty", "ch"), ("zy", "j"), ("jy", "j"), ("shy", "sh"), ("chy", "ch"),
    ("si", "shi"), ("ti", "chi"), ("tu", "tsu"), ("hu", "fu"), ("zi", "ji"), ("cy", "ch"),
    ("ou", "o"), ("uu", "u"), ("oo", "o"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A field of the source: its path, its Japanese name if the layout has one, some contents."""

    path: str
    name: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column for an item. ``score`` is from 0 to 1; ``reasons`` say what speaks for it."""

    item: DataItem
    column: SourceColumn
    score: float
    reasons: tuple[str, ...]
    rule: tuple[tuple[str, str], ...]


def suggest(
    columns: Sequence[SourceColumn], group: Group, *, most: int = 3
) -> dict[str, tuple[Suggestion, ...]]:
    """Return the best columns for each item of ``group``, best first.

    Items without a candidate are left out. Equal scores stand in the order of the columns.
    """
    shapes = {column.path: shape_of(column.samples) for column in columns}
    found: dict[str, tuple[Suggestion, ...]] = {}
    for item in group.items:
        ranked = sorted(
            (_suggestion(item, column, shapes[column.path]) for column in columns),
            key=lambda suggestion: -suggestion.score,
        )
        best = tuple(s for s in ranked[:most] if s.score >= LEAST)
        if best:
            found[item.field_name] = best
    return found


def shape_of(samples: Iterable[str]) -> str:
    """Return what all contents look like, empty if they have nothing in common.

    One of ``era-digits``, ``western-digits``, ``year-month``, ``kana``, ``digits``, ``code``,
    ``wide``. Blanks and contents of zeros or nines alone are passed over.
    """
    contents = [c for c in map(_content, samples) if c and c.strip("0") and c.strip("9")]
    if not contents:
        return ""
    for shape, fits in _SHAPES:
        if all(map(fits, contents)):
            return shape
    return ""


def _content(sample: str) -> str:
    return fold_width(trim_padding(sample) or "")


_SHAPES: Final = (
    ("era-digits", lambda c: len(c) == 7 and parse_era_digits(c, _ERAS).day is not None),
    ("western-digits", lambda c: len(c) == 8 and parse_western_digits(c).day is not None),
    ("year-month", lambda c: len(c) == 6 and parse_year_month(c).month is not None
     and c[:2] in {"19", "20"}),
    ("kana", lambda c: _KANA.fullmatch(c) is not None),
    ("digits", lambda c: c.isascii() and c.isdecimal()),
    ("code", lambda c: c.isascii() and len(c) <= 4),
    ("wide", lambda c: not c.isascii()),
)  # fmt: skip


def _suggestion(item: DataItem, column: SourceColumn, shape: str) -> Suggestion:
    name, why = _likeness(item, column)
    value, reason = _fit(item, column, shape)
    score = max(0.0, min(1.0, name + value))
    reasons = tuple(filter(None, (why, reason)))
    return Suggestion(item, column, round(score, 3), reasons, _rule(item, shape))


def _likeness(item: DataItem, column: SourceColumn) -> tuple[float, str]:
    """Return how alike the names are, from 0 to 1, and in which words."""
    if column.name:
        own, other = fold_width(column.name).replace("_", ""), item.name.replace("_", "")
        if own == other:
            return 1.0, f"同じ名前 {item.name} / the same name"
    best, word = 0.0, ""
    target = item.field_name.replace("_", "")
    for reading in readings(column.path):
        alike = _dice(reading, target)
        if reading == target:
            alike = 1.0
        elif len(reading) >= 4 and (reading in target or target in reading):
            short, long = sorted((len(reading), len(target)))
            alike = max(alike, 0.62 + 0.3 * short / long)
        if alike > best:
            best, word = alike, reading
    if column.name:
        alike = _dice(fold_width(column.name), item.name)
        if alike > best:
            return alike, f"似た名前 {column.name} / a like name"
    return best, f"{column.path} → {word}" if word else ""


@cache
def readings(path: str) -> tuple[str, ...]:
    """Return what a field name may say in the romaji of the standard, written out and respelled."""
    found = [""]
    for part in _PART.findall(path.rpartition(".")[2]):
        words = _abbreviations().get(part.lower(), (respelled(part.lower()),))
        found = [before + word for before in found for word in words][:32]
    return tuple(found)


@cache
def _abbreviations() -> dict[str, tuple[str, ...]]:
    text = files("adapters.mapping").joinpath("abbreviations.yaml").read_text("utf-8")
    content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - texts only: `no` is a word
    return {part: tuple(words) for part, words in content.items()}


def respelled(word: str) -> str:
    """Return romaji of other systems in that of the standard: ``syori`` is ``shori``."""
    for old, new in _RESPELLED:
        before = "(?<![cs])" if old == "hu" else ""
        word = re.sub(before + old, new, word)
    return word


def _dice(one: str, other: str) -> float:
    pairs = [{text[i : i + 2] for i in range(len(text) - 1)} for text in (one, other)]
    size = len(pairs[0]) + len(pairs[1])
    return 2 * len(pairs[0] & pairs[1]) / size if size else 0.0


def _fit(item: DataItem, column: SourceColumn, shape: str) -> tuple[float, str]:
    """Return what the contents add to the score or take from it, and why."""
    dates = shape in {"era-digits", "western-digits"}
    if not shape or (item.data_type is DataType.DATE) != dates:
        return (-0.45 if shape else 0.0), ""
    if dates:
        return 0.15, f"日付の形（{shape}） / dates"
    if item.field_name.endswith("furigana") or shape == "kana":
        fits = item.field_name.endswith("furigana") and shape == "kana"
        return (0.2, "カナ / kana") if fits else (-0.35, "")
    longest = max(len(_content(sample)) for sample in column.samples)
    wide = item.data_type is DataType.FULL_WIDTH
    if item.length and longest > item.length:
        return -0.3, ""
    if wide != (shape == "wide") and item.codes is None:
        return -0.15, ""
    return 0.05, f"値の形（{shape}） / shape of the values"


def _rule(item: DataItem, shape: str) -> tuple[tuple[str, str], ...]:
    """Return the keys of a first rule beside its field."""
    if item.data_type is DataType.DATE:
        known = shape if shape in {"era-digits", "western-digits"} else "written"
        return (("format", known),)
    if item.data_type is DataType.YEAR:
        return (("fiscal_year", "true"),)
    if item.name.endswith("年月"):
        return (("year_month", "true"),)
    if item.data_type is DataType.FULL_WIDTH and item.name.rpartition("_")[2] in {
        "氏名",
        "フリガナ",
    }:
        return (("text", "full-width-name"),)
    return ()
