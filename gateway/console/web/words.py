"""The words of the console's pages, in Japanese and English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from gateway.api.language import Language
from standard_models.safe_yaml import safe_load


@cache
def words(language: Language) -> Mapping[str, str]:
    """Return every text of the pages by its key, in one language."""
    return MappingProxyType({key: texts[language.value] for key, texts in _table().items()})


@cache
def _table() -> dict[str, dict[str, str]]:
    text = resources.files("gateway.console.web").joinpath("words.yaml").read_text("utf-8")
    table: dict[str, dict[str, str]] = safe_load(text)
    return table
