"""The editions that come with the package, and those that a town has imported beside them."""

from __future__ import annotations

from collections.abc import Mapping
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


def load_dictionary(imported: Path, in_force: Mapping[str, str] | None = None) -> Dictionary:
    """Return the built-in editions and those in the folder ``imported``, which need not exist.

    An imported edition is installed but not in force, unless ``in_force`` (業務ID → edition) says
    so, or its business has no other: mappings and grants speak of the edition they were made for.

    Raises:
        EditionError: a file of an edition is malformed.
        ValueError: an edition is there twice, or ``in_force`` names one that is not.
    """
    builtin = load_builtin()
    folders = sorted(path.parent for path in imported.glob("*/*/edition.yaml"))
    if not folders and not in_force:
        return builtin
    chosen = {edition.business_id: edition.edition_id for edition in builtin.editions}
    editions = (*builtin.installed, *(load_edition(folder) for folder in folders))
    return Dictionary(editions, {**chosen, **(in_force or {})})
