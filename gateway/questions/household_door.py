"""What protection lets out of a household, and what of each person on its list leaves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.protection import Protection, ProtectionStatus, beside, of_all
from gateway.questions.members import Touched, not_shown
from gateway.questions.parts import NotShown, Part
from gateway.questions.rooms import outcome_of


@dataclass(frozen=True, slots=True)
class Door:
    """What protection lets out of a household, looked up for everybody on its list.

    ``known`` stand in the order of the members. Whoever is on the list is looked up, whether they
    are shown or not: one protected person withholds the address of all (DV-9).
    """

    known: Sequence[Protection]

    @property
    def status(self) -> ProtectionStatus:
        """Return the status that counts for the address of everybody."""
        return of_all([one.status for one in self.known])

    @property
    def items(self) -> frozenset[str]:
        """Return the items that are opened although a measure protects: for all of them."""
        if self.status is not ProtectionStatus.PROTECTED:
            return frozenset()
        opened = [one.opened for one in self.known if one.status is ProtectionStatus.PROTECTED]
        return frozenset.intersection(*opened)

    def reasons(self, touched: Sequence[Touched]) -> list[NotShown | None]:
        """Return why nothing is said of each, None for those who may be shown.

        Where the subject is protected, whoever is protected with them is shown.
        """
        sides = list(zip(touched, self.known, strict=True))
        own = next(
            (known for member, known in sides if member.is_subject),
            Protection(ProtectionStatus.CLEAR, frozenset()),
        )
        return [not_shown(member, beside(own, known)) for member, known in sides]


@dataclass(frozen=True, slots=True)
class Leaving:
    """One person of the list, and what leaves of them; ``reason`` why nothing does."""

    member: Touched
    reason: NotShown | None = None
    parts: tuple[Part, ...] = ()
    revealed: tuple[str, ...] = ()
    shown: bool = False

    @property
    def outcome(self) -> str:
        """Return how it ended for this person, for their audit record."""
        if self.shown:
            return outcome_of(self.parts)
        if self.member.subject is None:
            return "not-identified"
        if not self.member.belongs:
            return self.member.standing.value
        return "not-shown" if self.reason else "filtered"
