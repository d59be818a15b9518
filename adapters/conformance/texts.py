"""What each case is for, in the words of ``texts.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from standard_models.safe_yaml import safe_load

LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True, slots=True)
class CaseText:
    """Title, what the kit does, why it matters and how to mend it, each by language."""

    title: dict[str, str]
    what: dict[str, str]
    why: dict[str, str]
    mend: dict[str, str]


@cache
def case_texts() -> dict[str, CaseText]:
    """Return the texts of every case by its id."""
    text = files("adapters.conformance").joinpath("texts.yaml").read_text("utf-8")
    return {name: CaseText(**parts) for name, parts in safe_load(text).items()}
