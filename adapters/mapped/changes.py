"""Whose records changed, by a mapping."""

from __future__ import annotations

from typing import Any

from adapters.contract import Change, ChangeBatch, Deadline
from adapters.errors import BadAnswer, MappingFailed, Unsupported
from adapters.mapped.core import MappedAdapter
from adapters.mapped.pieces import elements_of, key_behind
from adapters.mapping.conversions import plain_text
from adapters.mapping.model import ChangesRule
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of
from adapters.sources.base import Slots


class ChangesAdapter(MappedAdapter):
    """Capability ``changes``."""

    async def changes(self, cursor: str | None, deadline: Deadline) -> ChangeBatch:
        """Return the changes behind a cursor.

        Raises:
            MappingFailed: a change names no person; without it the list would have a gap.
            AdapterError: the call failed.
        """
        rule = self.document.changes
        if rule is None:
            raise Unsupported("the mapping has no changes")
        slots: Slots = {"after": cursor or "", "limit": rule.pages.size}
        answer = await self.ask(self.document.reads[rule.read], slots, deadline)
        try:
            elements = elements_of(answer if answer is not None else (), rule.records or None)
            further = key_behind(elements, rule.pages, cursor)
            found = tuple(self._change(rule, element) for element in elements)
            last = plain_text(read_path(elements[-1], rule.pages.field)) if elements else cursor
        except ShapeError as error:
            raise BadAnswer(str(error)) from None
        return ChangeBatch(found, last or "", further is not None)

    def _change(self, rule: ChangesRule, element: Any) -> Change:
        number = plain_text(read_path(element, rule.number))
        if not number:
            raise MappingFailed("a change names no person")
        at = as_of(rule.at, element) if rule.at else None
        return Change(number, rule.groups or self.manifest.groups, at)
