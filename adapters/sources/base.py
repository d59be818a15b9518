"""What every transport offers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from adapters.deadline import Deadline
from adapters.errors import BadAnswer, ConfigurationError
from adapters.mapping.model import Read

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""A larger answer about one person is a mistake of the source."""

MAX_DEPTH = 64
"""Deeper nesting than any business record has."""

Slots = Mapping[str, str | int | None]
"""What is asked about, by slot: ``number``, and what the operation of a mapping names."""

_SLOT = re.compile(r"\{([a-z_]+(?:\.[a-z_]+)?)\}")


class Source(Protocol):
    """Asks one system. Holds no state that belongs to a call."""

    async def read(self, read: Read, slots: Slots, deadline: Deadline) -> Any:
        """Return the answer of one read; None if the person with ``{number}`` is unknown there.

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


class KeepsDeadline:
    """A source of this kind ends each read at its deadline by itself."""


def fill(template: Any, slots: Slots) -> Any:
    """Return ``template`` with its slots (``{number}``, ``{settings.x}``) filled in, at any depth.

    A text that is one slot and nothing else becomes what the slot holds, a number or nothing too.

    Raises:
        ConfigurationError: the template has a slot that this operation does not fill.
    """
    if isinstance(template, str):
        try:
            if whole := _SLOT.fullmatch(template):
                return slots[whole[1]]
            return _SLOT.sub(lambda found: _text(slots[found[1]]), template)
        except KeyError as error:
            raise ConfigurationError(f"nothing fills the slot {error}") from None
    if isinstance(template, Mapping):
        return {key: fill(value, slots) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, slots) for value in template]
    return template


def _text(content: str | int | None) -> str:
    return "" if content is None else str(content)


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
