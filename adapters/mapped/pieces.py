"""Long lists, read piece by piece behind a key (``pages`` of a mapping)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adapters.errors import BadAnswer
from adapters.mapping.conversions import plain_text
from adapters.mapping.model import Keyset
from adapters.mapping.rows import ShapeError, read_path


def elements_of(answer: Any, path: str | None) -> Sequence[Any]:
    """Return the list at ``path`` of an answer, the answer itself without a path.

    Raises:
        ShapeError: there is no list.
    """
    found = read_path(answer, path) if path else answer
    if not isinstance(found, list | tuple):
        raise ShapeError(f"no list at {path or 'the top'}")
    return found


def key_behind(elements: Sequence[Any], pages: Keyset, before: str | None) -> str | None:
    """Return the key behind which the next piece begins, None if this piece is the last.

    Raises:
        BadAnswer: a piece is longer than asked for, or does not go on: its order is not that of
            the key, and a list read so would have gaps.
        ShapeError: an element has no key.
    """
    if len(elements) > pages.size:
        raise BadAnswer("a piece holds more than was asked for")
    keys = [plain_text(read_path(element, pages.field)) for element in elements]
    if before is not None and before in keys:
        raise BadAnswer("a piece repeats the key it was to begin behind")
    if len(set(keys)) != len(keys) or "" in keys:
        raise BadAnswer("the key of a piece is empty or stands twice")
    return keys[-1] if len(elements) == pages.size else None
