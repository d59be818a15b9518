"""The kinds of representation, and until when parents act for a child. Pure.

What the law says of them is data with a date (``kinds.yaml``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from standard_models.safe_yaml import safe_load
from standard_models.values.ages import day_of_reaching

_ONE_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: what it is proved by, and what it cannot be without.

    ``until_majority``: it ends when the represented person comes of age. ``scoped``: it is for
    named purposes alone. ``dated``: it has a last day.
    """

    kind_id: str
    name_ja: str
    name_en: str
    law: str
    proof_ja: str
    proof_en: str
    until_majority: bool = False
    scoped: bool = False
    dated: bool = False


@dataclass(frozen=True, slots=True)
class MajorityRule:
    """The age of majority from a day on."""

    valid_from: dt.date
    age: int


@dataclass(frozen=True, slots=True)
class Representing:
    """Everything that ``kinds.yaml`` says."""

    kinds: Mapping[str, Kind]
    majority: Sequence[MajorityRule]


def last_day_of_minority(birth: dt.date, rules: Sequence[MajorityRule]) -> dt.date:
    """Return the last day on which somebody born on ``birth`` is a minor.

    That is the day before the birthday, at the end of which the age is completed. Whoever was
    past a new, lower age when it came into force came of age on that day.

    ``rules`` are in the order of their days. Source: Civil Code, article 4; Act No. 59 of 2018,
    supplementary provisions, article 2; 年齢計算ニ関スル法律.
    """
    ends = [rule.valid_from for rule in rules[1:]] + [dt.date.max]
    for rule, end in zip(rules, ends, strict=True):
        of_age = max(day_of_reaching(birth, rule.age) + _ONE_DAY, rule.valid_from)
        if of_age < end:
            return of_age - _ONE_DAY
    raise ValueError("no rule of majority")


@cache
def representing() -> Representing:
    """Return the kinds and rules that come with the product."""
    text = files("gateway.representations").joinpath("kinds.yaml").read_text("utf-8")
    data: dict[str, Any] = safe_load(text)
    rules = sorted((MajorityRule(**rule) for rule in data["majority"]), key=lambda r: r.valid_from)
    return Representing({name: Kind(name, **said) for name, said in data["kinds"].items()}, rules)
