"""From the standard to a source: what a citizen states, in the dialect of the system."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from adapters.errors import Rejected
from adapters.mapping.model import CodeTranslation, DateFormat, FactRule, Text
from adapters.mapping.model import Mapping as MappingDocument
from standard_models.answers import JsonScalar
from standard_models.values.eras import era_of
from standard_models.values.text import to_full_width, to_full_width_name, to_half_width

CANNOT_BE_WRITTEN = "cannot-be-written"
"""As a vendor code: the dialect of the system has nothing for a stated fact."""


OWN: Final = "_own"
"""Ends the name of the slot that holds a text in the system's own characters (外字).

A system that has both the character of the standard and one of its own for it is asked with both.
"""


class Dialect:
    """Writes what the standard says as one system does: its codes, dates and characters."""

    def __init__(self, document: MappingDocument) -> None:
        self._tables = document.code_tables
        own = {g.to: chr(int(g.code, 16)) for g in document.characters if g.to is not None}
        self._characters = dict(sorted(own.items(), key=lambda pair: -len(pair[0])))

    def slots(
        self, rules: Mapping[Any, FactRule], facts: Mapping[Any, JsonScalar | dt.date]
    ) -> dict[str, str | int | None]:
        """Return the slots of ``rules``: what ``facts`` says, None where it says nothing.

        A rule about a text has a second slot, see ``OWN``.

        Raises:
            Rejected: the source has no way to write a fact (``cannot-be-written``); nothing is
                guessed.
        """
        slots: dict[str, str | int | None] = {}
        for name, rule in rules.items():
            fact = facts.get(name)
            written = None if fact is None else self._write(name, rule, fact)
            slots[name] = written
            if rule.text is not None:
                slots[name + OWN] = None if written is None else self._own(written)
        return slots

    def _write(self, name: str, rule: FactRule, fact: JsonScalar | dt.date) -> str:
        if rule.codes is not None:
            return _code(name, self._tables[rule.codes], str(fact))
        if rule.date is not None:
            return _date(name, rule, fact)
        match rule.text:
            case Text.HALF_WIDTH:
                return to_half_width(str(fact))
            case Text.FULL_WIDTH:
                return to_full_width(str(fact))
            case Text.FULL_WIDTH_NAME:
                return to_full_width_name(str(fact)).text or ""
            case _:
                return str(fact)

    def _own(self, text: str) -> str:
        for character, own in self._characters.items():
            text = text.replace(character, own)
        return text


def _code(name: str, table: CodeTranslation, code: str) -> str:
    """Return the one vendor code for a code of the standard; several would be a guess."""
    found = [row.code for row in table.rows if row.to == code]
    if len(found) != 1:
        raise Rejected(f"{name}: {len(found)} codes of the source", vendor_code=CANNOT_BE_WRITTEN)
    return found[0]


def _date(name: str, rule: FactRule, fact: JsonScalar | dt.date) -> str:
    try:
        day = fact if isinstance(fact, dt.date) else dt.date.fromisoformat(str(fact))
        if rule.date is DateFormat.WESTERN_DIGITS:
            return f"{day:%Y%m%d}"
        era = era_of(day)
    except ValueError:
        raise Rejected(f"{name}: no such day", vendor_code=CANNOT_BE_WRITTEN) from None
    for code, letter in rule.eras.items():
        if letter == era.letter:
            return f"{code}{era.year_of(day.year):02d}{day:%m%d}"
    raise Rejected(f"{name}: no code of the era", vendor_code=CANNOT_BE_WRITTEN)
