"""The door through which every record leaves: what protection withholds, does not.

Source of the rules: the protection rules of the project, DV-1 to DV-4, DV-8 and DV-8b.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from gateway.protection.service import Protection, ProtectionStatus
from standard_models.answers import Absence, AbsenceReason, Answer

_WITHHELD: Final[Mapping[ProtectionStatus, Absence]] = {
    ProtectionStatus.PROTECTED: Absence(AbsenceReason.ASK_OFFICE),
    ProtectionStatus.UNKNOWN: Absence(AbsenceReason.UNAVAILABLE),
}


def withhold(
    answers: Mapping[str, Answer], address_class: frozenset[str], status: ProtectionStatus
) -> dict[str, Answer]:
    """Return ``answers`` with every address-class item withheld unless the person is clear.

    ``address_class`` are the romaji fields of the group from which a place of living follows.
    An item is replaced whether or not the source had a value, and without its quality codes,
    so that neither the value nor its absence can be told.
    """
    withheld = _WITHHELD.get(status)
    if withheld is None:
        return dict(answers)
    return {
        field: withheld if field in address_class else answer for field, answer in answers.items()
    }


def of_all(statuses: Collection[ProtectionStatus]) -> ProtectionStatus:
    """Return what counts for an address that several people share. Rules DV-3, DV-9."""
    for status in (ProtectionStatus.UNKNOWN, ProtectionStatus.PROTECTED):
        if status in statuses:
            return status
    return ProtectionStatus.CLEAR


def beside(subject: Protection, other: Protection) -> ProtectionStatus:
    """Return as what somebody is withheld in what is said of another; clear if they may be named.

    Nobody is named across a measure, unless the one of the two who is protected is opened: who
    lives with a protected person leads to where both live. Rules DV-1, DV-9.
    """
    if ProtectionStatus.UNKNOWN in {subject.status, other.status}:
        return ProtectionStatus.UNKNOWN
    protected = subject if subject.status is ProtectionStatus.PROTECTED else other
    if subject.status is other.status or protected.opened:
        return ProtectionStatus.CLEAR
    return ProtectionStatus.PROTECTED
