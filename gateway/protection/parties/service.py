"""Who is kept from acting for a protected person. Rule DV-12.

An offender who is a parent or guardian inherits no access. While a measure protects somebody,
whoever it names may not act for them; where it is not known whom it names, nobody may. While
nobody's status is known, nobody may act for anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.protection.parties.store import Named, PartiesStore
from gateway.protection.service import ProtectionService, ProtectionStatus


class Person(Protocol):
    """Somebody whom the gateway knows."""

    @property
    def subject_id(self) -> str:
        """The internal id."""

    @property
    def numbers(self) -> Mapping[str, tuple[str, ...]]:
        """The person's numbers by numbering."""


class OtherParties:
    """Says for whom somebody may not act."""

    def __init__(self, store: PartiesStore, protection: ProtectionService) -> None:
        self._store = store
        self._protection = protection

    async def barred(
        self, municipality: str, representative: Person, people: Sequence[Person]
    ) -> frozenset[str]:
        """Return the subject ids of those of ``people`` whom ``representative`` may not act for.

        As many lookups are made for nobody as for many, so that the time tells nothing (DV-8).
        """
        owners = {pair: person for person in people for pair in _pairs(person)}
        # The age of the copies first: what is read behind it is at least as new.
        status = await self._protection.status(municipality, _by_numbering(owners))
        measures = await self._store.named(municipality, owners)
        if status is ProtectionStatus.UNKNOWN:
            return frozenset(person.subject_id for person in people)
        return frozenset(
            owners[one.numbering, one.number].subject_id
            for one in measures
            if names(one, representative)
        )

    async def is_named(self, municipality: str, representative: Person) -> bool:
        """Tell whether any measure names ``representative``, whomever it protects.

        A child who is not flagged may live with a parent who is: to act for the child by law
        would lead to both. Looked up for everybody who acts, so that the time tells nothing.
        """
        pairs = _pairs(representative)
        return await self._store.naming(municipality, representative.subject_id, pairs)


def names(measure: Named, person: Person) -> bool:
    """Tell whether a measure names somebody, or may do so.

    A measure of a system names by number: whoever has none there cannot be told apart.
    """
    if not measure.other_parties:
        return True
    if measure.by_officer:
        return person.subject_id in measure.other_parties
    own = person.numbers.get(measure.numbering, ())
    return not own or not set(own).isdisjoint(measure.other_parties)


def _pairs(person: Person) -> list[tuple[str, str]]:
    return [(numbering, number) for numbering, all_ in person.numbers.items() for number in all_]


def _by_numbering(pairs: Mapping[tuple[str, str], Person]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for numbering, number in pairs:
        found.setdefault(numbering, []).append(number)
    return found
