"""The wrong-person guard: nothing leaves that the source did not itself tie to the person asked.

The check uses what the source echoed in its record, never our own request. What passes is a copy:
whatever an adapter does afterwards with containers that it handed out reaches no answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from adapters.contract import GroupRecords
from adapters.errors import BadAnswer, Foreign, WrongSubject
from adapters.manifest import Manifest
from standard_models.answers import StandardRecord, Value


@dataclass(frozen=True, slots=True)
class LinkedItem:
    """An item that holds the person's number in another numbering, and what it may say.

    ``numbers`` are without leading zeros: systems write them in different lengths.
    """

    field: str
    numbers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Expected:
    """What every record of one outcome must show: its group, the number, the items asked for."""

    group: str
    number: str
    fields: frozenset[str]
    links: tuple[LinkedItem, ...] = ()


def linked_items(
    manifest: Manifest, group: str, numbers: Mapping[str, Collection[str]]
) -> tuple[LinkedItem, ...]:
    """Return the items of ``group`` that must name the person, by the ``links`` of a manifest.

    An item may be linked to several numberings: it names the person in any of them. One for which
    the person has no known number cannot be compared and is left out.
    """
    known: defaultdict[str, set[str]] = defaultdict(set)
    for link in manifest.links:
        of, _, field = link.item.rpartition(".")
        if of == group:
            known[field].update(n.lstrip("0") for n in numbers.get(link.numbering, ()))
    return tuple(LinkedItem(field, frozenset(found)) for field, found in known.items() if found)


def guarded(outcome: GroupRecords, expected: Expected) -> GroupRecords:
    """Return a copy of ``outcome`` that belongs to nobody but the person who was asked for.

    Raises:
        WrongSubject: one of its records is not that person's; the whole outcome is discarded.
        BadAnswer: a record leaves out an item that was asked for.
    """
    # Copied before it is looked at: what was checked is what goes on.
    records = tuple([_copied(record) for record in outcome.records])
    require_subject(records, expected.number)
    for record in records:
        _require(record, expected)
    return outcome.holding(records)


def _copied(record: StandardRecord) -> StandardRecord:
    return StandardRecord(record.group, record.subject_number, dict(record.answers), record.quality)


def require_subject(records: Iterable[StandardRecord], number: str) -> None:
    """Do nothing if every record is of the person with ``number`` in the source's numbering.

    Raises:
        WrongSubject: one of them is not; the whole part must be discarded.
    """
    for record in records:
        if record.subject_number != number:
            kind = Foreign.OTHER_NUMBER if record.subject_number else Foreign.NO_NUMBER
            raise WrongSubject("a record echoed another number than the one asked for", kind=kind)


def _require(record: StandardRecord, expected: Expected) -> None:
    if record.group != expected.group:
        raise WrongSubject("a record is of another group", kind=Foreign.OTHER_GROUP)
    if not record.answers.keys() >= expected.fields:
        raise BadAnswer("a record leaves out an item that was asked for")
    for link in expected.links:
        said = record.answers.get(link.field)
        if isinstance(said, Value) and str(said.value).lstrip("0") not in link.numbers:
            raise WrongSubject(
                "a record names somebody else in another numbering", kind=Foreign.OTHER_LINK
            )
