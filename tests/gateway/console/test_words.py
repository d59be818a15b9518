"""The words of the pages: both languages for each, each used, none missing."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from gateway.api.language import Language
from gateway.console.persons import RevealState
from gateway.console.records import SEARCHES
from gateway.console.web.measure_pages import END_PROPOSED, KINDS
from gateway.console.web.words import words
from gateway.protection.terms import MeasureState

CONSOLE = Path(str(resources.files("gateway.console")))


def used() -> set[str]:
    """Return the keys that templates and pages name, those that are put together too."""
    pages = [*CONSOLE.glob("templates/console/*.html"), *CONSOLE.glob("*/*.py")]
    text = "".join(page.read_text("utf-8") for page in pages)
    keys = set(re.findall(r"[\"']([a-z]+\.[a-z_-]+)[\"']", text))
    keys |= {f"reveal.{state.value}" for state in RevealState}
    keys |= {f"audit.{name}" for name in SEARCHES}
    keys |= {f"audit.{name}" for search in SEARCHES.values() for name in search.fields}
    keys |= {f"state.{state}" for state in (*MeasureState, END_PROPOSED)}
    keys |= {f"kind.{kind}" for kind in KINDS}
    return (keys - {"audit.client"}) | {"audit.client", "audit.client-field"}


def test_every_word_that_is_used_exists_and_the_reverse() -> None:
    """A page never fails for want of a word."""
    known = set(words(Language.JA))
    assert words(Language.EN).keys() == known
    assert known <= used()
    missing = {
        key for key in used() if key.partition(".")[0] in {k.partition(".")[0] for k in known}
    }
    assert missing - known == set()


def test_the_banner_says_nothing_of_a_cause() -> None:
    """DV-14, DV-8b: in both languages."""
    for language in Language:
        said = "".join(text for key, text in words(language).items() if key.startswith("guard."))
        for cause in ("支援", "DV", "暴力", "ストーカー", "protect", "violence", "measure"):
            assert cause not in said
