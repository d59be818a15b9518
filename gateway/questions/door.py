"""The last look at every part before it leaves: what protection withholds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.protection import ProtectionStatus, withhold
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from standard_models.answers import Absence, AbsenceReason
from standard_models.dictionary import Group

_ANSWERED = frozenset({PartStatus.OK, PartStatus.NOT_FOUND, PartStatus.LOST_IN_MAPPING})


def through_the_door(part: Part, status: ProtectionStatus, opened: frozenset[str]) -> Part:
    """Withhold what protection withholds, also where the source has nothing recorded.

    A part that a source could not answer stays as it is: it holds nothing, and looks the same for
    a protected person as for anybody else. ``opened`` are references of items that two officers
    have opened to whoever asks. Where somebody else lives is kept back whoever is asked about:
    whether that person is protected is not known here. Rules DV-9, DV-11.
    """
    group = part.planned.group
    if status is ProtectionStatus.CLEAR:
        address_class, status = _of_others(group), ProtectionStatus.PROTECTED
    else:
        address_class = group.address_class
    if opened:
        address_class = frozenset(f for f in address_class if group.item(f).ref not in opened)
    if not address_class or part.status not in _ANSWERED:
        return part
    return replace(
        part,
        records=[withhold(record, address_class, status) for record in part.records],
        absences=withhold(part.absences, address_class, status),
    )


def usable(
    opened: frozenset[str], status: ProtectionStatus, parts: Iterable[PlannedPart]
) -> frozenset[str]:
    """Return which of the opened items open anything: nothing while nobody's status is known.

    Of a person without a measure, only where somebody else lives is kept back.
    """
    if not opened or status is ProtectionStatus.PROTECTED:
        return opened
    if status is ProtectionStatus.UNKNOWN:
        return frozenset()
    others = (p.group.item(field).ref for p in parts for field in _of_others(p.group))
    return opened.intersection(others)


def _of_others(group: Group) -> frozenset[str]:
    return group.address_of_others


def withheld_items(part: Part) -> int:
    """Return how many items of the part answer that the office must be asked."""
    holders = (*part.records, part.absences)
    return sum(
        isinstance(answer, Absence) and answer.reason is AbsenceReason.ASK_OFFICE
        for holder in holders
        for answer in holder.values()
    )
