"""Municipalities and wards by their 6-digit 団体コード.

Source: 総務省「全国地方公共団体コード」, through a public list (see LICENCES.md).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality or ward: 6-digit code, prefecture, name."""

    code: str
    prefecture: str
    name: str


@cache
def municipalities() -> Mapping[str, Municipality]:
    """Return every municipality of the list by its code. The list is not a history."""
    text = files("standard_models.reference").joinpath("municipalities.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["code"]: Municipality(**row) for row in rows})


def find_municipality(code: str) -> Municipality | None:
    """Return the municipality of a 6-digit code, None if the list does not know it."""
    return municipalities().get(code)
