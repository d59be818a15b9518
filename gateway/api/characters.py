"""The one character that no text may hold: U+0000, which PostgreSQL cannot store or compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_NUL: Final = "\0"


def holds_nul(content: Any) -> bool:
    """Tell whether a text of this plain JSON content is, or holds, U+0000; names of members, too.

    Source: PostgreSQL, 8.3 (character types): the character with code zero cannot be stored.
    """
    if isinstance(content, str):
        return _NUL in content
    if isinstance(content, Mapping):
        return any(holds_nul(name) or holds_nul(member) for name, member in content.items())
    return isinstance(content, list) and any(map(holds_nul, content))
