"""The documents of the project as text: files, links, blocks of code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_BLOCK = re.compile(r"^```(?P<kind>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_ANY_ADDRESS = re.compile(r"[a-z]+:|#|/")


def hand_written_and_generated() -> list[Path]:
    """Every Markdown file that a reader of the project can be sent to."""
    return sorted([*ROOT.glob("README*.md"), *DOCS.rglob("*.md")])


def blocks(text: str, kind: str) -> list[str]:
    """The blocks of code whose first line is exactly ``kind`` behind the backquotes."""
    return [found["text"] for found in _BLOCK.finditer(text) if found["kind"] == kind]


def relative_links(text: str) -> list[str]:
    """The targets of links into this repository, without their fragments."""
    prose = _BLOCK.sub("", text)
    targets = [found["target"] for found in _LINK.finditer(prose)]
    return [t.partition("#")[0] for t in targets if not _ANY_ADDRESS.match(t)]


def headings(text: str) -> list[str]:
    """The lines of prose that begin with #."""
    return [line for line in _BLOCK.sub("", text).splitlines() if line.startswith("#")]
