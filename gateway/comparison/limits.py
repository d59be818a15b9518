"""How far an extract may differ from the day before (``limits.yaml``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from standard_models.safe_yaml import safe_load


@dataclass(frozen=True, slots=True)
class Limits:
    """In percent or percentage points; ``judged_from`` is a number of records or values."""

    judged_from: int
    records_percent: float
    absent_points: float
    total_percent: float
    shape_points: float
    swapped_percent: float


@cache
def shipped_limits() -> Limits:
    """Return the limits that come with the product."""
    said = safe_load(files("gateway.comparison").joinpath("limits.yaml").read_text("utf-8"))
    return Limits(**{name: said[name] for name in Limits.__dataclass_fields__})
