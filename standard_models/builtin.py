"""The editions that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from standard_models.dictionary import Dictionary
from standard_models.edition_files import load_edition

EDITIONS = Path(__file__).parent / "editions"


@cache
def load_builtin() -> Dictionary:
    """Return the dictionary of the editions that come with the package.

    Raises:
        EditionError: a file of an edition is malformed.
    """
    return Dictionary(load_edition(folder) for folder in sorted(EDITIONS.glob("*/*/")))
