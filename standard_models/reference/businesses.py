"""The standardized businesses by 業務ID. Only the id is used in data; ordinal numbers differ.

Source: publications of デジタル庁 on the IDs of the standardized systems.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

_ID = re.compile(r"(\d{3})(-\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Business:
    """A standardized business: three-digit 業務ID, Japanese and English name."""

    business_id: str
    name: str
    label_en: str


@cache
def businesses() -> Mapping[str, Business]:
    """Return every known business by its 業務ID."""
    text = files("standard_models.reference").joinpath("businesses.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["business_id"]: Business(**row) for row in rows})


def find_business(business_id: str) -> Business | None:
    """Return the business of an id, with or without a branch suffix (``019-1``)."""
    found = _ID.fullmatch(business_id)
    return businesses().get(found[1]) if found else None
