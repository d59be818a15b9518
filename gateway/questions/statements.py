"""What the person stated, as parts of an answer. A register goes first, unless the plan says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gateway.problems import FieldError, Problem
from gateway.questions.parts import Part, PartStatus
from gateway.questions.plan import Plan, PlannedPart
from gateway.submissions import StatedPart
from standard_models.dictionary import Group


class StatedSource(Protocol):
    """Where what persons stated is kept."""

    async def find(
        self,
        municipality: str,
        subject_id: str,
        purpose: str,
        wanted: Sequence[tuple[Group, Sequence[str]]],
    ) -> Mapping[str, StatedPart]:
        """Return what was stated of the wanted fields, by group; a group may be missing."""
        ...


class NothingStated:
    """A source that keeps nothing."""

    async def find(
        self,
        municipality: str,  # noqa: ARG002 - of the protocol
        subject_id: str,  # noqa: ARG002
        purpose: str,  # noqa: ARG002
        wanted: Sequence[tuple[Group, Sequence[str]]],  # noqa: ARG002
    ) -> Mapping[str, StatedPart]:
        """Return nothing."""
        return {}


def check_preferred(preferred: Sequence[str], plan: Plan) -> None:
    """Do nothing if every group in which a statement goes first is one that is asked.

    Raises:
        Problem: ``invalid-body``, pointing at each that is not.
    """
    asked = {part.group.ref for part in plan.parts}
    wrong = [
        FieldError(
            f"/prefer_stated/{position}",
            "照会する項目のないグループです。",
            "No item of this group is asked for.",
        )
        for position, ref in enumerate(preferred)
        if ref not in asked
    ]
    if wrong:
        raise Problem("invalid-body", errors=wrong)


class Statements:
    """What one person stated, for one purpose."""

    def __init__(
        self, source: StatedSource, municipality: str, subject_id: str, purpose: str
    ) -> None:
        self._source = source
        self._municipality = municipality
        self._subject_id = subject_id
        self._purpose = purpose

    async def before_systems(
        self, parts: Sequence[PlannedPart], preferred: Sequence[str]
    ) -> list[Part]:
        """Return the parts that the plan wants stated and that were stated."""
        return await self._parts([part for part in parts if part.group.ref in preferred])

    async def instead_of(self, unanswered: Sequence[Part]) -> list[Part]:
        """Return ``unanswered`` with what was stated where no system supplies the group.

        That a system is closed or down changes nothing: it still is the one to ask.
        """
        open_to_it = [p.planned for p in unanswered if p.status is PartStatus.NOT_SUPPLIED]
        stated = {part.planned.group.ref: part for part in await self._parts(open_to_it)}
        return [stated.get(part.planned.group.ref, part) for part in unanswered]

    async def _parts(self, planned: Sequence[PlannedPart]) -> list[Part]:
        if not planned:
            return []
        wanted = [(part.group, part.fields) for part in planned]
        found = await self._source.find(self._municipality, self._subject_id, self._purpose, wanted)
        return [
            Part(part, PartStatus.OK, [stated.record], {}, stated.provenance)
            for part in planned
            if (stated := found.get(part.group.ref)) is not None
        ]
