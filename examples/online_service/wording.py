"""Texts of the pages in Japanese, やさしい日本語 and English, with readings as ruby."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from markupsafe import Markup, escape

LANGUAGES: Final = ("ja", "easy", "en")
NAMES: Final = {"ja": "日本語", "easy": "やさしい日本語", "en": "English"}
"""How each language calls itself on its button."""

LANG_ATTRIBUTE: Final = {"ja": "ja", "easy": "ja", "en": "en"}
"""Values of HTML ``lang``; やさしい日本語 is Japanese."""

GATEWAY_KEY: Final = {"ja": "ja", "easy": "ja-easy", "en": "en"}
"""The same languages as the gateway names them in its explanations."""

_TOKEN = re.compile(r"\{(?P<base>[^{}|]+)\|(?P<reading>[^{}|]+)\}|\{(?P<name>[a-z_]+)\}")


@cache
def _texts() -> dict[str, dict[str, str]]:
    content = yaml.safe_load((Path(__file__).parent / "texts.yaml").read_text("utf-8"))
    return dict(content)


def with_ruby(text: str, values: dict[str, object] | None = None) -> Markup:
    """Return ``text`` as HTML: readings become ruby, ``{name}`` becomes the escaped value.

    Raises:
        KeyError: the text names a value that was not given.

    """
    out: list[Markup] = []
    position = 0
    for token in _TOKEN.finditer(text):
        out.append(escape(text[position : token.start()]))
        if token["name"] is not None:
            out.append(escape((values or {})[token["name"]]))
        else:
            base, reading = escape(token["base"]), escape(token["reading"])
            out.append(
                Markup("<ruby>{}<rp>(</rp><rt>{}</rt><rp>)</rp></ruby>").format(base, reading)
            )
        position = token.end()
    out.append(escape(text[position:]))
    return Markup("").join(out)


def without_ruby(text: str, values: dict[str, object] | None = None) -> str:
    """Return ``text`` without its readings, for titles and attributes."""

    def plain(token: re.Match[str]) -> str:
        name = token["name"]
        return token["base"] if name is None else str((values or {})[name])

    return _TOKEN.sub(plain, text)


class Wording:
    """The texts in one language.

    Calling it gives HTML with ruby, ``plain`` gives text for titles, attributes and the store.
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else "ja"
        self.lang = LANG_ATTRIBUTE[self.language]

    def __call__(self, key: str, **values: object) -> Markup:
        return with_ruby(_texts()[key][self.language], values)

    def plain(self, key: str, **values: object) -> str:
        """Return the text without readings and without markup."""
        return without_ruby(_texts()[key][self.language], values)

    def source(self, key: str) -> str:
        """Return the text as it is written in the file, readings included."""
        return _texts()[key][self.language]


def text_keys() -> frozenset[str]:
    """Return the keys of all texts."""
    return frozenset(_texts())
