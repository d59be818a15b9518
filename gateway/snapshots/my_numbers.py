"""My Numbers do not go into a snapshot: they have a store and a key of their own (MN-1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.access.registration import is_my_number
from standard_models.answers import StandardRecord
from standard_models.dictionary import Group


def my_number_fields(group: Group) -> frozenset[str]:
    """Return the fields of a group that hold a My Number."""
    return frozenset(item.field_name for item in group.items if is_my_number(item))


def without(fields: frozenset[str], records: Sequence[StandardRecord]) -> Sequence[StandardRecord]:
    """Return the records without these fields; who asks for one is told that none is supplied."""
    if not fields:
        return records
    return [
        replace(record, answers={n: a for n, a in record.answers.items() if n not in fields})
        for record in records
    ]
