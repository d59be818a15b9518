"""Amounts of money in whole yen.

Blank is not zero: nothing filed and zero filed are different facts. The unit of a column comes from
its profile alone; what a cell says otherwise contradicts it and is refused.

Source: our rule (D) for amounts of tax and welfare systems; typography of negative amounts as met
in ledgers and host extracts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Final

from standard_models.answers import Quality, Severity
from standard_models.values.text import fold_width, to_full_width

_MINUS: Final = "▲△-−‐‑–—﹣"
_PLUS: Final = "+"
_YEN: Final = "¥\\"
_UNITS: Final = {"百万円": 1_000_000, "千円": 1_000, "円": 1}
_NUMBER = re.compile(r"(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?", re.ASCII)
_APART = re.compile(r"\d +\d", re.ASCII)
_BRACKETS = re.compile(r"\((.+)\)")


class MoneyUnit(IntEnum):
    """What 1 in a column means, in yen."""

    YEN = 1
    THOUSAND_YEN = 1_000
    MILLION_YEN = 1_000_000


@dataclass(frozen=True, slots=True)
class MoneyRules:
    """What a profile says of a column of amounts.

    ``unit`` is what 1 means. ``placeholders`` are texts that stand where nothing was entered
    (``***``). ``brackets_negative`` reads ``(3,450)`` as −3450; without it brackets are refused.
    ``fractions`` allows a fraction of the unit that is whole yen, as 12.5 in thousands.
    """

    unit: MoneyUnit
    placeholders: frozenset[str] = frozenset()
    brackets_negative: bool = False
    fractions: bool = False


@dataclass(frozen=True, slots=True)
class MoneyReading:
    """An amount in yen, or None, and what was seen."""

    yen: int | None
    quality: tuple[Quality, ...] = ()


def _refused(code: str) -> MoneyReading:
    return MoneyReading(None, (Quality(code, Severity.ERROR),))


def parse_money(raw: str, rules: MoneyRules) -> MoneyReading:
    """Read an amount. Never raises; a blank or a placeholder is ``MISSING`` (I), never zero.

    ``AMOUNT_UNREADABLE`` (E) for what is no number, ``AMOUNT_AMBIGUOUS`` (E) for commas that do not
    group by three, blanks between figures, two signs, or brackets without a rule,
    ``AMOUNT_UNIT_CONFLICT`` (E) for a unit other than that of the profile, ``AMOUNT_NOT_WHOLE`` (E)
    for parts of a yen and for fractions that the profile does not declare.
    """
    text = fold_width(raw).strip(" ")
    if not text or raw.strip(" \u3000") in rules.placeholders:
        return MoneyReading(None, (Quality("MISSING", Severity.INFORMATION),))
    if _APART.search(text):
        return _refused("AMOUNT_AMBIGUOUS")
    negative, text, problem = _sign(text.replace(" ", ""), rules)
    text, unit = _unit(text)
    if problem is None and unit is not None and unit != rules.unit:
        problem = "AMOUNT_UNIT_CONFLICT"
    if problem is not None:
        return _refused(problem)
    return _number(text, rules, negative=negative)


def _sign(text: str, rules: MoneyRules) -> tuple[bool, str, str | None]:
    """Return whether the amount is negative, the rest, and what speaks against reading it."""
    negative = False
    if found := _BRACKETS.fullmatch(text):
        if not rules.brackets_negative:
            return False, text, "AMOUNT_AMBIGUOUS"
        negative, text = True, found[1]
    text = text.lstrip(_YEN)
    marks = [c for c in text if c in _MINUS or c in _PLUS]
    if len(marks) + negative > 1:
        return False, text, "AMOUNT_AMBIGUOUS"
    if marks:
        if text[0] not in marks and text[-1] not in marks:
            return False, text, "AMOUNT_UNREADABLE"
        negative = marks[0] in _MINUS
        text = text.strip("".join(marks))
    return negative, text.lstrip(_YEN), None


def _unit(text: str) -> tuple[str, int | None]:
    for word, yen in _UNITS.items():
        if (number := text.removesuffix(word)) != text and number[-1:].isdecimal():
            return number, yen
    return text, None


def _number(text: str, rules: MoneyRules, *, negative: bool) -> MoneyReading:
    found = _NUMBER.fullmatch(text)
    if found is None:
        grouped = set(text) <= set("0123456789,.") and "," in text
        return _refused("AMOUNT_AMBIGUOUS" if grouped else "AMOUNT_UNREADABLE")
    if found[2] and not rules.fractions:
        return _refused("AMOUNT_NOT_WHOLE")
    amount = Decimal(text.replace(",", "")) * rules.unit
    if amount != int(amount):
        return _refused("AMOUNT_NOT_WHOLE")
    return MoneyReading(-int(amount) if negative else int(amount))


class Rounding(StrEnum):
    """How what is below a step is treated; always by magnitude, so −150 goes as 150 does."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half-up"


def round_yen(yen: int, step: int, rounding: Rounding) -> int:
    """Return ``yen`` rounded to a multiple of ``step`` yen. Rule and step are those of the law.

    Raises:
        ValueError: ``step`` is not positive.
    """
    if step <= 0:
        raise ValueError("a step is at least one yen")
    whole, rest = divmod(abs(yen), step)
    up = (rounding is Rounding.UP and rest) or (rounding is Rounding.HALF_UP and rest * 2 >= step)
    amount = (whole + bool(up)) * step
    return -amount if yen < 0 else amount


def display_money(yen: int, *, full_width: bool = False) -> str:
    """Return an amount for people: ``3,450円``, negative ``▲3,450円``."""
    text = f"{'▲' if yen < 0 else ''}{abs(yen):,}円"
    return to_full_width(text) if full_width else text
