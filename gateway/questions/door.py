"""The last look at every part before it leaves: what protection withholds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from gateway.protection import ProtectionStatus, withhold
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from standard_models.answers import Absence, AbsenceReason
from standard_models.dictionary import Group

_ANSWERED = frozenset({PartStatus.OK, PartStatus.NOT_FOUND, PartStatus.LOST_IN_MAPPING})
_OF_OTHERS: Final = ("被扶養者_", "納税管理人等_", "保護者_")
"""How the standard names items of somebody else than the person whose record it is."""
_OF_OTHERS_IN: Final = {"039": ("申請者_",)}
"""In records of the dead, whoever applies is somebody else; elsewhere it is the person."""


def through_the_door(part: Part, status: ProtectionStatus, opened: frozenset[str]) -> Part:
    """Withhold what protection withholds, also where the source has nothing recorded.

    A part that a source could not answer stays as it is: it holds nothing, and looks the same for
    a protected person as for anybody else. ``opened`` are references of items that two officers
    have opened to whoever asks. Where somebody else lives is kept back whoever is asked about:
    whether that person is protected is not known here. Rules DV-9, DV-11.
    """
    group = part.planned.group
    address_class = frozenset(f for f in group.address_class if group.item(f).ref not in opened)
    if status is ProtectionStatus.CLEAR:
        address_class &= _of_others(group)
        status = ProtectionStatus.PROTECTED
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
    names = (*_OF_OTHERS, *_OF_OTHERS_IN.get(group.business_id, ()))
    return frozenset(f for f in group.address_class if group.item(f).name.startswith(names))


def withheld_items(part: Part) -> int:
    """Return how many items of the part answer that the office must be asked."""
    holders = (*part.records, part.absences)
    return sum(
        isinstance(answer, Absence) and answer.reason is AbsenceReason.ASK_OFFICE
        for holder in holders
        for answer in holder.values()
    )
