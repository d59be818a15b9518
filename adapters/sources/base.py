"""What every transport offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from adapters.contract import Deadline
from adapters.errors import BadAnswer
from adapters.mapping.model import Read

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""A larger answer about one person is a mistake of the source."""

MAX_DEPTH = 64
"""Deeper nesting than any business record has."""

_SLOT = re.compile(r"\{(number|settings\.[a-z_]+)\}")


class Source(Protocol):
    """Asks one system. Holds no state that belongs to a call."""

    async def read(self, read: Read, number: str | None, deadline: Deadline) -> Any:
        """Return the answer of one read about the person with ``number``, None if unknown there.

        Raises:
            AdapterError: the source did not answer as its interface promises.
        """
        ...

    async def ping(self, deadline: Deadline) -> str | None:
        """Return the product's version if the source tells it; never writes.

        Raises:
            AdapterError: the source cannot be used now.
        """
        ...

    async def aclose(self) -> None:
        """Release what the source holds."""
        ...


def fill(template: Any, slots: Mapping[str, str]) -> Any:
    """Return ``template`` with ``{number}`` and ``{settings.x}`` filled in, at any depth."""
    if isinstance(template, str):
        return _SLOT.sub(lambda found: slots[found[1]], template)
    if isinstance(template, Mapping):
        return {key: fill(value, slots) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, slots) for value in template]
    return template


def require_depth(answer: Any) -> None:
    """Do nothing unless ``answer`` is nested deeper than ``MAX_DEPTH``.

    Raises:
        BadAnswer: it is.
    """
    pending = [(answer, 1)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise BadAnswer("the answer is nested too deeply")
        if isinstance(node, Mapping):
            pending.extend((value, depth + 1) for value in node.values())
        elif isinstance(node, list):
            pending.extend((value, depth + 1) for value in node)
