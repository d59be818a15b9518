"""What people read for every absence reason and quality code, in three languages.

Each text has three parts: what happened, what you can do, whom to ask. ``ja-easy`` is
やさしい日本語; there ``{漢字|かんじ}`` gives the reading of a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Final

from standard_models.safe_yaml import safe_load

LANGUAGES: Final = ("ja", "ja-easy", "en")
PARTS: Final = ("happened", "can_do", "ask")
UNEXPLAINED: Final = "unexplained"

Explanation = dict[str, dict[str, str]]
"""Language → part → text."""


@cache
def _texts() -> dict[str, Explanation]:
    texts: dict[str, Explanation] = {}
    for entry in _entries():
        explanation = {lang: {part: entry[lang][part] for part in PARTS} for lang in LANGUAGES}
        for code in entry["codes"]:
            if code in texts:
                raise ValueError(f"two texts for {code}")
            texts[code] = explanation
    return texts


def _entries() -> Iterator[dict[str, Any]]:
    topics = files("standard_models").joinpath("explanations").iterdir()
    for topic in sorted(topics, key=lambda path: path.name):
        if topic.name.endswith(".yaml"):
            yield from safe_load(topic.read_text("utf-8"))


def explained_codes() -> frozenset[str]:
    """Return every absence reason and quality code that has texts of its own."""
    return frozenset(_texts()) - {UNEXPLAINED}


def explain(code: str) -> Explanation:
    """Return the texts of an absence reason or a quality code.

    A code that nobody has written texts for gets a general one, so that an answer never fails for
    want of words; ``explained_codes`` lets tests keep the texts complete. The result is the
    caller's own copy.
    """
    texts = _texts().get(code) or _texts()[UNEXPLAINED]
    return {language: dict(parts) for language, parts in texts.items()}
