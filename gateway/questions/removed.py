"""除票: entries of the resident register that were removed are as if they were not there.

They are a resource of its own. Whoever does not ask for them, or may not, gets of a removed person
what they get of somebody who was never on the register. Rules PL-8 and PL-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.access import GrantedItems
from gateway.access.registration import REMOVED_RECORDS
from gateway.households import PersonState
from gateway.problems import Problem
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import PlannedPart
from gateway.questions.relation_schemas import Include
from gateway.questions.schemas import Asked
from standard_models.answers import Value
from standard_models.dictionary import Dictionary


def require_removed(asked: Asked, granted: GrantedItems) -> None:
    """Do nothing unless removed entries are asked for without the right to them.

    Raises:
        Problem: ``right-not-granted``.
    """
    if Include.REMOVED in asked.include and REMOVED_RECORDS not in granted.items:
        granted.require_login([REMOVED_RECORDS])
        raise Problem("right-not-granted")


def with_state(
    parts: Sequence[PlannedPart], person: PersonState, dictionary: Dictionary
) -> tuple[PlannedPart, ...]:
    """Return ``parts``; where one is of the resident register, the person's state is read too."""
    if not any(part.group.business_id == person.business for part in parts):
        return tuple(parts)
    return with_fields(parts, person.group, (person.state,), dictionary)


def with_fields(
    parts: Sequence[PlannedPart], ref: str, fields: Sequence[str], dictionary: Dictionary
) -> tuple[PlannedPart, ...]:
    """Return ``parts`` with ``fields`` of the group ``ref`` among them; none stands twice."""
    group = dictionary.find_group(ref)
    if group is None:
        return tuple(parts)
    known = next((part for part in parts if part.group.ref == ref), PlannedPart(group, ()))
    whole = PlannedPart(group, tuple(dict.fromkeys((*known.fields, *fields))))
    return (*(part for part in parts if part is not known), whole)


def is_removed(found: Mapping[str, Part], person: PersonState) -> bool:
    """Tell whether the register says that the person's entry was removed."""
    part = found.get(person.group)
    return part is not None and any(
        isinstance(said := record.get(person.state), Value) and str(said.value) in person.removed
        for record in part.records
    )


def without_register(found: Mapping[str, Part], person: PersonState) -> dict[str, Part]:
    """Return ``found`` as it is of somebody who was never on the resident register."""
    return {
        ref: Part.without_records(part.planned, PartStatus.NOT_FOUND)
        if part.planned.group.business_id == person.business
        else part
        for ref, part in found.items()
    }
