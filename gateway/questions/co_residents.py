"""Items that name whom somebody lives with: nobody is named across a measure of protection.

A household's list, or the name of its head, says who lives with whom. With the address of one of
them it tells where the others live, and a second question would fetch it. So whoever is protected
is named in nobody's record but that of people who are protected as well, and the other way round:
the same rule as that of households (``household_door``). Rules DV-1, DV-9.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from gateway.households import REGISTER, LivesWith, household_bases
from gateway.protection import Protection, ProtectionStatus, beside, of_all, withhold
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.removed import with_fields
from gateway.questions.rooms import QuestionRooms
from gateway.subjects import Subject
from standard_models.answers import Answer, Method, Value
from standard_models.dictionary import Dictionary

Asker = tuple[str, str]


def with_members(parts: Sequence[PlannedPart], dictionary: Dictionary) -> tuple[PlannedPart, ...]:
    """Return ``parts``; where records name others, the others' numbers are read too."""
    planned = tuple(parts)
    for ref, rule in household_bases().lives_with.items():
        asked = next((part for part in planned if part.group.ref == ref), None)
        if asked is not None and rule.member not in asked.fields:
            planned = with_fields(planned, ref, (rule.member,), dictionary)
    return planned


def with_household(parts: Sequence[PlannedPart], dictionary: Dictionary) -> tuple[PlannedPart, ...]:
    """Return ``parts``; where an address is among them, who lives there is read too."""
    basis = household_bases().by_id[REGISTER]
    if any(not part.group.address_class.isdisjoint(part.fields) for part in parts):
        return with_fields(parts, basis.group, (basis.member,), dictionary)
    return tuple(parts)


class CoResidents:
    """Withholds, in records of one person, who lives with them."""

    def __init__(self, rooms: QuestionRooms) -> None:
        self._rooms = rooms

    async def withheld(
        self,
        municipality: str,
        asker: Asker,
        subject: Subject,
        protection: Protection,
        found: Mapping[str, Part],
        *,
        exemptions: bool = True,
        use_openings: bool = True,
    ) -> Mapping[str, Part]:
        """Return ``found`` with nobody named whom the asker may not know to live there.

        ``protection`` is that of ``subject``; ``exemptions``: those of the asker count. Without
        ``use_openings`` nothing that is opened of the others counts.
        """
        rules = household_bases().lives_with
        named = [ref for ref in rules if ref in found and _names_others(found[ref])]
        if not named:
            return found

        async def known(numbers: Mapping[str, tuple[str, ...]]) -> Protection:
            other = await self._rooms.protection.protection(
                municipality, asker, numbers, exemptions=exemptions
            )
            return other if use_openings else other._replace(opened=frozenset())

        made = await asyncio.gather(
            *(
                self._part(municipality, subject, protection, known, found[ref], rules[ref])
                for ref in named
            )
        )
        return {**found, **dict(zip(named, made, strict=True))}

    async def status_at_home(
        self, municipality: str, status: ProtectionStatus, found: Mapping[str, Part]
    ) -> ProtectionStatus:
        """Return ``status`` or, of somebody who is not protected, that of the household.

        For whoever acts in another's place: the address of a child is that of the parent. It is
        unknown where the list cannot be read; without a list there is no household.
        """
        basis = household_bases().by_id[REGISTER]
        part = found.get(basis.group)
        if status is not ProtectionStatus.CLEAR or part is None:
            return status
        if part.status in {PartStatus.NOT_FOUND, PartStatus.NOT_SUPPLIED}:
            return status
        rule = LivesWith(basis.member, None)
        nameless = any(_number(record, rule) is None for record in part.records)
        if part.status is not PartStatus.OK or part.lost_records or nameless:
            return ProtectionStatus.UNKNOWN
        of_each = await self._numbers_of_each(municipality, part, rule)
        service = self._rooms.protection
        return of_all(
            await asyncio.gather(*(service.status(municipality, n) for n in of_each.values()))
        )

    async def _numbers_of_each(
        self, municipality: str, part: Part, rule: LivesWith
    ) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """Return by which numbers everybody is known whom the records name, by theirs."""
        numbering = self._numbering(municipality, part, rule)
        numbers = {number for record in part.records if (number := _number(record, rule))}
        known = await self._rooms.subjects.find_by_numbers(municipality, numbering, numbers)
        return {
            number: known[number].numbers if number in known else {numbering: (number,)}
            for number in sorted(numbers)
        }

    async def _part(
        self,
        municipality: str,
        subject: Subject,
        protection: Protection,
        known: Callable[[Mapping[str, tuple[str, ...]]], Awaitable[Protection]],
        part: Part,
        rule: LivesWith,
    ) -> Part:
        own = {*subject.numbers.get(self._numbering(municipality, part, rule), ())}
        of_each = {
            number: numbers
            for number, numbers in (await self._numbers_of_each(municipality, part, rule)).items()
            if number not in own
        }
        # Of everybody on the list, and all alike: the time that it takes tells nothing (DV-8).
        of_others = await asyncio.gather(*(known(numbers) for numbers in of_each.values()))
        others = {
            number: beside(protection, other)
            for number, other in zip(of_each, of_others, strict=True)
        }
        return replace(part, records=[self._record(r, rule, own, others) for r in part.records])

    def _numbering(self, municipality: str, part: Part, rule: LivesWith) -> str:
        adapter = part.provenance.adapter if part.provenance else ""
        connection = self._rooms.connections.find(municipality, adapter)
        if connection is None:
            return ""
        return connection.manifest.numbering_of(f"{part.planned.group.ref}.{rule.member}")

    @staticmethod
    def _record(
        record: Mapping[str, Answer],
        rule: LivesWith,
        own: set[str],
        others: Mapping[str, ProtectionStatus],
    ) -> dict[str, Answer]:
        number = _number(record, rule)
        if number in own:
            return dict(record)
        # Whoever has no number might be anybody.
        status = others.get(number, ProtectionStatus.PROTECTED) if number else None
        fields = frozenset(record) if rule.fields is None else rule.fields
        return withhold(record, fields, status or ProtectionStatus.PROTECTED)


def _names_others(part: Part) -> bool:
    """Tell whether a part has records of a system; what the person stated, they stated of all."""
    stated = part.provenance is not None and part.provenance.method is Method.STATED
    return part.status is PartStatus.OK and not stated


def _number(record: Mapping[str, Answer], rule: LivesWith) -> str | None:
    said = record.get(rule.member)
    return str(said.value) if isinstance(said, Value) else None
