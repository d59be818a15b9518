"""The dictionary of an installation: the editions of the package and those that were imported."""

from __future__ import annotations

from gateway.predicates import with_predicates
from gateway.settings import Settings
from standard_models.builtin import load_dictionary
from standard_models.dictionary import Dictionary
from standard_models.edition_files import EditionError


class EditionsError(Exception):
    """The imported editions, or the setting of those in force, are wrong."""


def open_dictionary(settings: Settings) -> Dictionary:
    """Return the dictionary that ``settings`` describe.

    Raises:
        EditionsError: a file of an edition is malformed, or an edition in force is not installed.
    """
    try:
        installed = load_dictionary(settings.editions_dir, settings.editions_in_force)
        return with_predicates(installed)
    except (EditionError, ValueError) as error:
        raise EditionsError(str(error)) from None
