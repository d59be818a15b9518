"""The last look at every part before it leaves: what protection withholds."""

from __future__ import annotations

from dataclasses import replace

from gateway.protection import ProtectionStatus, withhold
from gateway.questions.parts import Part, PartStatus
from standard_models.answers import Absence, AbsenceReason

_ANSWERED = frozenset({PartStatus.OK, PartStatus.NOT_FOUND, PartStatus.LOST_IN_MAPPING})


def through_the_door(part: Part, status: ProtectionStatus, opened: frozenset[str]) -> Part:
    """Withhold what protection withholds, also where the source has nothing recorded.

    A part that a source could not answer stays as it is: it holds nothing, and looks the same for
    a protected person as for anybody else. ``opened`` are references of items that two officers
    have opened to whoever asks.
    """
    group = part.planned.group
    address_class = frozenset(f for f in group.address_class if group.item(f).ref not in opened)
    if not address_class or part.status not in _ANSWERED:
        return part
    return replace(
        part,
        records=[withhold(record, address_class, status) for record in part.records],
        absences=withhold(part.absences, address_class, status),
    )


def withheld_items(part: Part) -> int:
    """Return how many items of the part answer that the office must be asked."""
    holders = (*part.records, part.absences)
    return sum(
        isinstance(answer, Absence) and answer.reason is AbsenceReason.ASK_OFFICE
        for holder in holders
        for answer in holder.values()
    )
