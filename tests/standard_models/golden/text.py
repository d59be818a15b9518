"""What is done in the examples of text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from standard_models.answers import Quality
from standard_models.values.text import (
    TextReading,
    character_length,
    is_full_width,
    is_half_width,
    read_text,
    to_full_width,
    to_full_width_name,
    to_half_width,
)

Outcome = tuple[str, Sequence[Quality]]


def told(reading: TextReading) -> Outcome:
    return reading.text or "", reading.quality


def yes(fits: bool) -> Outcome:
    return ("yes" if fits else "no"), ()


OPERATIONS: dict[str, Callable[[str], Outcome]] = {
    "full": lambda raw: (to_full_width(raw), ()),
    "half": lambda raw: (to_half_width(raw), ()),
    "name": lambda raw: told(to_full_width_name(raw)),
    "text": lambda raw: told(read_text(raw)),
    "length": lambda raw: (str(character_length(raw)), ()),
    "half_width": lambda raw: yes(is_half_width(raw)),
    "full_width": lambda raw: yes(is_full_width(raw)),
}
