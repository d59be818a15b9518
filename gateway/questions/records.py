"""Which records of a group hold now, when a person has several numbers in one system.

Somebody who was taxed here before moving in has two numbers in the tax system; both are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from standard_models.answers import StandardRecord, Value
from standard_models.dictionary import Cardinality, DataType, Group


def choose_records(
    group: Group, records: Sequence[StandardRecord]
) -> Sequence[StandardRecord] | None:
    """Return the records that hold now, or None if they contradict each other.

    Only the latest year counts where the group's key has a year. A group with one record for each
    person yields the one with the highest history number; two that are equal in that respect are
    a contradiction, and none is picked.
    """
    latest = _latest_year(group, records)
    if group.cardinality is Cardinality.MANY or len(latest) <= 1:
        return latest
    histories = [f.field_name for f in group.primary_key if f.data_type is DataType.INTEGER]
    ranked = sorted(latest, key=lambda r: _numbers(r, histories), reverse=True)
    if _numbers(ranked[0], histories) == _numbers(ranked[1], histories):
        return None
    return ranked[:1]


def _latest_year(group: Group, records: Sequence[StandardRecord]) -> Sequence[StandardRecord]:
    years = [f.field_name for f in group.primary_key if f.data_type is DataType.YEAR]
    if not years or len(records) <= 1:
        return records
    newest = max(_texts(r, years) for r in records)
    return [r for r in records if _texts(r, years) == newest]


def _texts(record: StandardRecord, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        str(answer.value) if isinstance(answer := record.answers.get(f), Value) else ""
        for f in fields
    )


def _numbers(record: StandardRecord, fields: Sequence[str]) -> tuple[int, ...]:
    return tuple(
        int(answer.value) if isinstance(answer := record.answers.get(f), Value) else -1
        for f in fields
    )
