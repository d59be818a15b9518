"""The list of people under protective measures (支援措置), as a source keeps it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from adapters.contract import MeasureKind, ProtectionFlag
from adapters.errors import MappingFailed
from adapters.mapping.conversions import plain_text
from adapters.mapping.date_items import date_reader
from adapters.mapping.model import FlagsRule
from adapters.mapping.rows import compile_rows


def read_flags(rule: FlagsRule, answer: Any) -> tuple[ProtectionFlag, ...]:
    """Return every flag in ``answer``.

    A kind that the mapping does not know counts as a full measure: an unknown measure protects.
    A row without a number is a person whom the source could not tie to its own numbering; the
    list would be incomplete without it, so there is no list. Rows that differ only in the other
    party are one measure.

    Raises:
        MappingFailed: a row has no number.
        ShapeError: the answer has another shape than the mapping says.
    """
    fields = {rule.number, rule.kind, *([rule.other_party] if rule.other_party else [])}
    for date in (rule.since, rule.until):
        fields |= {path for path in (date.field, date.text_field) if path}
    since, until = date_reader("since", rule.since), date_reader("until", rule.until)
    provisional = frozenset(rule.provisional)
    parties: dict[ProtectionFlag, set[str]] = {}
    for row in compile_rows(rule.records, fields)(answer):
        number = plain_text(row[rule.number])
        if not number:
            raise MappingFailed("a protective measure names no person")
        kind = MeasureKind.FULL
        if plain_text(row[rule.kind]) in provisional:
            kind = MeasureKind.PROVISIONAL
        flag = ProtectionFlag(number, kind, since(row).day, until(row).day)
        party = plain_text(row[rule.other_party]) if rule.other_party else ""
        parties.setdefault(flag, set()).add(party or "")
    return tuple(replace(flag, other_parties=_known(named)) for flag, named in parties.items())


def _known(named: set[str]) -> tuple[str, ...] | None:
    """Return the numbers if every row has one: whoever is left out might be anybody."""
    return tuple(sorted(named)) if all(named) else None
