"""Records of one person, by the reads and row plans of a mapping."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from adapters.contract import FetchRequest, FetchResult, GroupRecords
from adapters.errors import AdapterError, BadAnswer, Foreign, Unsupported, WrongSubject
from adapters.mapped.core import MappedAdapter
from adapters.mapping.conversions import plain_text
from adapters.mapping.row_plan import codes_of_town
from adapters.mapping.rows import ShapeError, read_path
from adapters.mapping.times import as_of


class FetchingAdapter(MappedAdapter):
    """Capability ``fetch``."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Return the records of every group asked for; a read that groups share is made once.

        Raises:
            Unsupported: the mapping does not cover a group.
        """
        unknown = [ref for ref in request.groups if ref not in self.document.groups]
        if unknown:
            raise Unsupported(f"the mapping does not cover {', '.join(unknown)}")
        names = list(dict.fromkeys(self.document.groups[ref].read for ref in request.groups))
        if len(names) == 1:
            return FetchResult(await self._read(names[0], request))
        async with asyncio.TaskGroup() as side_by_side:
            asked = [side_by_side.create_task(self._read(name, request)) for name in names]
        found = {ref: outcome for task in asked for ref, outcome in task.result().items()}
        return FetchResult({ref: found[ref] for ref in request.groups})

    async def _read(
        self, name: str, request: FetchRequest
    ) -> Mapping[str, GroupRecords | AdapterError]:
        """Return what one read says of each group that is made from it.

        Converted before anything else runs: a source that uses a container again for the next
        answer does not change this one.
        """
        answer: Any
        try:
            answer = await self.ask(
                self.document.reads[name], {"number": request.number}, request.deadline
            )
        except AdapterError as error:
            answer = error
        return {
            ref: self._convert(ref, wanted, answer, request.number)
            for ref, wanted in request.groups.items()
            if self.document.groups[ref].read == name
        }

    def _convert(
        self, ref: str, wanted: frozenset[str], answer: Any, number: str
    ) -> GroupRecords | AdapterError:
        if isinstance(answer, AdapterError):
            return answer
        retrieved_at = self.host.clock.now()
        if answer is None:
            return GroupRecords((), None, retrieved_at)
        try:
            converted = self.plans.plan(ref, wanted).convert(answer)
            if not converted.records:
                self._require_own(ref, answer, number)
        except WrongSubject as error:
            return error
        except ShapeError as error:
            return BadAnswer(str(error))
        rule = self.document.reads[self.document.groups[ref].read].as_of
        stated = as_of(rule, answer) if rule else None
        return GroupRecords(converted.records, stated, retrieved_at, converted.lost)

    def _require_own(self, ref: str, answer: Any, number: str) -> None:
        """Do nothing unless an answer without records names somebody else as a whole.

        Records carry the echoed number to the guard. An answer without any carries nothing, and
        somebody else's would say that the person asked for has no records.

        Raises:
            WrongSubject: it does.
        """
        rule = self.document.groups[ref]
        if rule.subject.startswith("/"):
            echoed = plain_text(read_path(answer, rule.subject))
            if echoed != number:
                kind = Foreign.OTHER_NUMBER if echoed else Foreign.NO_NUMBER
                raise WrongSubject("an answer without records echoed another number", kind=kind)
        town = rule.municipality
        if town is None or not town.startswith("/"):
            return
        if plain_text(read_path(answer, town)) not in codes_of_town(self.host.municipality):
            raise WrongSubject(
                "an answer without records is of another town", kind=Foreign.OTHER_MUNICIPALITY
            )
